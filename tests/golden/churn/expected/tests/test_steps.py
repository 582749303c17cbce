"""Each step is a function whose arguments are those that pipeline.run gives."""

import importlib
import inspect

import pytest

STEPS = [
    ("load_customers", ["n_customers", "seed"]),
    ("prepare", ["customers"]),
    ("train", ["customers", "seed", "test_size", "y"]),
    ("evaluate", ["X_test", "model", "y_test"]),
    ("predict", ["customers", "model"]),
]


@pytest.mark.parametrize(("name", "inputs"), STEPS)
def test_step_is_wired(name: str, inputs: list[str]) -> None:
    module = importlib.import_module(f"churn.steps.{name}")
    assert sorted(inspect.signature(getattr(module, name)).parameters) == inputs
