"""A project that was generated, as verification and runs need to know it."""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2prod.errors import NotAProject

__all__ = ["GeneratedProject", "open_project"]

LOCK = "nb2prod.lock.json"


@dataclass(frozen=True, kw_only=True)
class GeneratedProject:
    """`workdir` is where the code's relative paths start; `lock` is nb2prod.lock.json as it stands."""

    folder: Path
    package: str
    notebook: Path
    workdir: Path
    lock: dict[str, Any]

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        steps: dict[str, dict[str, Any]] = self.lock["steps"]
        return steps


def open_project(folder: Path) -> GeneratedProject:
    """The project in a folder. Raises NotAProject, which says what is missing."""
    if not folder.is_dir():
        raise NotAProject(folder, "there is no such folder")
    lock = _read_lock(folder)
    settings = _read_settings(folder)
    package = str(lock["package"])
    if not (folder / "src" / package / "pipeline.py").is_file():
        raise NotAProject(folder, f"src/{package}/pipeline.py is missing")
    workdir = Path(os.path.normpath(folder / str(settings.get("workdir", "."))))
    notebook = folder / str(lock["notebook"]["path"])
    return GeneratedProject(folder=folder, package=package, notebook=notebook, workdir=workdir, lock=lock)


def _read_lock(folder: Path) -> dict[str, Any]:
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotAProject(folder, f"it has no {LOCK}; make one with `nb2prod convert NOTEBOOK -o DIR`") from error
    except ValueError as error:
        raise NotAProject(folder, f"its {LOCK} is not JSON; convert the notebook again") from error
    if not isinstance(lock, dict) or not {"package", "notebook", "steps"} <= lock.keys():
        raise NotAProject(folder, f"its {LOCK} is not one of ours; convert the notebook again")
    return lock


def _read_settings(folder: Path) -> dict[str, Any]:
    path = folder / "pipeline.toml"
    try:
        settings: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get("pipeline", {})
    except FileNotFoundError as error:
        raise NotAProject(folder, "it has no pipeline.toml") from error
    except tomllib.TOMLDecodeError as error:
        raise NotAProject(folder, f"its pipeline.toml is not TOML: {error}") from error
    return settings
