"""`log_metric` for code that wants to say more than its metrics cells.

In a step of a pipeline it goes to the run's record. In a notebook it is an output, which shows it, and from which a job
puts it into its record; elsewhere it does nothing.
"""

import sys
from collections.abc import Mapping
from typing import Any, Protocol  # Any: a number of any library

__all__ = ["ACTIVE", "MIMETYPE", "Listener", "as_number", "log_metric", "log_metrics"]


class Listener(Protocol):
    """The run that is going on in this process."""

    def metric(self, name: str, value: float) -> None: ...

    def new_figure(self) -> str: ...


MIMETYPE = "application/vnd.nb2prod.metric+json"
ACTIVE: list[Listener] = []


def log_metric(name: str, value: object) -> None:
    """Add a number to the record of the run and of the step that is running."""
    number = as_number(value)
    if number is None:
        raise TypeError(f"metric {name!r} is {value!r}; it must be a number")
    if ACTIVE:
        ACTIVE[-1].metric(name, number)
    else:
        _show({name: number})


def log_metrics(values: Mapping[str, object]) -> None:
    """All of them at once."""
    numbers = {name: as_number(value) for name, value in values.items()}
    for name, number in numbers.items():
        if number is None or ACTIVE:
            log_metric(name, values[name])
    if not ACTIVE:
        _show({name: number for name, number in numbers.items() if number is not None})


def _show(metrics: Mapping[str, float]) -> None:
    """As an output of the cell, where there is a notebook around us."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return
    text = "\n".join(f"{name} = {value:.6g}" for name, value in metrics.items())
    shell.display_pub.publish({"text/plain": text, MIMETYPE: dict(metrics)})


def as_number(value: Any) -> float | None:
    """A number, also one of a library that is not a Python number; None for what is none."""
    if isinstance(value, (int, float)):
        return float(value) if isinstance(value, float) or abs(value) < 2**53 else None
    if type(value).__module__.split(".")[0] == "numpy" and getattr(value, "size", 0) == 1:
        item = value.item()
        return as_number(item) if isinstance(item, (int, float)) else None
    return None
