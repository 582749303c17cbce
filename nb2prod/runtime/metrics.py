"""`log_metric` for code that wants to say more than its metrics cells; without a run it does nothing."""

from collections.abc import Mapping
from typing import Any, Protocol  # Any: a number of any library

__all__ = ["ACTIVE", "Listener", "as_number", "log_metric", "log_metrics"]


class Listener(Protocol):
    """The run that is going on in this process."""

    def metric(self, name: str, value: float) -> None: ...

    def new_figure(self) -> str: ...


ACTIVE: list[Listener] = []


def log_metric(name: str, value: object) -> None:
    """Add a number to the record of the run and of the step that is running."""
    number = as_number(value)
    if number is None:
        raise TypeError(f"metric {name!r} is {value!r}; it must be a number")
    if ACTIVE:
        ACTIVE[-1].metric(name, number)


def log_metrics(values: Mapping[str, object]) -> None:
    for name, value in values.items():
        log_metric(name, value)


def as_number(value: Any) -> float | None:
    """A number, also one of a library that is not a Python number; None for what is none."""
    if isinstance(value, (int, float)):
        return float(value) if isinstance(value, float) or abs(value) < 2**53 else None
    if type(value).__module__.split(".")[0] == "numpy" and getattr(value, "size", 0) == 1:
        item = value.item()
        return as_number(item) if isinstance(item, (int, float)) else None
    return None
