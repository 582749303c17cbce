"""Cell 11 of churn.ipynb."""

from typing import Any, NamedTuple

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


class TrainOutputs(NamedTuple):
    """What train gives."""

    X_test: Any
    y_test: Any
    model: Any


def train(customers: Any, y: Any, test_size: float, seed: int) -> TrainOutputs:
    """Train"""
    X_train, X_test, y_train, y_test = train_test_split(
        customers, y, test_size=test_size, random_state=seed
    )
    model = LogisticRegression().fit(X_train, y_train)  # the default penalty
    return TrainOutputs(X_test, y_test, model)
