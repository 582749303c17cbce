"""Cell 4 of state.ipynb."""

import random
from typing import Any

import numpy as np


def setup(seed: Any) -> None:
    """Setup"""
    np.random.seed(seed)
    random.seed(seed)
