"""The explanation as data: every name with the places that make, change and read it."""

from pathlib import Path

import pytest

from nb2prod.analysis.explain import explain
from nb2prod.errors import NotInNotebook
from nb2prod.model.explanation import Deed, Event
from nb2prod.model.notebook import Cell, CellKind, Notebook
from nb2prod.notebooks.read import read_notebook

CHURN = Path(__file__).parents[2] / "example_notebooks" / "churn.ipynb"
SHARED = (
    ("rate = 2", "parameters"),
    ("def price(x):\n    return x * rate", "functions"),
    ("rows = [1, 2]\nsame = rows", "step:load"),
    ("if len(rows) > 5:\n    best = 0\nrows.append(price(3))", "step:enrich"),
    ("total = sum(map(price, rows))\ndel same", "step:report"),
)


def notebook(*cells: tuple[str, str]) -> Notebook:
    made = [
        Cell(number=number, kind=CellKind.CODE, source=source, tags=tuple(tags.split()))
        for number, (source, tags) in enumerate(cells, start=1)
    ]
    return Notebook(name="a.ipynb", cells=tuple(made))


def told(event: Event | None) -> str:
    if event is None:
        return ""
    through = f" in {event.through}" if event.through else ""
    return f"{event.deed} at {event.cell}:{event.line}{through}: {event.code}"


def test_the_history_of_a_name() -> None:
    history = explain(notebook(*SHARED), name="rows").name
    assert history is not None
    assert [(event.step, told(event)) for event in history.events] == [
        ("load", "made at 3:1: rows = [1, 2]"),
        ("enrich", "read at 4:1: if len(rows) > 5:"),
        ("enrich", "changed at 4:3: rows.append(price(3))"),
        ("report", "read at 5:1: total = sum(map(price, rows))"),
    ]
    assert [(version.step, told(version.last)) for version in history.versions] == [
        ("load", "made at 3:1: rows = [1, 2]"),
        ("enrich", "changed at 4:3: rows.append(price(3))"),
    ]
    assert history.shares == ("same",)
    assert [(edge.source, edge.target) for edge in history.edges] == [("load", "enrich"), ("enrich", "report")]


def test_an_input_knows_who_made_it_and_who_changed_it() -> None:
    (step,) = explain(notebook(*SHARED), step="report").steps
    rows = {given.name: given for given in step.inputs}["rows"]
    assert (rows.source, told(rows.read), told(rows.made), told(rows.changed)) == (
        "enrich",
        "read at 5:1: total = sum(map(price, rows))",
        "made at 3:1: rows = [1, 2]",
        "changed at 4:3: rows.append(price(3))",
    )


def test_a_read_inside_a_function_names_the_function() -> None:
    (step,) = explain(notebook(*SHARED), step="enrich").steps
    rate = {given.name: given for given in step.inputs}["rate"]
    assert (rate.source, told(rate.read)) == ("", "read at 4:3 in price: rows.append(price(3))")
    (again,) = step.redefined
    assert (again.name, again.why) == ("price", "it looks up 'rate', which is a parameter")


def test_a_name_that_shares_its_object_is_handed_on_unread() -> None:
    (step,) = explain(notebook(*SHARED), step="enrich").steps
    same = {given.name: given for given in step.inputs}["same"]
    assert (same.read, told(same.made)) == (None, "made at 3:2: same = rows")
    outputs = {made.name: (told(made.because), made.readers) for made in step.outputs}
    assert outputs["same"] == ("changed at 4:3: rows.append(price(3))", ("report",))


def test_a_change_after_the_name_was_made_in_the_same_cell() -> None:
    history = explain(notebook(("xs = []\nxs.append(1)", "step:a"), ("n = len(xs)", "step:b")), name="xs").name
    assert history is not None
    assert [event.deed for event in history.events] == [Deed.MADE, Deed.CHANGED, Deed.READ]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("def f():\n    global n\n    n = 1", "it binds 'n'"),
        ("def f():\n    xs.append(1)", "it changes 'xs'"),
        (
            "def f(a=[]):\n    a.append(1)\n    return xs",
            "it keeps state: the default of its argument 'a' is one object for all calls",
        ),
        ("def f():\n    return xs", "it looks up 'xs', which is data"),
    ],
)
def test_why_a_definition_is_not_shared(body: str, why: str) -> None:
    found = explain(notebook(("xs = []", "step:a"), (body, "functions"), ("y = f()", "step:b")))
    assert [again.why for again in found.steps[-1].redefined] == [why]


def test_hidden_state() -> None:
    found = explain(notebook(("import random", "imports"), ("x = 1\ny = random.random()", "step:a")))
    assert [(state.name, told(state.touched)) for state in found.steps[0].state] == [
        ("random", "read at 2:2: y = random.random()")
    ]


def test_a_refused_notebook_is_explained_as_far_as_it_is_known() -> None:
    wired = explain(notebook(("rows = [1]", "step:a"), ("n = sum(rows) + gone", "step:b")))
    assert (wired.converts, [finding.code for finding in wired.findings]) == (False, ["NB101"])
    assert [(given.name, given.source) for given in wired.steps[1].inputs] == [("rows", "a")]
    blind = explain(notebook(("rows = [1]\nexec(text)", "step:a"), ("n = sum(rows)", "step:b")), name="rows")
    assert [(step.name, step.cells, step.is_wired) for step in blind.steps] == [("a", (1,), False), ("b", (2,), False)]
    assert blind.name is not None
    assert [told(event) for event in blind.name.events] == ["made at 1:1: rows = [1]", "read at 2:1: n = sum(rows)"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"step": "lode"}, "a.ipynb has no step 'lode'; did you mean 'load'?"),
        ({"name": "row"}, "a.ipynb has no name 'row'; did you mean 'rows'?"),
        ({"step": "zzz"}, "a.ipynb has no step 'zzz'; it has load, enrich, report"),
    ],
)
def test_what_is_not_there_is_refused_with_the_closest(asked: dict[str, str], said: str) -> None:
    with pytest.raises(NotInNotebook) as error:
        explain(notebook(*SHARED), asked.get("step"), asked.get("name"))
    assert str(error.value) == said


def test_the_churn_example() -> None:
    found = explain(read_notebook(CHURN))
    edges = {(given.source, given.name, step.name) for step in found.steps for given in step.inputs if given.source}
    assert edges == {
        ("load_customers", "customers", "prepare_features"),
        ("prepare_features", "X", "train_model"),
        ("prepare_features", "y", "train_model"),
        ("train_model", "model", "evaluate"),
        ("train_model", "X_test", "evaluate"),
        ("train_model", "y_test", "evaluate"),
        ("prepare_features", "median_age", "predict"),
        ("train_model", "model", "predict"),
        ("prepare_features", "X", "predict"),
    }
    model = {made.name: made for made in found.steps[2].outputs}["model"]
    assert (told(model.because), model.is_result) == ("changed at 16:4: model.fit(X_train, y_train)", True)
