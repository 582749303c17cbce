"""What a dead attempt left: its last notebook, made from the journal, and its processes, which are ended."""

import json
from pathlib import Path
from typing import Any  # JSON of nbformat

from nb2prod.execution.document import RunState
from nb2prod.execution.journal import read_journal
from nb2prod.execution.kernels import remains
from nb2prod.execution.notebook_text import notebook_bytes
from nb2prod.execution.whole_files import write_whole
from nb2prod.model.job import FailureKind
from nb2prod.runtime.files import read_json, write_json

__all__ = ["clear_away", "recover"]


def recover(folder: Path) -> Path | None:
    """The notebook of a run whose supervisor was killed, as far as its journal goes; None when nothing had begun.

    A cell in which it was is called failed, those that did not run pending. Twice gives the same.
    """
    source = read_json(folder / "source.ipynb", dict)
    state = RunState.of(read_journal(folder))
    if not source or not state.head:
        return None
    if not state.is_over:
        lost: dict[str, Any] = {"kind": FailureKind.LOST.value, "message": "its supervisor was killed", "line": 0}
        running = [state.layout[index] for index, cell in state.cells.items() if cell.status == "running"]
        state.last = {"status": "failed", "failure": {**lost, "cell": running[-1] if running else 0}}
        _close_record(folder, lost["message"])
    output = folder / str(state.head["output"])
    write_whole(str(output), notebook_bytes(state.document(_with_cells(source))))
    return output


def clear_away(folder: Path, run_id: str, attempt: int) -> Path | None:
    """`recover`, and no process of that attempt is left. Raises OSError when the notebook cannot be written."""
    remains.end(f"{run_id}:{attempt}")
    return recover(folder)


def _with_cells(source: dict[str, Any]) -> dict[str, Any]:
    """As the supervisor reads it: an old format is brought up to date."""
    if source.get("nbformat") == 4:
        return source
    from nb2prod.notebooks.read import notebook_data

    return notebook_data(Path("source.ipynb"), json.dumps(source))


def _close_record(folder: Path, message: str) -> None:
    record = read_json(folder / "run.json", dict)
    if record.get("status") == "running":
        write_json(folder / "run.json", record | {"status": "died", "failure": "lost", "error": {"message": message}})
