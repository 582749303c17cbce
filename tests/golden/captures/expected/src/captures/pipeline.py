"""Functions that read what the cells made"""

from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.price import price
from .steps.report import report
from .steps.weigh import weigh as weigh_step


class Results(NamedTuple):
    """What the pipeline gives."""

    step: Any
    total: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    """Run the steps in the notebook's order."""
    parcels, limit = step(weigh_step)
    prices, weigh = step(price, parcels, limit, factor=parameters.factor)
    step_, total = step(report, parcels, prices, limit, weigh)
    return Results(step_, total)
