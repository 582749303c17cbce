"""Cell 8 of state.ipynb."""

import random
from typing import Any, NamedTuple

import numpy as np


class SampleOutputs(NamedTuple):
    """What sample gives."""

    chosen: Any
    last: Any


def sample(mixed: Any) -> SampleOutputs:
    """Sample"""
    chosen = np.random.choice(mixed, 5, replace=False)
    last = random.random()
    return SampleOutputs(chosen, last)
