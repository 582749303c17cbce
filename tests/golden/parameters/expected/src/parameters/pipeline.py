"""A parameter of each kind: \"quotes\", code, {{ braces }} and a \\ backslash"""

from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.last import last
from .steps.more import more
from .steps.use import use


class Results(NamedTuple):
    """What the pipeline gives."""

    answer: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    """Run the steps in the notebook's order."""
    total, words, sizes = step(
        use,
        count=parameters.count,
        rate=parameters.rate,
        big=parameters.big,
        sizes=parameters.sizes,
        name=parameters.name,
        flag=parameters.flag,
        nothing=parameters.nothing,
        pair=parameters.pair,
        raw=parameters.raw,
    )
    length, count = step(more, sizes, words, table=parameters.table, count=parameters.count)
    answer = step(last, total, length, count)
    return Results(answer)
