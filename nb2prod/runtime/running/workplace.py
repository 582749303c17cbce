"""Where a package is run, and what its results are looked up and kept by."""

import importlib
import importlib.util
import os
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any  # the package's modules

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.failures.failure import place_of, reason_of
from nb2prod.runtime.project import Settings
from nb2prod.runtime.results.artifacts import open_artifacts
from nb2prod.runtime.results.cache import StepCache
from nb2prod.runtime.results.keys import Code, environment
from nb2prod.runtime.telling.standin import stand_in

__all__ = ["artifacts_of", "cache_of", "code_of", "enter", "import_module", "root_of"]

_BACKEND = "module://nb2prod.runtime.figures"


def enter(settings: Settings) -> None:
    """Be where the notebook was: its folder, and its modules within reach; figures go to the run.

    Raises ProjectError."""
    try:
        os.chdir(settings.workdir)
    except OSError as error:
        raise ProjectError(
            f"cannot work in {settings.workdir} ({error.strerror}): set workdir in {settings.root / 'pipeline.toml'}"
        ) from error
    if str(settings.workdir) not in sys.path:
        sys.path.insert(1, str(settings.workdir))
    if "matplotlib" not in sys.modules:
        os.environ.setdefault("MPLBACKEND", _BACKEND)
    stand_in()


def import_module(name: str, settings: Settings) -> Any:
    """Raises ProjectError, which says where its import failed."""
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        place = place_of(error, settings)
        hint = "; install what requirements.lock lists" if isinstance(error, ModuleNotFoundError) else ""
        raise ProjectError(f"cannot import {name}, in {place}: {reason_of(error)}{hint}") from error


def root_of(package: str) -> Path:
    """The project that a package which can be imported is of: the folder that holds its `src`. Raises ProjectError."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        raise ProjectError(f"there is no package '{package}' to run; install it, or name its project's folder")
    return Path(spec.origin).resolve().parents[2]


def artifacts_of(settings: Settings, runs: Path) -> str:
    """Where results are kept: a path seen from the project, or a URL."""
    where = settings.artifacts
    if not where:
        return str(runs / "cache")
    return where if "://" in where else str((settings.root / where).resolve())


def cache_of(
    settings: Settings,
    runs: Path,
    pipeline: Any,
    where: str,
    *,
    use: bool,
    run: str = "",
    resumed: str = "",
    needed: bool = False,
) -> StepCache:
    """`pipeline` is the package's module of that name; `where` is that of `artifacts_of`; the rest as StepCache."""
    package = Path(pipeline.__file__).resolve().parent
    ignore = [*_ours(package), str(runs), *([] if "://" in where else [where]), *_matplotlib_folders()]
    return StepCache(
        open_artifacts(where),
        code=code_of(settings.root, package),
        environment=_environment(settings.root),
        hidden=getattr(pipeline, "HIDDEN_STATE", {}),
        ignore=tuple(ignore),
        use=use,
        run=run,
        resumed=resumed,
        needed=needed,
    )


@cache
def code_of(root: Path, package: Path) -> Code:
    """Of a package that has just been imported: one for a process and its forks, for they run what was loaded."""
    return Code(root, [f"{folder}{os.sep}" for folder in _ours(package)], package=package)


@cache
def _environment(root: Path) -> dict[str, str]:
    """As for the code: what is loaded stays what it is."""
    return environment(root)


def _ours(package: Path) -> list[str]:
    installed = {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return [str(Path(__file__).parents[2]), str(package), *sorted(installed)]


def _matplotlib_folders() -> list[str]:
    """Where matplotlib keeps its settings and what it knows of fonts; it writes there whenever it likes."""
    home = Path.home()
    places = [os.environ.get("XDG_CONFIG_HOME", home / ".config"), os.environ.get("XDG_CACHE_HOME", home / ".cache")]
    named = [os.environ["MPLCONFIGDIR"]] if "MPLCONFIGDIR" in os.environ else []
    return [*named, str(home / ".matplotlib"), *(str(Path(place) / "matplotlib") for place in places)]
