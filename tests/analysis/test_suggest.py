"""Suggested tags: by statements, headings and dataflow; never over a tag that is there."""

from nb2prod.analysis.suggest import suggest
from nb2prod.model.notebook import Cell, CellKind, Notebook


def tags(*cells: str | tuple[str, str]) -> list[str]:
    """A cell that begins with # and a space is markdown; a tuple is a cell with its tag."""
    made = []
    for number, cell in enumerate(cells, start=1):
        source, tag = cell if isinstance(cell, tuple) else (cell, "")
        kind = CellKind.MARKDOWN if source.startswith(("# ", "## ", "### ")) else CellKind.CODE
        made.append(Cell(number=number, kind=kind, source=source, tags=(tag,) if tag else ()))
    return [suggestion.tag for suggestion in suggest(Notebook(name="a.ipynb", cells=tuple(made)))]


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
    ) == ["imports", "parameters", "step:load_data", "step:load_data", "functions", "step:evaluate_model"]


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
