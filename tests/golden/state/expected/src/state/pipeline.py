"""State that no argument shows"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.draw import draw
from .steps.plot import plot
from .steps.sample import sample
from .steps.setup import setup


class Results(NamedTuple):
    """What the pipeline gives."""

    chosen: Any
    last: Any


# Steps that touch state which their arguments do not show.
HIDDEN_STATE: Mapping[str, tuple[str, ...]] = {
    "setup": ("numpy.random", "random"),
    "draw": ("numpy.random", "random"),
    "sample": ("numpy.random", "random"),
}


def run(parameters: Parameters, step: StepRunner) -> Results:
    """Run the steps in the notebook's order."""
    step(setup, seed=parameters.seed)
    points, mixed = step(draw, n=parameters.n)
    step(plot, points)
    chosen, last = step(sample, mixed)
    return Results(chosen, last)
