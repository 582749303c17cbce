"""Cell 4 of data.ipynb."""

from typing import Any

import pandas as pd


def load(customers_csv: str) -> Any:
    """Load"""
    customers = pd.read_csv(customers_csv)  # one row each
    print(len(customers), "customers of data/customers.csv")
    return customers
