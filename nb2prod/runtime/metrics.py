"""For code that wants to say more than its metrics cells: numbers, tables, files, models, and what happened.

In a step of a pipeline it goes to the run's record. In a notebook it is an output, which shows it, and from which a job
puts it into its record; elsewhere it does nothing. Nothing needs to be set up, and no server is asked.
"""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any  # a model of any library; the module that notes

from nb2prod.runtime.listening import ACTIVE, as_number

__all__ = [
    "alert",
    "event",
    "kpi",
    "log_artifact",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_table",
]


def log_metric(name: str, value: object) -> None:
    """Add a number to the record of the run and of the step that is running."""
    log_metrics({name: value})


def log_metrics(values: Mapping[str, object]) -> None:
    """All of them at once. Raises TypeError for what is no number, before any is taken."""
    numbers = {name: _number("metric", name, value) for name, value in values.items()}
    if not ACTIVE:
        _noting().note_metrics(numbers)
    for name, number in numbers.items():
        if ACTIVE:
            ACTIVE[-1].metric(name, number)


def log_table(name: str, table: object) -> None:
    """Keep a table as CSV: a frame, a series, a mapping of columns, or a sequence of rows."""
    _noting().note_table(name, table)


def log_artifact(path: str | PathLike[str], content: bytes | str | None = None) -> None:
    """Keep a copy of a file; with `content`, keep that under the name `path`. Raises OSError when it cannot be read."""
    _noting().note_artifact(Path(path), content)


def log_model(name: str, model: object, example: object = None) -> None:
    """Keep a fitted model, pickled, with its class and features, and the schema of `example`, an input it takes."""
    _noting().note_model(name, model, example)


def event(name: str, /, **data: object) -> None:
    """Say that something happened."""
    _noting().note_event("event", name, {"data": data})


def alert(name: str, message: str = "", /, *, severity: str = "warning", **data: object) -> None:
    """Say that something is not as it should be. `severity` is info, warning or critical; the run goes on."""
    if severity not in ("info", "warning", "critical"):
        raise ValueError(f"alert {name!r} has severity {severity!r}; it must be info, warning or critical")
    _noting().note_event("alert", name, {"message": message, "severity": severity, "data": data})


def kpi(name: str, value: object, /, **labels: object) -> None:
    """A number of the business, with what it is of: kpi("revenue", 1250.0, region="EU")."""
    _noting().note_event("kpi", name, {"value": _number("kpi", name, value), "labels": labels})


def _number(what: str, name: str, value: object) -> float:
    number = as_number(value)
    if number is None:
        raise TypeError(f"{what} {name!r} is {value!r}; it must be a number")
    return number


def _noting() -> Any:
    """The module that does it: generated code imports this one, and most of it never notes anything."""
    from nb2prod.runtime.telling import noting

    return noting
