"""The inference steps as one function, from a request to its outputs."""

from typing import Any

from .steps.predict import predict as predict_step


def predict(model: Any, customers: Any) -> Any:
    """Call the inference steps in order; give what the last one gives."""
    return predict_step(model=model, customers=customers)
