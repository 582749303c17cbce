"""One notebook run by papermill, in a process of its own: `python -m nb2prod.execution.notebook_worker ORDER`.

ORDER is a JSON file: the paths `source`, `output`, `answer` and `workdir`, the `parameters` given and the `code` that
sets them ("": none). Lines on stdout tell how far it is, `answer` how it ended.
"""

import json
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from nb2prod.notebooks.kernels import kernel_manager_class
from nb2prod.runtime.files import write_json

__all__ = ["main"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_INJECTED, _MARKER = "injected-parameters", "papermill-error-cell-tag"


def main(order: dict[str, Any]) -> int:
    """Run the order. The exit code is that of a run: 0, 3 a cell failed, 5 the kernel died."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer = _run(order)
    write_json(Path(order["answer"]), answer)
    return int(answer["exit_code"])


def _end_with_parent() -> None:
    """Whoever started this process holds its stdin open; Ctrl-C lets the kernel end too."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGINT)


class _Progress:
    """Says which cell begins, by its number in the source, and remembers it."""

    def __init__(self, numbers: list[int], cells: int) -> None:
        self.numbers, self.cells = numbers, cells
        self.cell = 0

    def on_cell_start(self, cell: Any, cell_index: int) -> None:
        if cell.cell_type == "code" and self.numbers[cell_index]:
            self.cell = self.numbers[cell_index]
            print(f"cell {self.cell} of {self.cells}", flush=True)


def _run(order: dict[str, Any]) -> dict[str, Any]:
    import nbformat
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    source = nbformat.read(order["source"], as_version=4)  # type: ignore[no-untyped-call]
    document, numbers = _prepared(source, order)
    progress = _Progress(numbers, len(source.cells))
    try:
        execute_notebook(
            document,
            order["output"],
            cwd=order["workdir"],
            kernel_name="python3",
            progress_bar=False,
            kernel_manager_class=kernel_manager_class(),
            on_cell_start=progress.on_cell_start,
            store_widget_state=False,
        )
    except PapermillExecutionError as error:
        return {
            "status": "failed",
            "exit_code": 3,
            "cell": numbers[error.cell_index],
            "line": _line_of(error),
            "error": f"{error.ename}: {_first_line(error.evalue)}",
            "traceback": [_ANSI.sub("", line) for line in error.traceback],
        }
    except DeadKernelError as error:
        words = str(error) or "the kernel died"
        return {"status": "died", "exit_code": 5, "cell": progress.cell, "line": 0, "error": words}
    return {"status": "completed", "exit_code": 0}


def _prepared(source: Any, order: dict[str, Any]) -> tuple[Any, list[int]]:
    """The notebook as it is to run, and the number of each of its cells in the source: 0 for the given parameters.

    They stand behind the last cell tagged `parameters`, in the place of those of an earlier run.
    """
    import nbformat

    dropped = {_MARKER, _INJECTED} if order["code"] else {_MARKER}
    kept = [(n, cell) for n, cell in enumerate(source.cells, 1) if not dropped & _tags(cell)]
    if order["code"]:
        added = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
            source=f"# Parameters\n{order['code'].rstrip()}", metadata={"tags": [_INJECTED]}
        )
        tagged = [place for place, (_, cell) in enumerate(kept, 1) if "parameters" in _tags(cell)]
        kept.insert(tagged[-1] if tagged else 0, (0, added))
    document = nbformat.from_dict({**source, "cells": [cell for _, cell in kept]})  # type: ignore[no-untyped-call]
    document.metadata["papermill"] = {"default_parameters": {}, "parameters": order["parameters"]}
    return document, [number for number, _ in kept]


def _tags(cell: Any) -> set[str]:
    return (
        set(cell.metadata.get("tags", ()))
        if cell.cell_type == "code" or _MARKER in cell.metadata.get("tags", ())
        else set()
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""


def _line_of(error: Any) -> int:
    """The line in the failing cell, from the traceback that the kernel wrote; 0 when it cannot be told."""
    text = _ANSI.sub("", "\n".join(error.traceback))
    own = re.findall(rf"Cell In\[{error.exec_count}\], line (\d+)", text)
    return int(own[-1]) if own else 0


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
