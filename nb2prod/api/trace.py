"""`nb2prod trace`: a notebook is run once under the tracer, and what each cell did is kept beside it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from nb2prod.analysis.build import build
from nb2prod.analysis.knowledge import Knowledge, knowledge_for
from nb2prod.errors import TraceNotReadable
from nb2prod.model.notebook import Notebook
from nb2prod.model.trace import Trace, code_digest
from nb2prod.notebooks.read import read_notebook
from nb2prod.runtime.files import write_bytes
from nb2prod.runtime.results.watch import fingerprint
from nb2prod.verify.traced import trace_notebook

__all__ = ["find_trace", "make_trace", "stored_trace", "trace_file"]


def trace_file(path: Path) -> Path:
    """`churn.trace.json` beside `churn.ipynb`."""
    return path.with_name(f"{path.name.split('.')[0]}.trace.json")


def make_trace(
    path: Path,
    *,
    leave_out: Iterable[Path] = (),
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Trace:
    """Run the notebook in a copy of its folder and write the trace beside it.

    `timeout` is in seconds for each cell. Raises NotebookFailed (and then writes nothing), NotebookNotReadable.
    """
    notebook = read_notebook(path)
    trace = trace_notebook(
        notebook,
        path.resolve().parent,
        steps=_steps(notebook, knowledge_for(path)),
        leave_out=leave_out,
        timeout=timeout,
        progress=progress or (lambda _: None),
    )
    write_bytes(trace_file(path), trace.to_json().encode())
    return trace


def find_trace(path: Path) -> tuple[Trace | None, str]:
    """The trace beside the notebook if it still holds, and a sentence for the user when it does not."""
    if not trace_file(path).is_file():
        return None, f"types, sizes and times come from a traced run: nb2prod convert {path} --trace"
    again = f"run it again with: nb2prod convert {path} --trace"
    try:
        trace = _read(path)
    except TraceNotReadable as error:
        return None, str(error)
    if trace.code != code_digest(read_notebook(path)):
        return None, f"{trace_file(path)} is of other cells than the notebook has now, and is not used; {again}"
    folder = path.resolve().parent
    changed = [name for name, what in trace.files().items() if fingerprint(str(folder / name)) != what]
    if changed:
        return None, f"{trace_file(path)} is of other data ({changed[0]} has changed), and is not used; {again}"
    return trace, ""


def stored_trace(path: Path) -> Trace | None:
    """The trace that a project keeps beside its notebook. Raises TraceNotReadable."""
    return _read(path) if trace_file(path).is_file() else None


def _read(path: Path) -> Trace:
    file = trace_file(path)
    return Trace.from_json(file.read_text(encoding="utf-8"), str(file))


def _steps(notebook: Notebook, known: Knowledge) -> dict[str, dict[str, object]]:
    """What verification will look at; nothing for a notebook that is refused."""
    built = build(notebook, known=known)
    steps = built.pipeline.steps if built.pipeline else ()
    return {step.name: {"cells": list(step.cells), "touched": dict(step.touched)} for step in steps}
