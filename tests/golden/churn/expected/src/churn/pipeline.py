"""Which customers leave?"""

from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.evaluate import evaluate
from .steps.load_customers import load_customers
from .steps.predict import predict
from .steps.prepare import prepare
from .steps.train import train


class Results(NamedTuple):
    """What the pipeline gives."""

    model: Any
    auc: Any
    leaves: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    """Run the steps in the notebook's order."""
    customers = step(load_customers, seed=parameters.seed, n_customers=parameters.n_customers)
    y, customers = step(prepare, customers)
    X_test, y_test, model = step(
        train, customers, y, test_size=parameters.test_size, seed=parameters.seed
    )
    auc = step(evaluate, model, X_test, y_test)
    leaves = step(predict, model, customers)
    return Results(model, auc, leaves)
