"""Each step is a function whose arguments are those that pipeline.run gives."""

import importlib
import inspect

import pytest

STEPS = [
    ("load", ["customers_csv"]),
    ("price", ["customers", "due_csv", "due_npy", "rates_json"]),
    ("report", ["due_csv", "due_npy", "total_txt"]),
]


@pytest.mark.parametrize(("name", "inputs"), STEPS)
def test_step_is_wired(name: str, inputs: list[str]) -> None:
    module = importlib.import_module(f"data.steps.{name}")
    assert sorted(inspect.signature(getattr(module, name)).parameters) == inputs
