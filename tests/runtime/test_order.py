"""Steps that draw from one generator, of which the analysis has not seen that they do."""

import pytest
from runtime.tiny import Project

pytestmark = pytest.mark.slow

PIPELINE = """\
from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.load import load
from .steps.score import score
from .steps.other import other

HIDDEN_STATE = {"load": ("random",)}


class Results(NamedTuple):
    total: Any
    more: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    table = step(load, rows=parameters.rows)
    total = step(score, table)
    more = step(other, table)
    return Results(total, more)
"""
LOAD = "import random\n\n\ndef load(rows: int) -> int:\n    random.seed(rows)\n    return rows\n"
DRAW = "import random\n\n\ndef {name}(table: int) -> float:\n    return random.random() + table\n"


def test_draws_that_nobody_ordered_are_not_passed_over(project: Project) -> None:
    project.write("pipeline.py", PIPELINE)
    project.write("steps/load.py", LOAD)
    for name in ("score", "other"):
        project.write(f"steps/{name}.py", DRAW.format(name=name))
    apart = project.run("--executor", "local", "--jobs", "2")
    assert apart.code == 3
    assert "it draws from random as step '" in apart.err
    assert "nothing says which of them is first" in apart.err
    assert project.run("--executor", "in-process").code == 0


def test_draws_that_the_pipeline_orders_are_those_of_one_process(project: Project) -> None:
    declared = '{"load": ("random",), "score": ("random",), "other": ("random",)}'
    project.write("pipeline.py", PIPELINE.replace('{"load": ("random",)}', declared))
    project.write("steps/load.py", LOAD)
    for name in ("score", "other"):
        project.write(f"steps/{name}.py", DRAW.format(name=name) + f"    # {name}\n")
    here, apart = project.run("--no-cache"), project.run("--no-cache", "--executor", "local", "--jobs", "2")
    assert (here.code, apart.code) == (0, 0)
    totals = [
        {step["name"]: step["outputs"]["result"]["value"] for step in ran.record["steps"]} for ran in (here, apart)
    ]
    assert totals[0] == totals[1]
