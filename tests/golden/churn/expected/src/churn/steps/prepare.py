"""Cell 9 of churn.ipynb."""

from typing import Any, NamedTuple

from ..functions import add_ratios


class PrepareOutputs(NamedTuple):
    """What prepare gives."""

    y: Any
    customers: Any


def prepare(customers: Any) -> PrepareOutputs:
    """Prepare features"""
    add_ratios(customers)
    y = customers.pop("churned")
    return PrepareOutputs(y, customers)
