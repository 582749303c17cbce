"""`nb2prod convert`: a notebook becomes a project, or is refused with nothing written."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2prod.analysis.build import build
from nb2prod.errors import ConversionRefused, FolderNotOurs, Nb2ProdError
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.project import Project
from nb2prod.notebooks.read import read_notebook
from nb2prod.targets.package import PLUGIN
from nb2prod.targets.write import LOCK, digest, write_project

__all__ = ["Conversion", "convert"]


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """`conflicts` are the files where the user's edits and the new text met."""

    folder: Path
    findings: tuple[Finding, ...]
    conflicts: tuple[str, ...] = ()


def convert(path: Path, output: Path | None = None) -> Conversion:
    """Write the project of a notebook to `output`, or to `out/NAME`. Raises ConversionRefused."""
    folder = output or Path("out") / path.name.split(".")[0]
    workdir = os.path.relpath(path.resolve().parent, folder.resolve())
    project, findings = _render(path, workdir, path.name)
    conflicts = write_project(project, folder, _base(folder, workdir))
    return Conversion(folder=folder, findings=findings, conflicts=conflicts)


def _render(path: Path, workdir: str, name: str) -> tuple[Project, tuple[Finding, ...]]:
    notebook = replace(read_notebook(path), name=name)
    built = build(notebook)
    if built.pipeline is None:
        raise ConversionRefused(name, [f for f in built.findings if f.severity is Severity.ERROR])
    target = replace(PLUGIN, workdir=workdir.replace(os.sep, "/"))
    return target.render(built.pipeline, notebook), built.findings


def _base(folder: Path, workdir: str) -> Project | None:
    """The project as it was generated last time: those of its files that the lock's hashes prove."""
    if not (folder / LOCK).is_file():
        return None
    lock = _read_lock(folder)
    files: dict[str, str] = lock["files"]
    texts = {path: (folder / path).read_bytes().decode() for path in files if (folder / path).is_file()}
    if any(digest(texts.get(path, "")) != known for path, known in files.items()):
        texts |= _rendered_again(folder, lock, workdir)
    same = {path: text for path, text in texts.items() if digest(text) == files.get(path)}
    return Project(name=folder.name, files=same)


def _read_lock(folder: Path) -> dict[str, Any]:
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    except ValueError as error:
        raise FolderNotOurs(folder, f"its {LOCK} is not JSON; restore it, or choose another folder") from error
    if not isinstance(lock, dict) or not {"files", "notebook"} <= lock.keys():
        raise FolderNotOurs(folder, f"its {LOCK} is not one of ours; restore it, or choose another folder")
    return lock


def _rendered_again(folder: Path, lock: dict[str, Any], workdir: str) -> Mapping[str, str]:
    """The files that the stored notebook gives; none when it is gone or refused by now."""
    try:
        project, _ = _render(folder / lock["notebook"]["path"], workdir, lock["notebook"]["name"])
    except Nb2ProdError:
        return {}
    return project.files
