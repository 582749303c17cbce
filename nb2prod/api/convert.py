"""`nb2prod convert`: a notebook becomes a project, or is refused with nothing written."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2prod.analysis.build import build
from nb2prod.analysis.knowledge import KNOWN, Knowledge, knowledge_for
from nb2prod.analysis.magics import forget
from nb2prod.api.trace import find_trace, make_trace, stored_trace
from nb2prod.errors import ConversionRefused, FolderNotOurs, InvalidOption, Nb2ProdError
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.project import Project
from nb2prod.model.trace import Trace
from nb2prod.notebooks.read import parse_notebook, read_notebook
from nb2prod.notebooks.session import NotebookFailed
from nb2prod.targets.package import PLUGIN
from nb2prod.targets.write import FINGERPRINTS, LOCK, check_folder, digest, write_project
from nb2prod.verify.run import run_notebook_side
from nb2prod.verify.traced import recorded_in

__all__ = ["Conversion", "convert", "modules_beside", "render_text"]


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
    trace: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Conversion:
    """Write the project of a notebook to `output`, or to `out/NAME`.

    `record` runs the notebook once and keeps fingerprints of its values for the project's own test; a notebook that
    fails is converted without them. `trace` runs it under the tracer, keeps the trace beside the notebook, and uses
    it; without, a trace that is there and still true of the notebook is used. Raises ConversionRefused, FolderNotOurs,
    and with `trace` NotebookFailed.
    """
    folder = output or Path("out") / path.name.split(".")[0]
    workdir = os.path.relpath(path.resolve().parent, folder.resolve())
    told = progress or (lambda _: None)
    source, about = _Source(path=path, workdir=workdir, name=path.name, known=knowledge_for(path)), ""
    if not trace:
        seen, about = find_trace(path)
        source = replace(source, trace=seen)
    project, findings = source.render()
    check_folder(folder)
    if trace:
        source = replace(source, trace=make_trace(path, leave_out=[folder], progress=told))
        project, findings = source.render()
    recorded, notice = _record(source, folder, project, told) if record else ("", "")
    if recorded:
        project, _ = source.render(recorded)
    conflicts = write_project(project, folder, _base(folder, source))
    notices = tuple(line for line in (about, notice) if line)
    return Conversion(folder=folder, findings=findings, conflicts=conflicts, recorded=bool(recorded), notices=notices)


def render_text(path: Path, text: str, workdir: str) -> Project:
    """The project of a notebook that is not a file yet. Raises ConversionRefused, NotebookNotReadable."""
    return _project_of(parse_notebook(path, text), workdir, known=knowledge_for(path))[0]


@dataclass(frozen=True, kw_only=True)
class _Source:
    path: Path
    workdir: str
    name: str
    trace: Trace | None = None
    known: Knowledge = KNOWN

    def render(self, recorded: str = "") -> tuple[Project, tuple[Finding, ...]]:
        notebook = replace(read_notebook(self.path), name=self.name)
        local = modules_beside(self.path.parent)
        return _project_of(notebook, self.workdir, recorded, local, self.trace, self.known)


def modules_beside(folder: Path) -> frozenset[str]:
    """Modules that the notebook can import because they stand in its folder."""
    packages = {init.parent.name for init in folder.glob("*/__init__.py")}
    return frozenset(packages | {module.stem for module in folder.glob("*.py")})


def _project_of(
    notebook: Notebook,
    workdir: str,
    recorded: str = "",
    local: frozenset[str] = frozenset(),
    trace: Trace | None = None,
    known: Knowledge = KNOWN,
) -> tuple[Project, tuple[Finding, ...]]:
    forget()  # what is generated is never made of what an earlier analysis has left
    built = build(notebook, local=local, trace=trace, known=known)
    if built.pipeline is None:
        raise ConversionRefused(notebook.name, [f for f in built.findings if f.severity is Severity.ERROR])
    kept = trace.without_prints().to_json() if trace else ""
    target = replace(PLUGIN, workdir=workdir.replace(os.sep, "/"), recorded=recorded, trace=kept)
    return target.render(built.pipeline, notebook), built.findings


def _record(source: _Source, folder: Path, project: Project, progress: Callable[[str], None]) -> tuple[str, str]:
    """The text of `tests/fingerprints.json`, or "" and the reason why there is none."""
    steps = json.loads(project.files[LOCK])["steps"]
    path = source.path
    values = recorded_in(source.trace, steps) if source.trace else None
    try:
        values = values or run_notebook_side(
            read_notebook(path), steps, path.resolve().parent, [folder], None, progress
        )
    except NotebookFailed as error:
        return "", f"converted without fingerprints, since {error}"
    except InvalidOption as error:
        return "", f"converted without fingerprints: {error}"
    return json.dumps({"format": 1, "steps": values}, indent=1, sort_keys=True) + "\n", ""


def _base(folder: Path, source: _Source) -> Project | None:
    """The project as it was generated last time: those of its files that the lock's hashes prove."""
    if not (folder / LOCK).is_file():
        return None
    lock = _read_lock(folder)
    files: dict[str, str] = lock["files"]
    texts = {path: (folder / path).read_bytes().decode() for path in files if (folder / path).is_file()}
    if any(digest(texts.get(path, "")) != known for path, known in files.items()):
        texts = {**_rendered_again(folder, lock, source, texts.get(FINGERPRINTS, "")), **_unedited(texts, files)}
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


def _rendered_again(folder: Path, lock: dict[str, Any], source: _Source, recorded: str) -> Mapping[str, str]:
    """The files that the stored notebook gives; none when it is gone or refused by now."""
    path = folder / lock["notebook"]["path"]
    try:
        seen = stored_trace(path)
        stored = replace(source, path=path, name=lock["notebook"]["name"], trace=seen)
        project, _ = stored.render(recorded)
    except Nb2ProdError:
        return {}
    return project.files
