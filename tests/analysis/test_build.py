"""The step graph: cells on the left; on the right what each step takes, gives and touches, or why it is refused."""

import pytest

from nb2prod.analysis.build import Build, build
from nb2prod.model.notebook import Cell, CellKind, Notebook


def built(*cells: tuple[str, str]) -> Build:
    made = (
        Cell(number=n, kind=CellKind.CODE, source=source, tags=tuple(tag.split()))
        for n, (tag, source) in enumerate(cells, start=1)
    )
    return build(Notebook(name="nb.ipynb", cells=tuple(made)), environment={})


def told(*cells: tuple[str, str]) -> list[str]:
    pipeline = built(*cells).pipeline
    assert pipeline is not None
    return [
        f"{step.name}({', '.join(v.name for v in step.inputs)}) -> {', '.join(v.name for v in step.outputs)}"
        + (f" [{', '.join(step.state)}]" if step.state else "")
        for step in pipeline.steps
    ]


@pytest.mark.parametrize(
    ("cells", "steps"),
    [
        ([("step:a", "x = 1"), ("step:b", "y = x")], ["a() -> x", "b(x) -> y"]),
        # a name that is mutated is given on, with all that may share it
        (
            [("step:a", "x = []\ny = x"), ("step:b", "y.append(1)"), ("step:c", "n = len(x)")],
            ["a() -> x, y", "b(y, x) -> x", "c(x) -> n"],
        ),
        # a conditional binding makes the name an input too
        (
            [("step:a", "x = 1\ny = 2"), ("step:b", "if x:\n    y = 3"), ("step:c", "z = y")],
            ["a() -> x, y", "b(x, y) -> y", "c(y) -> z"],
        ),
        # a captured global is read when the function is called
        (
            [("functions", "def f(): return k"), ("step:a", "k = 1"), ("step:b", "y = f()")],
            ["a() -> k", "b(k) -> y"],
        ),
        (
            [("parameters", "n = 3"), ("step:a", "x = n"), ("step:b", "y = x + n")],
            ["a(n) -> x", "b(x, n) -> y"],
        ),
        (
            [("imports", "import numpy as np"), ("step:a", "np.random.seed(0)"), ("step:b", "x = np.random.rand()")],
            ["a() ->  [numpy.random]", "b() -> x [numpy.random]"],
        ),
        # what is before the first step, and is no import or definition, is a step
        ([("", "x = [1]"), ("step:a", "y = x")], ["setup() -> x", "a(x) -> y"]),
        ([("step:a", "x = 1"), ("skip", "x = 2"), ("step:b", "y = x")], ["a() -> x", "b(x) -> y"]),
        # the order of cells, not of first mention
        (
            [("step:a", "x = 1"), ("step:b", "y = 2"), ("step:a", "z = x"), ("step:c", "w = y + z")],
            ["a() -> z", "b() -> y", "c(y, z) -> w"],
        ),
    ],
)
def test_steps_and_their_edges(cells: list[tuple[str, str]], steps: list[str]) -> None:
    assert told(*cells) == steps


@pytest.mark.parametrize(
    ("cells", "finding"),
    [
        ([("step:a", "y = x")], "NB101 1:1"),
        ([("step:a", "y = x"), ("step:b", "x = 1")], "NB102 1:1"),
        ([("step:a", "x = 1\ndel x"), ("step:b", "y = x")], "NB102 2:1"),
        ([("skip", "x = 1"), ("step:a", "y = x")], "NB103 2:1"),
        ([("parameters", "n = f(1)"), ("step:a", "y = 1")], "NB105 1:1"),
        ([("step:a", "!make thing\nfiles = !ls")], "NB201 1:2"),
        ([("step:a", "x = = 1")], "NB202 1:1"),
        ([("step:a", "1 + 1"), ("step:b", "x = _")], "NB203 2:1"),
        ([("step:a", "exec('x = 1')")], "NB204 1:1"),
        ([("step:a", "x = input()")], "NB205 1:1"),
        ([("step:a", "import sys\nsys.exit(1)")], "NB206 1:2"),
        ([("step:a", "from nowhere_at_all import *")], "NB207 1:1"),
        ([("step:a", "x = max(1, 2)\nmax = 3")], "NB208 1:1"),
        ([("step:a", "x = await f()")], "NB209 1:1"),
        ([("step:a", "it = iter([1])"), ("step:b", "x = next(it)")], "NB214 2:1"),
        ([("step:a", "x = __file__")], "NB215 1:1"),
        ([("step:a", "x = 1\nq = z"), ("step:b", "z = x"), ("step:a", "w = z")], "NB301 1:0"),
        ([("step:a prev:b", "x = 1"), ("step:b prev:a", "y = 2")], "NB301 1:0"),
        ([("step:a prev:q", "x = 1")], "NB302 1:0"),
        ([("imports", "import os")], "NB303 0:0"),
        ([("step:sqrt", "from math import sqrt\nx = sqrt(4)")], "NB304 1:0"),
    ],
)
def test_what_is_refused_and_where(cells: list[tuple[str, str]], finding: str) -> None:
    found = built(*cells)
    assert found.pipeline is None
    assert finding in [f"{f.code} {f.cell}:{f.line}" for f in found.findings]


def test_the_same_notebook_gives_the_same_pipeline() -> None:
    cells = [("step:a", "x = {1, 2}\ny = [x]"), ("step:b", "def f(): return x\nz = f()")]
    assert built(*cells).pipeline == built(*cells).pipeline


@pytest.mark.parametrize(
    ("cells", "metrics"),
    [
        ([("step:a", "x = 1"), ("step:a metrics", "auc = x / 2\nn: int = 3")], ["auc", "n"]),
        ([("step:a", "auc = 0.5"), ("pipeline-metrics", "print(auc)")], ["auc"]),
        ([("step:a", "auc = 0.5\nprint(auc)")], []),
    ],
)
def test_metrics_of_a_step(cells: list[tuple[str, str]], metrics: list[str]) -> None:
    pipeline = built(*cells).pipeline
    assert pipeline is not None
    assert [*pipeline.steps[0].metrics] == metrics
    assert set(metrics) <= set(pipeline.results)
