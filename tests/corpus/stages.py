"""What is done to one notebook, each stage in a process of its own: `python stages.py STAGE NOTEBOOK TAGS`.

The last line of output is JSON, {"outcome": ..., "detail": ...}. A stage that dies says nothing: the caller knows.
"""

import compileall
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

Outcome = tuple[str, str]


def clean(notebook: Path, tags: str) -> Outcome:
    """Does the notebook run from top to bottom in a plain kernel?"""
    del tags
    import nbclient
    import nbformat

    read = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    client = nbclient.NotebookClient(read, timeout=None, resources={"metadata": {"path": str(notebook.parent)}})
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        return "fails", f"{error.ename}: {error.evalue}"[:300]
    return "clean", ""


def convert(notebook: Path, tags: str) -> Outcome:
    """Tag, convert without recording, compile. A refusal's findings are its detail."""
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
    return "converted", ""


def verify(notebook: Path, tags: str) -> Outcome:
    """Compare the project with its notebook; a difference is looked at twice to tell chance from error."""
    del tags
    return _compared(notebook, isolated=False)


def apart(notebook: Path, tags: str) -> Outcome:
    """The same, with each step in a process of its own."""
    del tags
    return _compared(notebook, isolated=True)


def _compared(notebook: Path, *, isolated: bool) -> Outcome:
    from nb2prod.api.verify import Status
    from nb2prod.api.verify import verify as verify_project

    found = verify_project(notebook.parent / "project", isolated=isolated)
    if found.failure:
        return "fails", found.failure[:2000]
    if any(row.status is Status.DIFFERENT for row in found.rows):
        found = verify_project(notebook.parent / "project", twice=True, isolated=isolated)
    if any(row.status is Status.DIFFERENT for row in found.rows):
        return "different", found.to_text()[:4000]
    unsteady = [f"{row.step}: {row.name}" for row in found.rows if row.status is Status.NOT_DETERMINISTIC]
    if not unsteady and not found.equal:
        return "nothing", "no value to compare"
    return "equal", f"not deterministic: {', '.join(unsteady)}" if unsteady else ""


STAGES: dict[str, Callable[[Path, str], Outcome]] = {
    "clean": clean,
    "convert": convert,
    "verify": verify,
    "apart": apart,
}


def main(stage: str, notebook: str, tags: str) -> None:
    try:
        outcome, detail = STAGES[stage](Path(notebook), tags)
    except Exception:
        outcome, detail = "crash", traceback.format_exc()[-3000:]
    print(json.dumps({"outcome": outcome, "detail": detail}))


if __name__ == "__main__":
    main(*sys.argv[1:])
