"""Cell 16 of churn.ipynb."""

from typing import Any

import pandas as pd

from ..functions import add_ratios


def predict(model: Any, customers: Any) -> Any:
    """Predict"""
    request = pd.DataFrame({"months": [2, 48], "calls": [5, 0]})
    add_ratios(request)
    leaves = model.predict(request[customers.columns])
    return leaves
