"""Each step is a function whose arguments are those that pipeline.run gives."""

import importlib
import inspect

import pytest

STEPS = [
    ("setup", ["seed"]),
    ("draw", ["n"]),
    ("plot", ["points"]),
    ("sample", ["mixed"]),
]


@pytest.mark.parametrize(("name", "inputs"), STEPS)
def test_step_is_wired(name: str, inputs: list[str]) -> None:
    module = importlib.import_module(f"state.steps.{name}")
    assert sorted(inspect.signature(getattr(module, name)).parameters) == inputs
