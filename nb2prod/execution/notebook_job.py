"""How a notebook's run in the foreground ended, for those who asked for it.

runs/ID/run.json         what was run, with which parameters, how it ended
runs/ID/source.ipynb     the notebook as it was
runs/ID/NAME.ipynb       the notebook with its outputs; it is whole at any moment
runs/ID/journal.jsonl    what happened, as it happened
runs/ID/run.log          the same for a reader
"""

from dataclasses import dataclass
from pathlib import Path

from nb2prod.model.job import FailureKind, Run, RunStatus

__all__ = ["STATUS", "NotebookRun", "notebook_run"]

STATUS = {
    FailureKind.CANCELLED: "cancelled",
    FailureKind.CELL_TIMEOUT: "timeout",
    FailureKind.RUN_TIMEOUT: "timeout",
    FailureKind.KERNEL_DIED: "died",
    FailureKind.MEMORY: "died",
    FailureKind.LOST: "died",
    FailureKind.INTERRUPTED: "interrupted",
}


@dataclass(frozen=True, kw_only=True)
class NotebookRun:
    """`status` is completed, failed, timeout, died, interrupted or cancelled; `failure` says it more exactly, "" when
    it completed. `cell` and `line` count from 1."""

    id: str
    record: Path
    output: Path
    status: str
    failure: str = ""
    error: str = ""
    cell: int = 0
    line: int = 0
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        return FailureKind(self.failure).exit_code if self.failure else 0

    @property
    def message(self) -> str:
        if self.status == "completed":
            return f"completed in {self.seconds:.1f} s: {self.output}"
        place = f" at cell {self.cell}" if self.cell else ""
        place += f", line {self.line}" if self.line else ""
        return f"{self.status}{place}: {self.error}\nthe record is {self.record}"


def notebook_run(run: Run, folder: Path, output: str) -> NotebookRun:
    """`output` is where its notebook went, "" when nothing was written."""
    failure = run.failure if run.status is not RunStatus.COMPLETED else None
    began, ended = run.started_at or run.created_at, run.finished_at or run.created_at
    status = "completed" if run.status is RunStatus.COMPLETED else "failed"
    return NotebookRun(
        id=run.id,
        record=folder / "run.json",
        output=Path(output),
        status=STATUS.get(failure.kind, "failed") if failure else status,
        failure=failure.kind.value if failure else "",
        error=failure.message if failure else "",
        cell=failure.cell if failure else 0,
        line=failure.line if failure else 0,
        seconds=(ended - began).total_seconds(),
    )
