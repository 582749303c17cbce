"""Each step is a function whose arguments are those that pipeline.run gives."""

import importlib
import inspect

import pytest

STEPS = [
    ("use", ["big", "count", "flag", "name", "nothing", "pair", "rate", "raw", "sizes"]),
    ("more", ["count", "sizes", "table", "words"]),
    ("last", ["count", "length", "total"]),
]


@pytest.mark.parametrize(("name", "inputs"), STEPS)
def test_step_is_wired(name: str, inputs: list[str]) -> None:
    module = importlib.import_module(f"parameters.steps.{name}")
    assert sorted(inspect.signature(getattr(module, name)).parameters) == inputs
