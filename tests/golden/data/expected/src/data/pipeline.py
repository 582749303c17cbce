"""Orders of customers"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.load import load
from .steps.price import price
from .steps.report import report


class Results(NamedTuple):
    """What the pipeline gives."""

    texts: Any
    rated: Any


# Steps that touch state which their arguments do not show.
HIDDEN_STATE: Mapping[str, tuple[str, ...]] = {
    "load": ("filesystem",),
    "price": ("filesystem",),
    "report": ("filesystem",),
}


def run(parameters: Parameters, step: StepRunner) -> Results:
    """Run the steps in the notebook's order."""
    customers = step(load, customers_csv="data/customers.csv")
    step(
        price,
        customers,
        rates_json="data/rates.json",
        due_csv="made/due.csv",
        due_npy="made/due.npy",
    )
    texts, rated = step(
        report, due_csv="made/due.csv", due_npy="made/due.npy", total_txt="made/total.txt"
    )
    return Results(texts, rated)
