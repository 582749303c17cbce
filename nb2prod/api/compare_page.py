"""A comparison of executors as one HTML file that needs no network: bars to look at, tables with all numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from nb2prod.model.comparison import Comparison, Side

__all__ = ["in_bytes", "in_money", "in_seconds", "page"]


@dataclass(frozen=True, kw_only=True)
class _Bar:
    label: str
    value: str
    share: float  # of the longest


@dataclass(frozen=True, kw_only=True)
class _Chart:
    title: str
    bars: Sequence[_Bar]


def page(comparison: Comparison) -> str:
    sides = comparison.sides
    charts = [
        _chart("Time", sides, lambda side: side.seconds, in_seconds),
        _chart("Processor time of the steps", sides, lambda side: side.cpu, in_seconds),
        _chart("Peak memory of a step", sides, lambda side: side.memory, in_bytes),
        _chart("Data moved", sides, lambda side: side.moved, in_bytes),
        _chart("Cost", sides, lambda side: side.cost, lambda cost: in_money(cost, comparison.currency)),
    ]
    steps = [
        _chart(step, sides, lambda side, step=step: side.step_seconds(step), in_seconds)  # type: ignore[misc]
        for step in comparison.steps
    ]
    return (
        _environment()
        .get_template("comparison.html.j2")
        .render(
            comparison=comparison,
            charts=[chart for chart in charts if any(bar.share for bar in chart.bars)],
            steps=steps,
            seconds=in_seconds,
            bytes=in_bytes,
            money=lambda cost: in_money(cost, comparison.currency),
        )
    )


def in_seconds(value: float | None) -> str:
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


def in_bytes(value: float | None) -> str:
    if not value:
        return "–"
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f} B"


def in_money(value: float | None, currency: str) -> str:
    return "–" if value is None else f"{value:.2g} {currency}".rstrip()


def _chart(
    title: str, sides: Sequence[Side], of: Callable[[Side], float | None], shown: Callable[[float | None], str]
) -> _Chart:
    values = [of(side) for side in sides]
    longest = max((value for value in values if value), default=0.0)
    bars = [
        _Bar(label=side.executor, value=shown(value), share=(value or 0) / longest if longest else 0.0)
        for side, value in zip(sides, values, strict=True)
    ]
    return _Chart(title=title, bars=bars)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("nb2prod.api"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
