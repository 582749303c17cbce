"""What is done to one notebook, each stage in a process of its own. A stage that dies says nothing."""

import compileall
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fetch import CACHE
from forks import Launcher, Outcome, in_fork
from kernels import begin_waiting
from results import project_key

from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.read import read_notebook
from nb2prod.runtime.proof import fingerprint
from nb2prod.runtime.proof.capture import ENVIRONMENT, answer_of
from nb2prod.runtime.proof.fingerprint import COPY
from nb2prod.verify.notebook import NotebookFailed, Values
from nb2prod.verify.project import GeneratedProject, open_project
from nb2prod.verify.report import Status, Verification, compare_steps
from nb2prod.verify.run import run_notebook_side
from nb2prod.verify.workdir import copied

RECORDED = CACHE / "recorded"
_LOOKS = 4
FRESH = "NB2PROD_CORPUS_FRESH"  # set: each step in an interpreter of its own, as `nb2prod verify --isolated` does


def convert(notebook: Path, tags: str) -> Outcome:
    """Tag, convert without recording, compile. Its detail is the project's key, or a refusal's findings."""
    from tagging import tag_sample

    from nb2prod.api.convert import convert as convert_notebook
    from nb2prod.errors import ConversionRefused

    tag_sample(notebook, tags)
    project = notebook.parent / "project"
    try:
        convert_notebook(notebook, project, record=False)
    except ConversionRefused as refusal:
        return "refused", "\n".join(str(finding) for finding in refusal.findings)[:4000]
    if not compileall.compile_dir(project / "src", quiet=1):
        return "crash", "a generated file does not compile"
    return "converted", project_key(project)


def clean(notebook: Path, tags: str) -> Outcome:
    """Does the notebook run from top to bottom in a plain kernel? With a project, its values are recorded."""
    del tags
    if not (notebook.parent / "project").is_dir():
        return _runs(notebook)
    try:
        recorded(open_project(notebook.parent / "project"))
    except NotebookFailed as error:
        return "fails", str(error)[:300]
    return "clean", ""


def _runs(notebook: Path) -> Outcome:
    import nbclient
    import nbformat

    read = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    client = nbclient.NotebookClient(read, timeout=None, resources={"metadata": {"path": str(notebook.parent)}})
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        return "fails", f"{error.ename}: {error.evalue}"[:300]
    return "clean", ""


def verify(notebook: Path, tags: str) -> Outcome:
    """Compare the project with its notebook; a difference is looked at twice to tell chance from error."""
    del tags
    return _compared(notebook, isolated=False)


def apart(notebook: Path, tags: str) -> Outcome:
    """The same, with each step in a process of its own."""
    del tags
    return _compared(notebook, isolated=True)


def recorded(project: GeneratedProject) -> Values:
    """The notebook's side, from an earlier run of the same notebook where the same names are looked at."""
    steps = {step: [entry["cells"], entry["touched"]] for step, entry in project.steps.items()}
    looks = json.dumps([project.notebook.read_text(encoding="utf-8"), steps])
    source = Path(fingerprint.__file__).read_text(encoding="utf-8")
    kept = RECORDED / f"{hashlib.sha256((looks + source).encode()).hexdigest()[:20]}.json"
    if kept.is_file():
        found: Values = json.loads(kept.read_text(encoding="utf-8"))
        return found
    values = _notebook_side(project)
    RECORDED.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(values), encoding="utf-8")
    return values


def _notebook_side(project: GeneratedProject, *, other_layout: bool = False) -> Values:
    notebook: Notebook = read_notebook(project.notebook)
    silent: Callable[[str], None] = lambda _: None  # noqa: E731
    if not other_layout and FRESH not in os.environ:
        begin_waiting()
    return run_notebook_side(
        notebook, project.steps, project.workdir, [project.folder], None, silent, other_layout=other_layout
    )


def _compared(notebook: Path, *, isolated: bool) -> Outcome:
    project = open_project(notebook.parent / "project")
    theirs = recorded(project)
    ours = _package_side(project, isolated=isolated)
    if "failed" in ours:
        return "fails", f"{ours['failed']}\n{ours.get('traceback', '')}"[-2000:]
    found = _verification(project, ours["steps"], theirs, None)
    for _ in range(_LOOKS):  # the order of a set of objects is by their addresses: one look may see no difference
        if not any(row.status is Status.DIFFERENT for row in found.rows):
            break
        again = _notebook_side(project, other_layout=True)
        found = _verification(project, ours["steps"], theirs, again)
    if any(row.status is Status.DIFFERENT for row in found.rows):
        return "different", found.to_text()[:4000]
    unsteady = [f"{row.step}: {row.name}" for row in found.rows if row.status is Status.NOT_DETERMINISTIC]
    if not unsteady and not found.equal:
        return "nothing", "no value to compare"
    return "equal", f"not deterministic: {', '.join(unsteady)}" if unsteady else ""


def _verification(project: GeneratedProject, ours: Values, theirs: Values, again: Values | None) -> Verification:
    rows = compare_steps(project.steps, ours, theirs, again)
    return Verification(project=project.package, notebook=project.notebook.name, twice=again is not None, rows=rows)


def _package_side(project: GeneratedProject, *, isolated: bool) -> dict[str, Any]:
    """The answer of a capture, in a child of its own."""
    with tempfile.TemporaryDirectory() as folder:
        answer, log = Path(folder) / "answer.json", Path(folder) / "log"
        work = copied(project.workdir, Path(folder) / COPY, [project.folder], read_notebook(project.notebook))
        code = in_fork(lambda: _capture(project, work, answer, isolated=isolated), log, None)
        if answer.is_file():
            told: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
            return told
        return {"failed": f"the package died with {code}: {log.read_text(errors='replace')[-1000:]}"}


def _capture(project: GeneratedProject, work: Path, answer: Path, *, isolated: bool) -> None:
    os.chdir(work)
    os.environ.update(ENVIRONMENT)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (the process ends with it)
    source, lock = project.folder.resolve() / "src", project.folder.resolve() / "nb2prod.lock.json"
    launch = {} if FRESH in os.environ or not isolated else {"launch": Launcher()}
    told = answer_of(project.package, str(source), str(lock), "isolated" if isolated else "", **launch)
    answer.write_text(json.dumps(told), encoding="utf-8")


STAGES: dict[str, Callable[[Path, str], Outcome]] = {
    "clean": clean,
    "convert": convert,
    "verify": verify,
    "apart": apart,
}
