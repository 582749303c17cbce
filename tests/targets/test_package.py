"""A pipeline made by hand becomes a project that compiles, runs with any callable, and knows its cells."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import Fragment, Parameter, Pipeline, Step, Variable
from nb2prod.model.project import Project
from nb2prod.source import PythonName
from nb2prod.targets.package import PLUGIN


def name(text: str) -> PythonName:
    return PythonName(text)


def variable(text: str) -> Variable:
    return Variable(name=name(text))


def project(title: str = "Churn") -> Project:
    load = Step(
        name=name("load"),
        summary="Load",
        cells=(2, 3),
        inputs=(variable("size"),),
        outputs=(variable("rows"), variable("step")),
        body=(
            Fragment(cell=2, line=1, text="rows = list(  range(size) )"),
            Fragment(cell=3, line=2, text='step = """a\n  b"""'),
        ),
    )
    total = Step(
        name=name("total"),
        summary="Total",
        cells=(5,),
        inputs=(variable("size"), variable("rows")),
        outputs=(variable("total"),),
        body=(Fragment(cell=5, line=1, text="total = sum(rows) + size"),),
        inference=True,
        state=("numpy.random",),
    )
    pipeline = Pipeline(
        name=name("handmade"),
        title=title,
        notebook="handmade.ipynb",
        notebook_sha256="",
        parameters=(Parameter(name=name("size"), annotation="int", default=3),),
        steps=(load, total),
        results=(name("step"), name("total")),
    )
    return PLUGIN.render(pipeline, Notebook(name="handmade.ipynb", cells=(), text="{}\n"))


def test_pipeline_tells_the_story() -> None:
    text = project().files["src/handmade/pipeline.py"]
    assert text[text.index("def run") :] == (
        "def run(parameters: Parameters, step: StepRunner) -> Results:\n"
        '    """Run the steps in the notebook\'s order."""\n'
        "    rows, step_ = step(load, size=parameters.size)\n"
        "    total = step(total_step, rows, size=parameters.size)\n"
        "    return Results(step_, total)\n"
    )


def test_steps_compute_what_the_cells_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in project().files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path / "src"))
    from handmade.steps import load, total  # type: ignore[import-not-found]

    given: Any = load.load(3)
    assert (tuple(given), total.total(given.rows, size=3)) == (([0, 1, 2], "a\n  b"), 6)
    for module in [module for module in sys.modules if module.split(".")[0] == "handmade"]:
        monkeypatch.delitem(sys.modules, module)


def test_inference_is_one_function() -> None:
    text = project().files["src/handmade/inference.py"]
    assert text[text.index("def predict") :] == (
        "def predict(size: Any, rows: Any) -> Any:\n"
        '    """Call the inference steps in order; give what the last one gives."""\n'
        "    return total_step(size=size, rows=rows)\n"
    )


def test_lines_lead_to_cells() -> None:
    made = project()
    path = "src/handmade/steps/load.py"
    text = made.files[path].split("\n")
    lines = json.loads(made.files["nb2prod.lock.json"])["lines"][path]
    assert [(text[line - 1].strip(), cell, at) for line, cell, at in lines] == [
        ("rows = list(range(size))", 2, 1),
        ('step = """a', 3, 2),
    ]


def test_title_is_never_code() -> None:
    title = 'x"""\nimport os  # \\'
    assert project(title).files["src/handmade/pipeline.py"].startswith('"""x\\"\\"\\" import os # \\\\"""\n')


def test_same_pipeline_gives_the_same_bytes() -> None:
    assert project() == project()
