"""Both sides of the proof, each in a copy of the notebook's folder."""

import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.read import read_notebook
from nb2prod.runtime.proof.fingerprint import COPY
from nb2prod.runtime.recorded import CaptureFailed, capture_package
from nb2prod.verify.notebook import NotebookFailed, Values, capture_notebook
from nb2prod.verify.project import GeneratedProject
from nb2prod.verify.report import Verification, compare_steps
from nb2prod.verify.workdir import copied

__all__ = ["run_notebook_side", "verify_project"]

Progress = Callable[[str], None]


def verify_project(
    project: GeneratedProject,
    workdir: Path,
    *,
    twice: bool,
    timeout: float | None,
    progress: Progress,
    recorded: Values | None = None,
    isolated: bool = False,
) -> Verification:
    """Run both sides and compare. `recorded` is a notebook's side that is known already."""
    notebook = read_notebook(project.notebook)
    name = str(project.lock["notebook"].get("name", notebook.name))
    found = Verification(project=str(project.folder), notebook=name, twice=twice)
    leave_out = [project.folder]
    try:
        theirs = recorded or run_notebook_side(notebook, project.steps, workdir, leave_out, timeout, progress)
        again = (
            run_notebook_side(notebook, project.steps, workdir, leave_out, timeout, progress, other_layout=True)
            if twice
            else None
        )
        progress("running the package, each step in a process of its own" if isolated else "running the package")
        ours = _run_package_side(project, notebook, workdir, timeout, isolated=isolated)
    except NotebookFailed as error:
        return _failed(found, str(error), error.exit_code)
    except CaptureFailed as error:
        return _failed(found, _told(project, error), 3)
    except subprocess.TimeoutExpired:
        return _failed(found, f"the package ran for over {timeout} s", 4)
    rows = compare_steps(project.steps, ours, theirs, again)
    return Verification(project=found.project, notebook=name, twice=twice, rows=rows)


def run_notebook_side(
    notebook: Notebook,
    steps: dict[str, dict[str, object]],
    workdir: Path,
    leave_out: Iterable[Path],
    timeout: float | None,
    progress: Progress,
    *,
    other_layout: bool = False,
) -> Values:
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(workdir, Path(folder) / COPY, leave_out, notebook)
        told = lambda line: progress(f"running the notebook: {line}")  # noqa: E731
        return capture_notebook(notebook, steps, copy, timeout=timeout, progress=told, other_layout=other_layout)


def _run_package_side(
    project: GeneratedProject, notebook: Notebook, workdir: Path, timeout: float | None, *, isolated: bool
) -> Values:
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(workdir, Path(folder) / COPY, [project.folder], notebook)
        return capture_package(project.package, project.folder, copy, timeout, isolated=isolated)


def _failed(found: Verification, reason: str, code: int) -> Verification:
    return Verification(
        project=found.project, notebook=found.notebook, twice=found.twice, failure=reason, failure_code=code
    )


def _told(project: GeneratedProject, error: CaptureFailed) -> str:
    """The failure with its cell and line where the lock knows them."""
    file, line = error.answer.get("file"), error.answer.get("line")
    if not file:
        return f"the package failed: {error}"
    place = Path(file)
    inside = place.relative_to(project.folder.resolve()) if place.is_relative_to(project.folder.resolve()) else place
    known = {row[0]: row[1:] for row in project.lock.get("lines", {}).get(inside.as_posix(), ())}
    cell = f" (cell {known[line][0]}, line {known[line][1]})" if line in known else ""
    return f"the package failed at {inside}:{line}{cell}: {error}"
