"""Cell 5 of data.ipynb."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def price(customers: Any, rates_json: str, due_csv: str, due_npy: str) -> None:
    """Price"""
    Path("made").mkdir(exist_ok=True)
    rates = pd.read_json(
        rates_json,  # a rate for each country
        typ="series",
    )
    customers["due"] = customers["spent"] * customers["country"].map(rates)
    if len(customers):
        customers.to_csv(due_csv, index=False)
        np.save(due_npy, customers["due"].to_numpy())
