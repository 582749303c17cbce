"""What verification found, row by row, as a table for people and as data for machines."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nb2prod.runtime.proof.fingerprint import Fingerprint
from nb2prod.runtime.recorded import NOT_VALUES, names_that_differ

__all__ = ["Row", "Status", "Verification", "compare_steps"]

Values = Mapping[str, Mapping[str, Fingerprint]]


class Status(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_DETERMINISTIC = "not deterministic"  # two runs of the notebook itself differ
    NOT_COMPARED = "not compared"  # a function, a figure, a name that only one side holds


@dataclass(frozen=True, kw_only=True)
class Row:
    """A name at the end of a step. `cell` is the last cell of the notebook that touches it."""

    step: str
    name: str
    cell: int
    status: Status
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Exit code 0: every name that was compared is equal, and at least one was. `failure`: a side did not run."""

    project: str
    notebook: str
    rows: tuple[Row, ...] = ()
    twice: bool = False
    failure: str = ""
    failure_code: int = 0

    @property
    def equal(self) -> bool:
        statuses = Counter(row.status for row in self.rows)
        return not self.failure and statuses[Status.EQUAL] > 0 and not statuses[Status.DIFFERENT]

    @property
    def exit_code(self) -> int:
        return self.failure_code or (0 if self.equal else 1)

    def to_json(self) -> dict[str, Any]:
        counts = Counter(row.status for row in self.rows)
        return {
            "project": self.project,
            "notebook": self.notebook,
            "equal": self.equal,
            "failure": self.failure,
            "counts": {status.value: counts[status] for status in Status},
            "rows": [
                {"step": r.step, "name": r.name, "cell": r.cell, "status": r.status.value, "reason": r.reason}
                for r in self.rows
            ],
        }

    def to_text(self) -> str:
        told = [] if self.failure else [_table(self.rows), *_details(self.rows), ""]
        return "\n".join([*told, self.verdict])

    @property
    def verdict(self) -> str:
        """One sentence: whether the package computes what the notebook computes."""
        return f"{self.project}: not verified: {self.failure}" if self.failure else _verdict(self)


def compare_steps(
    lock_steps: Mapping[str, Mapping[str, Any]], ours: Values, theirs: Values, again: Values | None
) -> tuple[Row, ...]:
    """Every name that a step touches, in the order of steps. `again` is a second run of the notebook."""
    return tuple(
        row
        for step, entry in lock_steps.items()
        for row in _rows(step, entry, ours.get(step, {}), theirs.get(step, {}), None if again is None else again[step])
    )


def _rows(
    step: str,
    entry: Mapping[str, Any],
    ours: Mapping[str, Fingerprint],
    theirs: Mapping[str, Fingerprint],
    again: Mapping[str, Fingerprint] | None,
) -> Iterable[Row]:
    different = dict(names_that_differ(ours, theirs, entry))
    unsteady = dict(names_that_differ(again, theirs, entry, "only one binds it")) if again is not None else {}
    for name, cell in entry["touched"].items():
        status, reason = _status(name, ours, theirs, different, unsteady)
        yield Row(step=step, name=name, cell=cell, status=status, reason=reason)


def _status(
    name: str,
    ours: Mapping[str, Fingerprint],
    theirs: Mapping[str, Fingerprint],
    different: Mapping[str, str],
    unsteady: Mapping[str, str],
) -> tuple[Status, str]:
    if name in unsteady:
        return Status.NOT_DETERMINISTIC, f"two runs of the notebook differ: {unsteady[name]}"
    if name in different:
        return Status.DIFFERENT, different[name]
    if name not in theirs:
        return Status.NOT_COMPARED, "the notebook has deleted it, or never bound it"
    if name not in ours:
        return Status.NOT_COMPARED, "the step did not bind it in this run"
    kind = ours[name]["t"]
    if kind in NOT_VALUES or "cut" in ours[name]:
        return Status.NOT_COMPARED, _WORDS.get(kind, "not all of it can be looked into")
    return Status.EQUAL, ""


_WORDS = {
    "name": "a function, class or module",
    "method": "a method",
    "shown": "something to look at",
    "opaque": "it cannot be looked into",
    "deep": "it is too large or too deep to be looked into",
}


def _table(rows: tuple[Row, ...]) -> str:
    steps = list(dict.fromkeys(row.step for row in rows))
    counts = Counter((row.step, row.status) for row in rows)
    shown = [status for status in Status if any(row.status is status for row in rows)] or [Status.EQUAL]
    lines = [["step", *(status.value for status in shown)]]
    lines += [[step, *(str(counts[step, status]) for status in shown)] for step in steps]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(t.rjust(w) for t, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )


def _details(rows: tuple[Row, ...]) -> Iterable[str]:
    for status in (Status.DIFFERENT, Status.NOT_DETERMINISTIC):
        found = [row for row in rows if row.status is status]
        if found:
            yield f"\n{status.value}:"
            yield from (f"  {row.step}: {row.name} (cell {row.cell}): {row.reason}" for row in found)


def _verdict(found: Verification) -> str:
    counts = Counter(row.status for row in found.rows)
    equal, different = counts[Status.EQUAL], counts[Status.DIFFERENT]
    compared = equal + different
    if not compared:
        return f"{found.project}: nothing could be compared, so nothing is proven"
    if different:
        hint = "" if found.twice else "; run with --twice to see whether the notebook itself is deterministic"
        return f"{found.project}: {different} of {compared} values differ from {found.notebook}{hint}"
    unsteady = counts[Status.NOT_DETERMINISTIC]
    more = f"; {unsteady} are not deterministic in the notebook itself" if unsteady else ""
    return f"{found.project}: all {equal} values are those of {found.notebook}{more}"
