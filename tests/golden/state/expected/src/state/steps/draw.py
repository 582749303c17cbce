"""Cell 5 of state.ipynb."""

import random
from typing import Any, NamedTuple

import numpy as np


class DrawOutputs(NamedTuple):
    """What draw gives."""

    points: Any
    mixed: Any


def draw(n: int) -> DrawOutputs:
    """Draw"""
    points = np.random.normal(size=(n, 2))
    mixed = list(range(n))
    random.shuffle(mixed)
    return DrawOutputs(points, mixed)
