"""`nb2prod explain`: the whole text for people, the data for machines, and its exit codes."""

import json
from pathlib import Path

import pytest

from nb2prod.cli.main import main

CHURN = Path(__file__).parents[2] / "example_notebooks" / "churn.ipynb"
CELLS = (
    ("rate = 2  # percent", "parameters"),
    ("import random", "imports"),
    ("def price(x):\n    return x * rate", "functions"),
    ("rows = [1, 2]\nsame = rows\nrandom.shuffle(rows)", "step:load"),
    ("rows.append(price(3))", "step:enrich"),
    ("total = sum(rows)\ndel same", "step:report"),
)


@pytest.fixture
def small(tmp_path: Path) -> str:
    return written(tmp_path / "a.ipynb", *CELLS)


def written(path: Path, *cells: tuple[str, str]) -> str:
    code: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {"tags": [tag]}, "outputs": [], "source": text}
        for text, tag in cells
    ]
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return str(path)


def test_all_steps(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", small]) == 0
    assert capsys.readouterr() == (OVERVIEW, "")


OVERVIEW = """\
a.ipynb: 3 steps
parameters: rate (cell 1)

load: cell 4
  out    rows    to enrich
  out    same    to enrich
  state  random  cell 4:3

enrich: cell 5
  in   rows   from load
  in   rate   parameter
  in   same   from load
  out  rows   to report
  out  same   to report
  def  price  it looks up 'rate', which is a parameter

report: cell 6
  in   rows   from enrich
  in   same   from enrich
  out  total  a result of the pipeline
"""


def test_one_step(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", small, "--step", "enrich"]) == 0
    assert capsys.readouterr() == (ENRICH, "")


ENRICH = """\
a.ipynb: step enrich, cell 5

in rows: from load
  read     cell 5:1  rows.append(price(3))
  made     cell 4:1  rows = [1, 2]
  changed  cell 4:3  random.shuffle(rows)

in rate: parameter
  read  cell 5:1 in price()  rows.append(price(3))
  made  cell 1:1             rate = 2  # percent

in same: from load
  made     cell 4:2  same = rows
  changed  cell 4:3  random.shuffle(rows)
  not read by name there: it is handed on, changed or as it came

out rows: to report
  changed  cell 5:1  rows.append(price(3))

out same: to report
  changed  cell 5:1  rows.append(price(3))

def price: it looks up 'rate', which is a parameter
  made  cell 3:1  def price(x):
"""


def test_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(CHURN), "--name", "customers"]) == 0
    assert capsys.readouterr() == (CUSTOMERS, "")


CUSTOMERS = """\
churn.ipynb: customers (data)

cell:line  step              what     code
8:3        load_customers    made     customers = pd.DataFrame(
8:14       load_customers    changed  customers.loc[rng.random(n_customers) < 0.04, "age"] = np.nan
9:3        load_customers    read     + 0.9 * (customers["plan"] == "basic")
9:9        load_customers    changed  customers["churned"] = (rng.random(n_customers) < sigmoid(risk)).astype(int)
10:1       load_customers    read     churn_rate(customers, "plan").plot.bar(rot=0, title="Share of customers who l...
12:1       prepare_features  read     median_age = customers["age"].median()
12:2       prepare_features  changed  customers["age_known"] = customers["age"].notna()
13:1       prepare_features  read     y = customers.pop("churned")
13:1       prepare_features  changed  y = customers.pop("churned")

versions, each as its step leaves it:
  1  load_customers    changed  cell 9:9
  2  prepare_features  changed  cell 13:1

handed on:
  load_customers -> prepare_features  cell 12:1 reads it

may share its object with: X, y
"""


def test_data_for_machines(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", small, "--name", "rows", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["notebook"], found["converts"], found["name"]["shares"]) == ("a.ipynb", True, ["same"])
    assert found["name"]["events"][0] == {
        "deed": "made",
        "cell": 4,
        "line": 1,
        "code": "rows = [1, 2]",
        "step": "load",
        "through": "",
    }
    assert main(["explain", small, "--name", "rows", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == found


def test_what_is_not_there(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", small, "--step", "lode"]) == 2
    assert capsys.readouterr().err == "error: a.ipynb has no step 'lode'; did you mean 'load'?\n"
    assert main(["explain", small, "--name", "row"]) == 2
    assert capsys.readouterr().err == "error: a.ipynb has no name 'row'; did you mean 'rows'?\n"


def test_a_refused_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "b.ipynb", ("rows = [1]\nexec(text)", "step:load"), ("n = sum(rows)", "step:add"))
    assert main(["explain", path]) == 0
    said = capsys.readouterr()
    assert said.out == (
        "b.ipynb: 2 steps\n\n"
        "load: cell 1\n  what it takes and gives is not known: see the findings\n\n"
        "add: cell 2\n  what it takes and gives is not known: see the findings\n"
    )
    assert "b.ipynb:cell 1:line 2: NB204 error: `exec()` runs code that cannot be read" in said.err
    assert "b.ipynb does not convert as it is" in said.err
