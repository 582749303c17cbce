"""What a traced run adds: mutations, state and files that reading the code does not tell, and annotations."""

from typing import Any

import pytest
from law.sides import notebook_of

from nb2prod.analysis.build import build
from nb2prod.errors import TraceNotReadable
from nb2prod.model.pipeline import Step
from nb2prod.model.trace import CellTrace, Observed, Trace


def trace_of(*cells: dict[str, Any]) -> Trace:
    made = [
        CellTrace(cell=number, seconds=0.5, cpu_seconds=0.5, peak_memory=10_000_000, **facts)
        for number, facts in enumerate(cells, 1)
    ]
    return Trace(code="", python="3", cells=tuple(made))


def steps_of(cells: list[str], *facts: dict[str, Any]) -> tuple[Step, ...]:
    pipeline = build(notebook_of(cells), trace=trace_of(*facts)).pipeline
    assert pipeline is not None
    return pipeline.steps


CELLS = ["import helpers\nrows = [1]", "n = helpers.scrub(rows)", "total = sum(rows)"]


def test_a_mutation_that_was_seen_is_handed_on() -> None:
    without = steps_of(CELLS)
    assert [str(v.name) for v in without[1].outputs] == ["n"]
    seen = steps_of(CELLS, {}, {"mutates": ("rows",)}, {})
    assert {str(v.name) for v in seen[1].outputs} == {"n", "rows"}


def test_nothing_is_taken_away() -> None:
    cells = ["rows = [1]", "rows.append(2)", "total = sum(rows)"]
    assert [s.outputs for s in steps_of(cells, {}, {}, {})] == [s.outputs for s in steps_of(cells)]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"state": ("numpy.random",)}, ("numpy.random",)),
        ({"state": ("numpy.random",), "imports": ("sklearn",)}, ("numpy.random",)),
        ({"state": ("matplotlib.rcParams",)}, ("matplotlib.rcParams",)),
        ({"state": ("matplotlib.rcParams",), "imports": ("seaborn",)}, ()),
    ],
)
def test_state_that_was_seen_is_the_step_s(facts: dict[str, Any], state: tuple[str, ...]) -> None:
    assert steps_of(CELLS, {}, facts, {})[1].state == state


def test_a_file_of_two_steps_is_state_of_both() -> None:
    seen = steps_of(CELLS, {"written": ("a.csv",)}, {}, {"read": {"a.csv": "x"}})
    assert [step.state for step in seen] == [("filesystem",), (), ("filesystem",)]


@pytest.mark.parametrize(
    ("value", "annotation", "line"),
    [
        (Observed(kind="builtins.int"), "int", None),
        (Observed(kind="builtins.list", generic=True), "list[Any]", None),
        (Observed(kind="numpy.float64", generic=True), "float", None),
        (Observed(kind="numpy.int64", generic=True), "Any", None),
        (Observed(kind="numpy.ndarray", generic=True), "np.ndarray[Any, Any]", "import numpy as np"),
        (Observed(kind="pandas.DataFrame"), "pd.DataFrame", "import pandas as pd"),
        (Observed(kind="pandas.Series"), '"pd.Series[Any]"', "import pandas as pd"),
        (Observed(kind="sklearn.svm.SVC"), "SVC", "from sklearn.svm import SVC"),
        (Observed(kind="sklearn.svm._base.SVC"), "Any", None),
        (Observed(kind="collections.Counter", generic=True), "Any", None),
        (Observed(kind="builtins.function"), "Any", None),
        (Observed(kind="__main__.Mine"), "Any", None),
        (Observed(kind="module.f.<locals>.C"), "Any", None),
    ],
)
def test_types_that_were_seen_are_written(value: Observed, annotation: str, line: str | None) -> None:
    one, two = steps_of(["import m\nx = m.x", "y = x"], {"values": {"x": value}}, {"values": {"y": value}})
    assert [v.annotation for v in (*one.outputs, *two.inputs, *two.outputs)] == [annotation] * 3
    assert line is None or line in two.imports


@pytest.mark.parametrize(
    ("second", "annotation"),
    [
        ("import pandas as pd\ny = pd.concat([x])", "pd.DataFrame"),
        ("import polars as pd\ny = pd.x(x)", "Any"),
        ("pd = 3\ny = x + pd", "Any"),
    ],
)
def test_a_name_that_is_taken_is_not_imported(second: str, annotation: str) -> None:
    frame = {"values": {"x": Observed(kind="pandas.DataFrame")}}
    assert steps_of(["import m\nx = m.x", second], frame, {})[1].inputs[0].annotation == annotation


def test_a_name_whose_type_changes_has_none() -> None:
    cells = ["import m\nx = m.x", "x = x.sum()", "z = x + 1"]
    frame, number = Observed(kind="pandas.DataFrame"), Observed(kind="builtins.int")
    steps = steps_of(cells, {"values": {"x": frame}}, {"values": {"x": number}}, {})
    assert [v.annotation for v in (*steps[0].outputs, *steps[1].inputs, *steps[1].outputs)] == [
        "pd.DataFrame",
        "Any",
        "Any",
    ]
    assert steps[2].inputs[0].annotation == "int"


def test_what_a_step_took_is_told() -> None:
    measured = steps_of(CELLS, {}, {}, {})[0].measured
    assert measured is not None
    assert (measured.seconds, measured.peak_memory) == (0.5, 10_000_000)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2, "cells": []}', '{"format": 1, "code": "", "python": "", "cells": [{"x": 1}]}'],
)
def test_what_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(TraceNotReadable, match="make it again with `nb2prod trace`"):
        Trace.from_json(text)
