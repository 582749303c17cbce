"""Cells 13 and 14 of churn.ipynb."""

from typing import Any

from sklearn.metrics import roc_auc_score


def evaluate(model: Any, X_test: Any, y_test: Any) -> Any:
    """Evaluate"""
    # cell 13
    probability = model.predict_proba(X_test)[:, 1]
    # cell 14
    auc = roc_auc_score(y_test, probability)
    print(f"AUC {auc:.3f}")
    return auc
