"""Cell 4 of state.ipynb."""

import random

import numpy as np


def setup(seed: int) -> None:
    """Setup"""
    np.random.seed(seed)
    random.seed(seed)
