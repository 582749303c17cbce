"""`nb2prod convert`: a notebook becomes a project, or is refused with nothing written."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2prod.analysis.build import build
from nb2prod.errors import ConversionRefused, FolderNotOurs, InvalidOption, Nb2ProdError
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.project import Project
from nb2prod.notebooks.read import parse_notebook, read_notebook
from nb2prod.targets.package import PLUGIN
from nb2prod.targets.write import FINGERPRINTS, LOCK, check_folder, digest, write_project
from nb2prod.verify.notebook import NotebookFailed
from nb2prod.verify.run import run_notebook_side

__all__ = ["Conversion", "convert", "render_text"]


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """`conflicts` are the files where the user's edits and the new text met; `notices` are for a person to read."""

    folder: Path
    findings: tuple[Finding, ...]
    conflicts: tuple[str, ...] = ()
    recorded: bool = False
    notices: tuple[str, ...] = ()


def convert(
    path: Path,
    output: Path | None = None,
    *,
    record: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Conversion:
    """Write the project of a notebook to `output`, or to `out/NAME`.

    `record` runs the notebook once and keeps fingerprints of its values for the project's own test; a notebook that
    fails is converted without them. Raises ConversionRefused, FolderNotOurs.
    """
    folder = output or Path("out") / path.name.split(".")[0]
    workdir = os.path.relpath(path.resolve().parent, folder.resolve())
    project, findings = _render(path, workdir, path.name)
    check_folder(folder)
    told = progress or (lambda _: None)
    recorded, notice = _record(path, folder, project, told) if record else ("", "")
    if recorded:
        project, _ = _render(path, workdir, path.name, recorded)
    conflicts = write_project(project, folder, _base(folder, workdir))
    notices = (notice,) if notice else ()
    return Conversion(folder=folder, findings=findings, conflicts=conflicts, recorded=bool(recorded), notices=notices)


def render_text(path: Path, text: str, workdir: str) -> Project:
    """The project of a notebook that is not a file yet. Raises ConversionRefused, NotebookNotReadable."""
    return _project_of(parse_notebook(path, text), workdir)[0]


def _render(path: Path, workdir: str, name: str, recorded: str = "") -> tuple[Project, tuple[Finding, ...]]:
    return _project_of(replace(read_notebook(path), name=name), workdir, recorded, _modules_beside(path.parent))


def _modules_beside(folder: Path) -> frozenset[str]:
    """Modules that the notebook can import because they stand in its folder."""
    packages = {init.parent.name for init in folder.glob("*/__init__.py")}
    return frozenset(packages | {module.stem for module in folder.glob("*.py")})


def _project_of(
    notebook: Notebook, workdir: str, recorded: str = "", local: frozenset[str] = frozenset()
) -> tuple[Project, tuple[Finding, ...]]:
    built = build(notebook, local=local)
    if built.pipeline is None:
        raise ConversionRefused(notebook.name, [f for f in built.findings if f.severity is Severity.ERROR])
    target = replace(PLUGIN, workdir=workdir.replace(os.sep, "/"), recorded=recorded)
    return target.render(built.pipeline, notebook), built.findings


def _record(path: Path, folder: Path, project: Project, progress: Callable[[str], None]) -> tuple[str, str]:
    """The text of `tests/fingerprints.json`, or "" and the reason why there is none."""
    steps = json.loads(project.files[LOCK])["steps"]
    try:
        values = run_notebook_side(read_notebook(path), steps, path.resolve().parent, [folder], None, progress)
    except NotebookFailed as error:
        return "", f"converted without fingerprints, since {error}"
    except InvalidOption as error:
        return "", f"converted without fingerprints: {error}"
    return json.dumps({"format": 1, "steps": values}, indent=1, sort_keys=True) + "\n", ""


def _base(folder: Path, workdir: str) -> Project | None:
    """The project as it was generated last time: those of its files that the lock's hashes prove."""
    if not (folder / LOCK).is_file():
        return None
    lock = _read_lock(folder)
    files: dict[str, str] = lock["files"]
    texts = {path: (folder / path).read_bytes().decode() for path in files if (folder / path).is_file()}
    if any(digest(texts.get(path, "")) != known for path, known in files.items()):
        texts = {**_rendered_again(folder, lock, workdir, texts.get(FINGERPRINTS, "")), **_unedited(texts, files)}
    return Project(name=folder.name, files=_unedited(texts, files))


def _read_lock(folder: Path) -> dict[str, Any]:
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    except ValueError as error:
        raise FolderNotOurs(folder, f"its {LOCK} is not JSON; restore it, or choose another folder") from error
    if not isinstance(lock, dict) or not {"files", "notebook"} <= lock.keys():
        raise FolderNotOurs(folder, f"its {LOCK} is not one of ours; restore it, or choose another folder")
    return lock


def _unedited(texts: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in texts.items() if digest(text) == files.get(path)}


def _rendered_again(folder: Path, lock: dict[str, Any], workdir: str, recorded: str) -> Mapping[str, str]:
    """The files that the stored notebook gives; none when it is gone or refused by now."""
    try:
        project, _ = _render(folder / lock["notebook"]["path"], workdir, lock["notebook"]["name"], recorded)
    except Nb2ProdError:
        return {}
    return project.files
