"""Cells 6 and 7 of churn.ipynb."""

from typing import Any

import numpy as np
import pandas as pd


def load_customers(seed: int, n_customers: int) -> Any:
    """Load customers"""
    # cell 6
    rng = np.random.default_rng(seed)
    customers = pd.DataFrame(
        {
            "months": rng.integers(1, 60, n_customers),
            "calls": rng.poisson(2, n_customers),
        }
    )
    # cell 7
    risk = 0.6 * customers["calls"] - 0.05 * customers["months"]
    customers["churned"] = (rng.random(n_customers) < 1 / (1 + np.exp(-risk))).astype(int)
    return customers
