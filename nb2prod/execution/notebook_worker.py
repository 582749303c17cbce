"""One notebook run by papermill, in a process of its own: `python -m nb2prod.execution.notebook_worker ORDER`.

ORDER is a JSON file: the paths `source`, `output`, `answer` and `workdir`, the `parameters`, the number of `cells`, and
`injected`, the place that papermill gives the parameters (null: none). Lines on stdout tell how far it is, `answer` how
it ended.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from nb2prod.notebooks.kernels import kernel_manager_class
from nb2prod.runtime.files import write_json

__all__ = ["main"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_INJECTED = "injected-parameters"


def main(order: dict[str, Any]) -> int:
    """Run the order. The exit code is that of a run: 0, 3 a cell failed, 5 the kernel died."""
    answer = _run(order)
    write_json(Path(order["answer"]), answer)
    return int(answer["exit_code"])


def _run(order: dict[str, Any]) -> dict[str, Any]:
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    try:
        execute_notebook(
            order["source"],
            order["output"],
            parameters=order["parameters"],
            cwd=order["workdir"],
            kernel_name="python3",
            progress_bar=False,
            kernel_manager_class=kernel_manager_class(),
            on_cell_start=_tell(order["cells"], order["injected"]),
            store_widget_state=False,
        )
    except PapermillExecutionError as error:
        cell = _number(error.cell_index, order["injected"])
        return {
            "status": "failed",
            "exit_code": 3,
            "cell": cell,
            "line": _line_of(error),
            "error": f"{error.ename}: {_first_line(error.evalue)}",
            "traceback": [_ANSI.sub("", line) for line in error.traceback],
        }
    except DeadKernelError as error:
        return {"status": "died", "exit_code": 5, "cell": 0, "line": 0, "error": str(error) or "the kernel died"}
    return {"status": "completed", "exit_code": 0}


def _tell(cells: int, injected: int | None) -> Any:
    def on_cell_start(cell: Any, cell_index: int) -> None:
        if cell.cell_type == "code" and _INJECTED not in cell.metadata.get("tags", ()):
            print(f"cell {_number(cell_index, injected)} of {cells}", flush=True)

    return on_cell_start


def _number(index: int, injected: int | None) -> int:
    """The number of a cell in the source, from 1: papermill puts the given parameters into a cell of their own."""
    return index if injected is not None and index > injected else index + 1


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""


def _line_of(error: Any) -> int:
    """The line in the failing cell, from the traceback that the kernel wrote; 0 when it cannot be told."""
    text = _ANSI.sub("", "\n".join(error.traceback))
    own = re.findall(rf"Cell In\[{error.exec_count}\], line (\d+)", text)
    return int(own[-1]) if own else 0


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
