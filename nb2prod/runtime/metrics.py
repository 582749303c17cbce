"""`log_metric` for code that wants to say more than its metrics cells; without a run it does nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from nb2prod.runtime.measure import as_number

__all__ = ["ACTIVE", "Listener", "log_metric", "log_metrics"]


class Listener(Protocol):
    """The run that is going on in this process."""

    def metric(self, name: str, value: float) -> None: ...

    def new_figure(self) -> Path: ...


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
