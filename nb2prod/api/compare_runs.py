"""Two runs of a pipeline beside each other: parameters, metrics, times, rows, nulls, and how the data moved."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any  # JSON of records

from nb2prod.runtime.telling.reading import RunRecord, StepRecord
from nb2prod.runtime.telling.sketches import Numbers

__all__ = ["Line", "compare_runs"]

_MOVED = 0.1  # a difference of distributions (Kolmogorov and Smirnov's) from which a column is told of,
_CHANCE = 1.95  # unless so few rows differ by as much once in a thousand times


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing of both runs. `left` and `right` are None where a run does not have it; `differs` is False for what is
    never the same twice, as times are."""

    about: str  # run, parameter, metric, step, data
    step: str = ""
    name: str
    left: object = None
    right: object = None
    differs: bool = False

    @property
    def change(self) -> float | None:
        """From left to right, relative to left."""
        numbers = [value for value in (self.left, self.right) if isinstance(value, int | float)]
        if len(numbers) != 2 or not numbers[0] or not all(map(math.isfinite, numbers)):
            return None
        return (numbers[1] - numbers[0]) / abs(numbers[0])


def compare_runs(left: RunRecord, right: RunRecord) -> tuple[Line, ...]:
    return tuple(_lines(left, right))


def _lines(left: RunRecord, right: RunRecord) -> Iterator[Line]:
    for name in ("pipeline", "status"):
        yield _line("run", name, getattr(left, name), getattr(right, name))
    yield Line(about="run", name="seconds", left=left.seconds, right=right.seconds)
    yield from _each("run", left.data.get("versions", {}), right.data.get("versions", {}), only_differences=True)
    yield from _each("parameter", left.parameters, right.parameters)
    yield from _each("metric", left.metrics, right.metrics)
    steps = {step.name: step for step in left.steps}, {step.name: step for step in right.steps}
    for name in dict.fromkeys((*steps[0], *steps[1])):
        yield from _of_step(name, steps[0].get(name), steps[1].get(name))
        yield from _of_data(name, left.profile(name), right.profile(name))


def _of_step(name: str, left: StepRecord | None, right: StepRecord | None) -> Iterator[Line]:
    both = (left, right)
    yield _line("step", "status", *(None if each is None else each.status for each in both), step=name)
    for what in ("seconds", "cpu", "memory"):
        values = [None if each is None else getattr(each, what) for each in both]
        yield Line(about="step", step=name, name=what, left=values[0], right=values[1])
    for what in ("attempts", "rows_in", "rows_out"):
        values = [None if each is None else getattr(each, what) for each in both]
        if values != [None, None]:
            yield _line("step", what, *values, step=name)


def _of_data(step: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Line]:
    """Columns that it gives: that came, went, or have another type, other nulls or another distribution."""
    tables = left.get("outputs", {}), right.get("outputs", {})
    for table in dict.fromkeys((*tables[0], *tables[1])):
        columns = [{column["name"]: column for column in each.get(table, {}).get("columns", ())} for each in tables]
        for name in dict.fromkeys((*columns[0], *columns[1])):
            where = table + (f", {name}" if name else "")
            yield from _of_column(step, where, columns[0].get(name), columns[1].get(name))


def _of_column(
    step: str, where: str, left: Mapping[str, Any] | None, right: Mapping[str, Any] | None
) -> Iterator[Line]:
    if left is None or right is None:
        there = ["there" if each is not None else None for each in (left, right)]
        yield _line("data", where, *there, step=step)
        return
    for what in ("dtype", "nulls"):
        if left.get(what) != right.get(what):
            yield _line("data", f"{where}: {what}", left.get(what), right.get(what), step=step)
    if "numbers" in left and "numbers" in right:
        one, other = Numbers.from_json(left["numbers"]), Numbers.from_json(right["numbers"])
        if one.distance(other) >= _least(one.count, other.count):
            yield _line("data", f"{where}: mean", one.mean, other.mean, step=step)
            name = f"{where}: distance of distributions"
            yield Line(about="data", step=step, name=name, right=one.distance(other), differs=True)
    elif "categories" in left and "categories" in right:
        yield from _of_categories(step, where, left["categories"], right["categories"])


def _of_categories(step: str, where: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Line]:
    shares = [{name: count / (each["count"] or 1) for name, count in each["top"]} for each in (left, right)]
    for name in dict.fromkeys((*shares[0], *shares[1])):
        one, other = (each.get(name, 0.0) for each in shares)
        if abs(one - other) >= _least(left["count"], right["count"]):
            yield _line("data", f"{where}: share of {name}", one, other, step=step)


def _least(one: int, other: int) -> float:
    return max(_MOVED, _CHANCE * math.sqrt(1 / one + 1 / other)) if one and other else math.inf


def _each(
    about: str, left: Mapping[str, Any], right: Mapping[str, Any], *, only_differences: bool = False
) -> Iterator[Line]:
    for name in dict.fromkeys((*left, *right)):
        line = _line(about, name, _read(left.get(name)), _read(right.get(name)))
        if line.differs or not only_differences:
            yield line


def _line(about: str, name: str, left: object, right: object, *, step: str = "") -> Line:
    return Line(about=about, step=step, name=name, left=left, right=right, differs=left != right)


def _read(value: Any) -> object:
    return value["python"] if isinstance(value, dict) and set(value) == {"python"} else value
