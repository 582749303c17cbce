"""Magics, and what becomes of them"""

from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.numbers import numbers
from .steps.show import show
from .steps.text import text


class Results(NamedTuple):
    """What the pipeline gives."""

    rounded: Any
    lines: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    """Run the steps in the notebook's order."""
    values, total, largest = step(numbers)
    rounded = step(show, values, total, largest)
    lines = step(text)
    return Results(rounded, lines)
