"""A pipeline made by hand becomes a project that compiles, runs with any callable, and knows its cells."""

import ast
import json
import sys
import tomllib
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nb2prod.errors import ConversionRefused
from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import Fragment, Parameter, Pipeline, Requirement, Step, Variable
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


def test_lines_that_a_function_does_not_take_are_refused_at_their_cell() -> None:
    step = Step(
        name=name("load"),
        summary="Load",
        cells=(2,),
        body=(Fragment(cell=2, line=3, text="rows = 1\nfrom math import *"),),
    )
    pipeline = Pipeline(name=name("p"), title="P", notebook="p.ipynb", notebook_sha256="", steps=(step,))
    with pytest.raises(ConversionRefused) as refused:
        PLUGIN.render(pipeline, Notebook(name="p.ipynb", cells=(), text="{}\n"))
    [finding] = refused.value.findings
    assert str(finding) == (
        "p.ipynb:cell 2:line 4: NB219 error: load.py would not be Python in line 8: "
        "import * only allowed at module level\n"
        "    write the line so that it can stand in a function, or tag the cell `skip`"
    )


def test_the_project_asks_for_what_made_it() -> None:
    made = replace(PLUGIN, version="7.1", distributions=lambda _: None)
    pipeline = Pipeline(
        name=name("p"),
        title="P",
        notebook="p.ipynb",
        notebook_sha256="",
        requirements=(Requirement(distribution="numpy", version="2.0"), Requirement(distribution="own")),
    )
    files = made.render(pipeline, Notebook(name="p.ipynb", cells=(), text="{}\n")).files
    assert tomllib.loads(files["pyproject.toml"])["project"]["dependencies"] == ["numpy==2.0", "own", "nb2prod==7.1"]
    assert files["requirements.lock"].count("not installed where the notebook was converted") == 3


@pytest.mark.parametrize("title", ['x"""\nimport os', "#{{ 1 }} | [a](b)", "C:\\temp `x`", "é\u2028\x00\x85"])
def test_text_of_a_notebook_is_text_everywhere(title: str) -> None:
    files = project(title).files
    assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == "handmade"
    assert ast.get_docstring(ast.parse(files["src/handmade/__init__.py"])) == " ".join(title.replace("\0", "").split())


def test_values_of_parameters_are_values_everywhere() -> None:
    values: tuple[object, ...] = ('"""\n{% raw %}', [1, {"a": (2,)}], float("-inf"), None, b"\x00", {1, 2}, True)
    parameters = tuple(
        Parameter(name=name(f"p{i}"), annotation="Any", default=value, comment="a\n# |b")
        for i, value in enumerate(values)
    )
    pipeline = Pipeline(name=name("p"), title="P", notebook="p.ipynb", notebook_sha256="", parameters=parameters)
    files = PLUGIN.render(pipeline, Notebook(name="p.ipynb", cells=(), text="{}\n")).files
    module = types.ModuleType("made_parameters")
    exec(compile(files["src/p/parameters.py"], "parameters.py", "exec"), module.__dict__)
    assert tuple(getattr(module.Parameters(), f"p{i}") for i in range(len(values))) == values
