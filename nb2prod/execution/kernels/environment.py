"""Which kernels may come from one server: those of one Python, as it is now, with one environment from its start."""

import functools
import hashlib
import json
import os
import site
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2prod.execution.kernels.order import KernelNotStarted

__all__ = ["Environment", "environment_of"]

SERVED = Path(__file__).with_name("_nb2prod_kernel")

# read when a process starts or a library is imported, so no fork can change them
_AT_START = (
    *(
        "PYTHON",
        "LD_",
        "DYLD_",
        "GLIBC_",
        "MALLOC_",
        "LANG",
        "LC_",
        "TZ",
        "HOME",
        "XDG_",
        "IPYTHON",
        "JUPYTER_",
        "TMPDIR",
    ),
    *("OMP_", "MKL_", "OPENBLAS_", "BLIS_", "GOTO_", "NUMEXPR_", "VECLIB_", "KMP_", "PATH", "VIRTUAL_ENV", "CONDA_"),
)
_SITES = """
import json, site, sys
own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
print(json.dumps([sys.version, *site.getsitepackages(), *own]))
"""
_known: dict[tuple[str, ...], list[str]] = {}


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`key` changes whenever a kernel that starts anew could be another one."""

    python: str
    options: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    key: str


def environment_of(python: str, options: Sequence[str], env: Mapping[str, str]) -> Environment:
    """`options` are the interpreter's. Raises KernelNotStarted when that Python cannot be run."""
    python = os.path.abspath(python)  # never resolved: a virtual environment's is a link  # noqa: PTH100
    kept = tuple(sorted((name, value) for name, value in env.items() if name.startswith(_AT_START)))
    parts = [python, _stamp(os.path.realpath(python)), _stamp(str(Path(python).parents[1] / "pyvenv.cfg"))]
    sites = _sites(python, tuple(options), dict(kept), tuple(parts))
    parts += [*options, *(f"{name}={value}" for name, value in kept), *sites, *map(_stamp, sites[1:])]
    # what runs below a keeper ends with it, so nobody else may use a server that is started there
    parts += [_served(), *_confines(), os.environ.get("NB2PROD_KEEPER", "")]
    key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return Environment(python=python, options=tuple(options), env=kept, key=key)


def _sites(python: str, options: tuple[str, ...], env: dict[str, str], stamp: tuple[str, ...]) -> list[str]:
    """The version of a Python and its folders of packages. A Python is asked once, and our own never."""
    told = _telling(env)
    asked = (*stamp, *options, *(f"{name}={value}" for name, value in told.items()))
    if asked not in _known:
        ours = python == os.path.abspath(sys.executable) and told == _telling(os.environ)  # noqa: PTH100 (as above)
        plain = all(option.startswith("-X") for option in options)
        _known[asked] = _our_sites() if ours and plain else _ask(python, options, env)
    return _known[asked]


def _telling(env: Mapping[str, str]) -> dict[str, str]:
    """What tells a Python where its packages are."""
    return {name: value for name, value in sorted(env.items()) if name.startswith(("PYTHON", "HOME"))}


def _our_sites() -> list[str]:
    own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [sys.version, *site.getsitepackages(), *own]


def _ask(python: str, options: tuple[str, ...], env: dict[str, str]) -> list[str]:
    command = [python, *options, "-c", _SITES]
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)
        found: list[str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise KernelNotStarted(python, said[-1] if said else "it cannot be run") from error
    return found


def _stamp(path: str) -> str:
    try:
        found = Path(path).stat()
    except OSError:
        return f"{path} -"
    return f"{path} {found.st_mtime_ns} {found.st_ino}"


@functools.cache
def _served() -> str:
    digest = hashlib.sha256()
    for path in sorted(SERVED.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _confines() -> list[str]:
    """The control group and namespaces: a fork has those of its server."""
    found = []
    for name in ("mnt", "net", "pid", "user"):
        found.append(_link(f"/proc/self/ns/{name}"))
    try:
        found.append(Path("/proc/self/cgroup").read_text(encoding="utf-8"))
    except OSError:
        found.append("")
    return found


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
