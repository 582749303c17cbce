"""`look`: whatever a person has typed so far, there is an answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from nb2prod.analysis.parameters import declared_parameters
from nb2prod.api.look import look, to_json
from nb2prod.api.tag import suggestions
from nb2prod.errors import NotebookNotReadable, ParameterRefused
from nb2prod.execution.job_parameters import check
from nb2prod.notebooks.read import parse_notebook

PATH = Path("demo.ipynb")
Written = str | tuple[str, str] | dict[str, Any]


def text_of(*cells: Written, **metadata: Any) -> str:
    """A cell is its source, (tag, source), or a part of its JSON."""
    made = []
    for cell in cells:
        given = {"source": cell} if isinstance(cell, str) else cell
        if isinstance(given, tuple):
            given = {"metadata": {"tags": [given[0]]}, "source": given[1]}
        made.append({"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], **given})
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4})


def looked(*cells: Written, **metadata: Any) -> dict[str, Any]:
    found = to_json(look(PATH, text_of(*cells, **metadata)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


WHOLE: tuple[Written, ...] = (
    {"cell_type": "markdown", "source": "# Churn"},
    ("parameters", "n = 3  # rows"),
    ("imports", "import numpy as np"),
    ("functions", "def double(x):\n    return 2 * x"),
    {"cell_type": "markdown", "source": "## Load the rows"},
    {"metadata": {"tags": ["step:load"], "nb2prod": {"retries": 2}}, "source": "rows = np.arange(n)\nrows[0] = 1"},
    "rows = double(rows)",
    ("skip", "rows"),
    {"metadata": {"tags": ["step:score", "metrics"]}, "source": "total = rows.sum()"},
    ("step:draw", "np.random.seed(1)\nnoise = np.random.rand(3)"),
    ("step:more", "other = np.random.rand(n)"),
)


def test_all_of_it() -> None:
    found = looked(*WHOLE)
    assert (found["refused"], found["converts"], found["tagged"]) == (None, True, True)
    assert [(cell["role"], cell["step"], cell["own"]) for cell in found["cells"]] == [
        (None, None, False),
        ("parameters", None, True),
        ("imports", None, True),
        ("functions", None, True),
        (None, None, False),
        ("step", "load", True),
        ("step", "load", False),
        ("skip", None, True),
        ("step", "score", True),
        ("step", "draw", True),
        ("step", "more", True),
    ]
    assert found["cells"][5]["options"] == {"retries": 2}
    assert [cell["number"] for cell in found["cells"] if cell["metrics"]] == [9]
    assert found["steps"][0] == {
        "name": "load",
        "summary": "Load the rows",
        "cells": [6, 7],
        "inputs": [{"name": "n", "source": "", "code": "rows = np.arange(n)", "cell": 6, "line": 1}],
        "outputs": [{"name": "rows", "readers": ["score"], "is_result": False, "cell": 7}],
        "state": [],
        "functions": ["double"],
        "options": {"retries": 2},
        "metrics": [],
        "inference": False,
        "is_wired": True,
    }
    assert found["steps"][1]["metrics"] == ["total"]
    assert found["steps"][1]["outputs"] == [{"name": "total", "readers": [], "is_result": True, "cell": 9}]
    assert found["edges"] == [
        {"source": "", "target": "load", "kind": "data", "names": ["n"]},
        {"source": "load", "target": "score", "kind": "data", "names": ["rows"]},
        {"source": "", "target": "more", "kind": "data", "names": ["n"]},
        {"source": "draw", "target": "more", "kind": "order", "names": ["numpy.random"]},
    ]


def test_parameters_are_those_that_a_run_accepts() -> None:
    source = (
        "from typing import Literal\nkind: Literal['a', 'b'] = 'a'  # which\nsize: int\n"
        "limit: Literal[1, 2] | None = None\n"
        "pair = (1, 2)\napi_token = ''\nstart = today()\nfar = float('inf')\nrate: float = 1e400"
    )
    found = {each["name"]: each for each in looked(("parameters", source), "x = size")["parameters"]}
    assert found["kind"] == {
        "name": "kind",
        "annotation": "Literal['a', 'b']",
        "default": "a",
        "default_text": "'a'",
        "comment": "which",
        "choices": ["a", "b"],
        "cell": 1,
        "line": 2,
        "secret": False,
    }
    assert (found["size"]["default"], found["size"]["default_text"]) == (None, "")
    assert found["limit"]["choices"] == [1, 2, None]
    assert found["pair"]["default"] == {"python": "(1, 2)"}
    assert (found["api_token"]["secret"], found["pair"]["secret"]) == (True, False)
    assert (found["start"]["default"], found["start"]["default_text"]) == (None, "today()")
    declared = declared_parameters(parse_notebook(PATH, text_of(("parameters", source))))
    for choice in found["kind"]["choices"]:
        assert check(declared, {"kind": choice, "size": 1})["kind"] == choice
    with pytest.raises(ParameterRefused):
        check(declared, {"kind": "c", "size": 1})


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (("x = (", ("step:a", "y = 1")), ["NB202"]),
        (("",), ["NB303"]),
        (("%run other.py", ("step:a", "y = 1")), ["NB201"]),
        ((("step:a", "y = nothing"),), ["NB101"]),
    ],
)
def test_half_typed(cells: tuple[Written, ...], codes: list[str]) -> None:
    found = looked(*cells)
    assert found["refused"] is None
    assert not found["converts"]
    assert [each["code"] for each in found["findings"] if each["severity"] == "error"] == codes
    assert len(found["cells"]) == len(cells)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("stepp:b", "y = 1"), "did you mean 'step:b'"),
        ({"metadata": {"tags": ["skip", "imports"]}, "source": "y = 1"}, "contradict each other"),
        ({"metadata": {"tags": ["step:a*b"]}, "source": "y = 1"}, "cannot be used as a name"),
        ({"metadata": {"tags": ["step:b"], "nb2prod": {"retry": 1}}, "source": "y = 1"}, "no option is called 'retry'"),
        ({"metadata": {"nb2prod": {"retries": "2"}}, "source": "y = 1"}, "must be a whole number"),
        ({"metadata": {"tags": ["skip"], "nb2prod": {"retries": 2}}, "source": "y = 1"}, "it has options of a step"),
        ({"metadata": {"tags": ["step:b", "timeout:soon"]}, "source": "y = 1"}, "needs a whole number"),
        ({"metadata": {"tags": ["step:A"]}, "source": "y = 1"}, "both become a"),
    ],
)
def test_a_wrong_tag_or_option_leaves_the_others(wrong: Written, said: str) -> None:
    found = looked(("step:a", "x = 1"), wrong, ("step:c", "z = x"), ("functions", "def f(): ..."))
    assert said in found["refused"]
    assert (found["converts"], found["tagged"]) == (False, True)
    assert [(each["cell"], said in each["message"]) for each in found["findings"] if each["code"] == "NB305"] == [
        (2, True)
    ]
    roles = [(cell["role"], cell["step"]) for cell in found["cells"]]
    assert (roles[0], roles[2], roles[3]) == (("step", "a"), ("step", "c"), ("functions", None))
    assert {"source": "a", "target": "c", "kind": "data", "names": ["x"]} in found["edges"]


def test_each_wrong_option_is_told_at_its_own_cell() -> None:
    wrong = [
        {"metadata": {"tags": ["skip"], "nb2prod": {"retry": 1}}, "source": "y = 1"},
        {"metadata": {"tags": ["step:a"], "nb2prod": {"retries": "2"}}, "source": "x = 1"},
        {"metadata": {"nb2prod": {"again": 2}}, "source": "z = x"},
    ]
    found = {each["cell"]: each["message"] for each in looked(*wrong)["findings"] if each["code"] == "NB305"}
    assert found == {
        1: "demo.ipynb: cell 1: it has options of a step, and belongs to none",
        2: "demo.ipynb: step a: the option 'retries' is '2', and must be a whole number, 0 or more",
        3: "demo.ipynb: step a: no option is called 'again'; the options are retries, timeout, cache, cpu, memory, gpu",
    }


def test_what_is_no_python_and_what_has_no_code() -> None:
    found = looked("x <- 1", kernelspec={"name": "ir", "language": "R", "display_name": "R"})
    assert "written in R" in found["refused"]
    assert [(cell["kind"], cell["role"]) for cell in found["cells"]] == [("code", None)]
    assert looked()["refused"] == "it has no code cells"
    assert looked({"cell_type": "markdown", "source": "# x"})["cells"][0]["kind"] == "markdown"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"nbformat": 4, "cells": [3], "metadata": {}}'])
def test_what_is_no_notebook(text: str) -> None:
    with pytest.raises(NotebookNotReadable):
        look(PATH, text)


def test_knowledge_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "nb2prod.toml").write_text("[knowledge]\nnonsense = 3\n")
    found = look(tmp_path / "demo.ipynb", text_of("x = 1"))
    assert found.refused is not None
    assert "nb2prod.toml" in found.refused
    assert found.steps


def test_findings_have_their_fix() -> None:
    finding = next(each for each in looked("%matplotlib inline\nx = 1")["findings"] if each["code"] == "NB407")
    assert finding["fix"] == {
        "title": "Remove `%matplotlib inline`, which production does without",
        "edits": [{"cell": 1, "first": 1, "last": 1, "text": ""}],
    }


def test_suggestions() -> None:
    found = suggestions(PATH, text_of("import json", "def f(x):\n    return x", "y = f(json.dumps(1))"))
    assert [(each["cell"], each["tag"]) for each in found][:2] == [(1, "imports"), (2, "functions")]
    assert all(each["reason"] for each in found)
