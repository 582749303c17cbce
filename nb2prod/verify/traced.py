"""The traced run: the notebook once in a kernel that tells what each cell did."""

import asyncio
import json
import platform
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import nb2prod
from nb2prod.analysis.magics import lower
from nb2prod.model.notebook import Notebook
from nb2prod.model.trace import Trace, cell_from, code_digest
from nb2prod.notebooks.session import Session, production_cells
from nb2prod.runtime.proof.capture import ENVIRONMENT
from nb2prod.runtime.proof.fingerprint import COPY
from nb2prod.verify.notebook import Values, looks
from nb2prod.verify.workdir import copied

__all__ = ["recorded_in", "trace_notebook"]

_TRACER = "nb2prod.runtime.proof.tracer"


def trace_notebook(
    notebook: Notebook,
    workdir: Path,
    *,
    steps: Mapping[str, Mapping[str, Any]] | None = None,
    leave_out: Iterable[Path] = (),
    timeout: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Trace:
    """Run the production cells in a copy of `workdir`. Raises NotebookFailed, InvalidOption.

    `steps` are those of a lock: what verification looks at is then kept in the trace. `timeout` is in seconds for each
    cell.
    """
    wanted: defaultdict[int, set[str]] = defaultdict(set)
    for _, name, cell in looks(steps or {}):
        wanted[cell].add(name)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(workdir, Path(folder) / COPY, leave_out, notebook)
        request, answers = Path(folder) / "request.json", Path(folder) / "answers"
        answers.mkdir()
        cells = [
            {"cell": cell.number, "text": lower(cell).text, "prints": sorted(wanted[cell.number])}
            for cell in production_cells(notebook)
        ]
        request.write_text(json.dumps({"answers": str(answers), "cells": cells}), encoding="utf-8")
        told = lambda line: progress(f"tracing the notebook: {line}")  # noqa: E731
        asyncio.run(_run(notebook, copy, request, timeout, told))
        entries = [json.loads((answers / f"{cell['cell']}.json").read_text(encoding="utf-8")) for cell in cells]
    return Trace(
        code=code_digest(notebook), python=platform.python_version(), cells=tuple(cell_from(entry) for entry in entries)
    )


def recorded_in(trace: Trace, steps: Mapping[str, Mapping[str, Any]]) -> Values | None:
    """What verification looks at, when the trace kept all of it."""
    values: Values = {step: {} for step in steps}
    for step, name, cell in looks(steps):
        seen = trace.of(cell)
        if seen is None or name not in seen.prints:
            return None
        if seen.prints[name] is not None:
            values[step][name] = seen.prints[name]
    return values


async def _run(
    notebook: Notebook, copy: Path, request: Path, timeout: float | None, progress: Callable[[str], None]
) -> None:
    async with Session.opened(notebook, copy, timeout, {"PYTHONHASHSEED": ENVIRONMENT["PYTHONHASHSEED"]}) as session:
        await session.tell(_begin(request), 0)
        await session.run(_nothing, progress)


async def _nothing(_number: int) -> None:
    """The tracer listens by itself."""


def _begin(request: Path) -> str:
    """Our package comes from where it is, whatever the notebook's folder or environment calls nb2prod."""
    root = str(Path(nb2prod.__file__).parents[1])
    return "\n".join(
        [
            f"__import__('sys').path.insert(0, {root!r})",
            "try:",
            f"    __import__({_TRACER!r}, fromlist=['start']).start(get_ipython(), {str(request)!r})",
            "finally:",
            "    del __import__('sys').path[0]",
        ]
    )
