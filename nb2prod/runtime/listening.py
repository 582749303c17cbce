"""What hears the code of a step or a cell, and the kinds of output by which a notebook says the same."""

from pathlib import Path
from typing import Any, Protocol  # Any: a number of any library

__all__ = ["ACTIVE", "MIMETYPE", "NOTED", "Listener", "as_number"]

MIMETYPE = "application/vnd.nb2prod.metric+json"
NOTED = "application/vnd.nb2prod.noted+json"


class Listener(Protocol):
    """What hears the step that is running in this process; `Seen` of observing.py is one."""

    def metric(self, name: str, value: float) -> None: ...

    def event(self, kind: str, /, **more: object) -> None:
        """`kind` is event, alert or kpi."""

    def new_file(self, kind: str, name: str, suffix: str, /, **more: object) -> Path:
        """Where to write a figure, table, artifact or model; `name` is "" to be numbered, `more` stands beside it."""

    def new_figure(self) -> str: ...


ACTIVE: list[Listener] = []


def as_number(value: Any) -> float | None:
    """A number, also one of a library that is not a Python number; None for what is none."""
    if isinstance(value, (int, float)):
        return float(value) if isinstance(value, float) or abs(value) < 2**53 else None
    if type(value).__module__.split(".")[0] == "numpy" and getattr(value, "size", 0) == 1:
        item = value.item()
        return as_number(item) if isinstance(item, (int, float)) else None
    return None
