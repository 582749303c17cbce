"""Suggested tags: by statements, headings and dataflow; never over a tag that is there."""

import re
from dataclasses import replace
from itertools import groupby

import pytest

from nb2prod.analysis.suggest import suggest
from nb2prod.model.notebook import Cell, CellKind, Notebook


def notebook_of(*cells: str | tuple[str, str]) -> Notebook:
    """A cell that begins with #, a space and a capital is markdown; a tuple is a cell with its tag."""
    made = []
    for number, cell in enumerate(cells, start=1):
        source, tag = cell if isinstance(cell, tuple) else (cell, "")
        kind = CellKind.MARKDOWN if re.match(r"#+ [A-Z0-9b]", source) else CellKind.CODE
        made.append(Cell(number=number, kind=kind, source=source, tags=(tag,) if tag else ()))
    return Notebook(name="a.ipynb", cells=tuple(made))


def tags(*cells: str | tuple[str, str]) -> list[str]:
    return [suggestion.tag for suggestion in suggest(notebook_of(*cells))]


def test_headings_make_steps_and_statements_the_rest() -> None:
    assert tags(
        "# Which customers leave?",
        "import pandas as pd\npd.set_option('display.width', 100)",
        "rows = 3  # how many\nname = 'x'",
        "## 1. Load the **data**",
        "df = pd.DataFrame({'a': range(rows)})",
        "df.head()",
        "def double(x):\n    return 2 * x",
        "## Evaluate: [the model](http://x)",
        "y = double(df)",
    ) == ["imports", "parameters", "step:load_data", "skip", "functions", "step:evaluate_model"]


def test_the_shallowest_level_that_divides_the_work() -> None:
    assert tags("# A", "### One", "x = []", "### Two", "y = x + [1]") == ["step:one", "step:two"]
    assert tags("# A", "x = []", "# B", "### b1", "y = x", "### b2", "z = y") == ["step:a", "step:b", "step:b"]


def test_without_headings_each_cell_is_a_step() -> None:
    assert tags("#load all rows\nrows = list(range(3))", "total = sum(rows)", "print(total)") == [
        "step:load_all_rows",
        "step:make_total",
        "step:cell_3",
    ]


def test_a_step_never_has_the_name_of_something_in_the_code() -> None:
    assert tags("# T", "## Train", "train = []", "## Train", "y = train") == ["step:train_step", "step:train_step_2"]


def test_tags_that_are_there_stay() -> None:
    assert tags(("x = []", "step:load"), "## Load", "y = x", "## Show", "print(y)") == ["step:load_2", "step:show"]


def test_literals_after_work_or_in_a_loop_are_no_parameters() -> None:
    assert tags("# T", "## A", "x = list(range(3))", "k = 3", "## B", "y = x") == ["step:a", "step:a", "step:b"]


def test_what_holds_nothing_is_skipped() -> None:
    assert tags("# T", "## A", "x = []", "", "## B", "y = x") == ["step:a", "skip", "step:b"]


def test_names_say_what_the_code_does() -> None:
    assert tags(
        "customers = pd.read_csv('c.csv')",
        "customers = customers.dropna()",
        "train, test = train_test_split(customers)",
        "model = Ridge()\nmodel.fit(train, train.y)",
        "score = model.score(test, test.y)",
        "residuals = test.y - model.predict(test)\nplt.plot(residuals)\nplt.scatter(residuals, test.y)",
        "test.to_csv('out.csv')",
    ) == [
        "step:load_customers",
        "step:clean_customers",
        "step:split_data",
        "step:train_model",
        "step:evaluate_model",
        "step:predict_residuals",
        "step:save_test",
    ]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("RandomForestClassifier().fit(X, y)", "train_random_forest_classifier"),
        ("wines = load_wine(as_frame=True)", "load_wines"),
        ("df['ratio'] = df.a / df.b", "prepare_data"),
        ("orders['ratio'] = orders.a / orders.b", "prepare_orders"),
        ("monthly = orders.groupby('month').sum()", "prepare_monthly"),
        ("auc = roc_auc_score(y, p)", "evaluate_model"),
        ("plt.plot(residuals)", "plot_residuals"),
        ("forecasts.to_parquet('f.parquet')", "save_forecasts"),
        ("joblib.dump(pipeline, 'm.joblib')", "save_pipeline"),
        ("p = model.predict(X)", "predict_model"),
        ("# weigh the parcels\nw = 3 * q", "weigh_parcels"),
        ("total = a + b", "make_total"),
    ],
)
def test_a_name_from_code(code: str, name: str) -> None:
    assert tags(code, "z = q(1)") == [f"step:{name}", "step:make_z"]


def test_a_heading_that_does_not_tell_leaves_the_name_to_the_code() -> None:
    assert tags("# T", "## Introduction", "df = pd.read_csv('a.csv')", "## Step 2", "df = df.dropna()") == [
        "step:load_data",
        "step:clean_data",
    ]


def test_many_cells_without_headings_become_few_steps() -> None:
    cells = ["rows = load_rows()", *(f"x{n} = rows[{n}] * 2\nrows.append(x{n})" for n in range(38)), "m.fit(rows)"]
    found = tags(*cells)
    assert 3 <= len(set(found)) <= 8
    assert [tag for tag, _ in groupby(found)] == list(dict.fromkeys(found))


def test_what_only_shows_is_skipped() -> None:
    assert tags("df = pd.read_csv('a.csv')", "df.head()", "df.info()", "df.pop('a')", "print(df)")[1:3] == ["skip"] * 2


def test_functions_with_their_constants() -> None:
    assert tags("PLANS = ['a', 'b']\ndef f(x):\n    return x in PLANS", "y = f('a')")[0] == "functions"


def test_neighbours_that_cannot_be_parted_are_joined() -> None:
    made = suggest(notebook_of("rows = [1, 2]", "it = iter(rows)", "first = next(it)"))
    assert made[1].tag == made[2].tag != made[0].tag
    assert made[2].reason == "it cannot be parted from its neighbour: NB214"


def test_a_figure_that_is_drawn_over_cells_stays_in_one_step() -> None:
    found = tags("# T", "## A", "x = [1]\nfig, ax = plt.subplots()", "## B", "ax.plot(x)", "## C", "y = x")
    assert found == ["step:a", "step:a", "step:c"]


def test_a_suggestion_that_is_taken_suggests_nothing_more() -> None:
    notebook = notebook_of("import math", "n = 3", "y = math.sqrt(n)", "# T", "z = y", "z")
    made = {suggestion.cell: suggestion.tag for suggestion in suggest(notebook)}
    cells = [replace(cell, tags=(made[cell.number],) if cell.number in made else ()) for cell in notebook.cells]
    assert suggest(replace(notebook, cells=tuple(cells))) == ()
