"""What `check` and `convert` have to say: code, severity, place, message, and what to write instead."""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # the notebook cannot be converted faithfully
    WARNING = "warning"  # it converts, and this will hurt in production
    INFO = "info"  # what becomes of a construct


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Lines `first` to `last` of a cell, both from 1, become `text`, which ends without a newline; "" takes them away.
    With `last` one below `first`, the text comes before line `first`."""

    cell: int
    first: int
    last: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What can be written instead. The title says what changes by it, beside the text."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """`cell` and `line` count from 1; 0 means the notebook or the cell as a whole."""

    cell: int = 0
    line: int = 0
    code: str
    severity: Severity
    message: str
    hint: str = ""
    notebook: str = ""
    fix: Fix | None = field(default=None, compare=False)

    def __str__(self) -> str:
        place = (
            self.notebook + (f":cell {self.cell}" if self.cell else "") + (f":line {self.line}" if self.line else "")
        )
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{place}: {self.code} {self.severity}: {self.message}{hint}"
