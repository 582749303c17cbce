"""Cells 4 and 5 of magics.ipynb."""

import math
from typing import Any, NamedTuple


class NumbersOutputs(NamedTuple):
    """What numbers gives."""

    values: Any
    total: Any
    largest: Any


def numbers() -> NumbersOutputs:
    """Numbers"""
    # cell 4
    values = [math.sqrt(n) for n in range(10)]
    # cell 5
    total = sum(values)
    largest = max(values)
    return NumbersOutputs(values, total, largest)
