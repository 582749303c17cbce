"""`requirements.lock`: everything that must be installed for some requirements, at the versions of an environment."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """`requires` are its requirements as its metadata has them, markers and extras included."""

    name: str
    version: str
    requires: tuple[str, ...] = ()


Lookup = Callable[[str], Distribution | None]


def lock_lines(requirements: Iterable[str], find: Lookup) -> tuple[str, ...]:
    """`name==version` for the requirements and all that they need, sorted; what is missing is said in a comment."""
    found: dict[str, str] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        distribution = find(wanted.name)
        key = canonicalize_name(wanted.name)
        found[key] = _line(wanted.name, distribution)
        new = {(key, extra) for extra in ("", *wanted.extras)} - asked
        asked |= new
        if distribution:
            waiting += [needed for _, extra in sorted(new) for needed in _needed(distribution, extra)]
    return tuple(found[key] for key in sorted(found))


def installed(name: str) -> Distribution | None:
    """The distribution of that name in the running interpreter."""
    return _installed(canonicalize_name(name))


def locked_with_hashes(lines: Iterable[str]) -> str:
    """The same lines with the hashes of their files, by uv. Raises HashesNotFound."""
    command = [
        _uv(),
        "pip",
        "compile",
        "-",
        "--generate-hashes",
        "--no-deps",
        "--quiet",
        "--no-header",
        "--no-annotate",
    ]
    command += ["--no-emit-index-url", "--python", sys.executable]
    lines = tuple(lines)
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = [line.strip() for line in without_addresses(done.stderr).splitlines() if line.strip()]
        raise HashesNotFound(f"uv could not give the hashes: {' '.join(reason[-3:]) or 'no reason given'}")
    return without_addresses(done.stdout) + "".join(f"{line}\n" for line in lines if line.startswith("#"))


def without_addresses(text: str) -> str:
    """No index of packages, which may be a private one, is told to readers of the project."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*(--(extra-)?index-url|--find-links|-[if]) ", line)]
    return "".join(re.sub(r"[a-z+]+://\S+", "the package index", line) + "\n" for line in lines)


class HashesNotFound(Exception):
    """Hashes are not known; the lines without them still hold."""


def _line(name: str, distribution: Distribution | None) -> str:
    if distribution is None:
        return f"# {name}: not installed where the notebook was converted, so its version is not known"
    return f"{canonicalize_name(distribution.name)}=={distribution.version}"


def _needed(distribution: Distribution, extra: str) -> list[Requirement]:
    parsed = [_parsed(text) for text in distribution.requires if extra or "extra ==" not in text]
    return [need for need in parsed if need and (need.marker is None or need.marker.evaluate({"extra": extra}))]


@cache
def _parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:  # old metadata; what it asks for is not known
        return None


@cache
def _installed(name: str) -> Distribution | None:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    head = (found.read_text("METADATA") or "").split("\n\n", 1)[0].splitlines()
    fields = [(key, value) for key, colon, value in (line.partition(": ") for line in head) if colon]
    if not fields:  # an egg, which has no METADATA
        return Distribution(name=name, version=found.version, requires=tuple(found.requires or ()))
    requires = tuple(value for key, value in fields if key == "Requires-Dist")
    return Distribution(name=name, version=dict(fields).get("Version", ""), requires=requires)


def _uv() -> str:
    found = shutil.which("uv") or shutil.which("uv", path=str(sys.prefix) + "/bin")
    if not found:
        raise HashesNotFound("hashes need uv; install it with: pip install 'nb2prod[lock]'")
    return found
