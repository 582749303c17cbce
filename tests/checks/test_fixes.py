"""Fixes: each makes its finding go away and no other come, keeps all other lines, and is Python."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from checks.conftest import Written, notebook_of

from nb2prod.analysis.build import plan
from nb2prod.analysis.fixes import applied, disjoint
from nb2prod.analysis.magics import lower
from nb2prod.api.check import check, fix
from nb2prod.checks.check import all_checks, run_checks
from nb2prod.checks.manual import PAGES
from nb2prod.model.finding import Finding, Fix
from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.read import read_notebook

ROOT = Path(__file__).parents[2]

# what each line becomes, and the cell in which it stands where that is not the only one
CASES: list[tuple[str, tuple[Written, ...], tuple[str, ...]]] = [
    ("NB406", ("from math import *\nprint(sqrt(pi))",), ("from math import pi, sqrt\nprint(sqrt(pi))",)),
    (
        "NB406",
        ("if True:\n    from math import *", "x = floor(2.5)"),
        ("if True:\n    from math import floor", "x = floor(2.5)"),
    ),
    ("NB406", ("from math import *; a = 'ä'; b = e", "c = b"), ("from math import e; a = 'ä'; b = e", "c = b")),
    ("NB407", ("%matplotlib inline\nx = 1  # ein",), ("x = 1  # ein",)),
    ("NB407", ("x = 1\nx?\n\ny = x",), ("x = 1\n\ny = x",)),
    ("NB407", ("%config InlineBackend.figure_format = 'retina'", "y = 2"), ("", "y = 2")),
    ("NB407", ("!ls data\nx = 1",), ("x = 1",)),
    (
        "NB409",
        ("password = 'hunter22'\nlog(password)",),
        ('import os\npassword = os.environ["PASSWORD"]\nlog(password)',),
    ),
    (
        "NB409",
        (("imports", "# all of them\nimport json"), ("step:load", "x = 1\nconnect('ä', password='hunter22')")),
        ("# all of them\nimport os\nimport json", "x = 1\nconnect('ä', password=os.environ[\"PASSWORD\"])"),
    ),
    (
        "NB409",
        ("import os\nhost = os.environ['HOST']", "settings = {'secret_key': 'hunter22', 'api_key': 'hunter23'}"),
        (
            "import os\nhost = os.environ['HOST']",
            "settings = {'secret_key': os.environ[\"SECRET_KEY\"], 'api_key': os.environ[\"API_KEY\"]}",
        ),
    ),
    (
        "NB409",
        (
            "from __future__ import annotations\nimport json\nengine = connect(\n    'postgresql://ann:hunter22@db/churn'\n)",
        ),
        ('from __future__ import annotations\nimport os\nimport json\nengine = connect(\n    os.environ["SECRET"]\n)',),
    ),
    ("NB410", ("for x in {'a', 'b'}:\n    print(x)",), ("for x in sorted({'a', 'b'}):\n    print(x)",)),
    ("NB410", ("for x in {f(), g()}:\n    print(x)",), ("for x in [f(), g()]:\n    print(x)",)),
    (
        "NB410",
        ("seen = set(rows)\nfor i, x in enumerate(seen): print(x)",),
        ("seen = set(rows)\nfor i, x in enumerate(sorted(seen)): print(x)",),
    ),
    ("NB404", ("try:\n    f()\nexcept:\n    pass",), ("try:\n    f()\nexcept:\n    raise",)),
    ("NB404", ("try: f()\nexcept Exception: pass",), ("try: f()\nexcept Exception: raise",)),
    (
        "NB404",
        ("for x in rows:\n    try:\n        f(x)\n    except Exception as e:\n        print(e)\n    y = x",),
        (
            "for x in rows:\n    try:\n        f(x)\n    except Exception as e:\n"
            "        print(e)\n        raise\n    y = x",
        ),
    ),
    (
        "NB405",
        (
            "from sklearn.model_selection import train_test_split\n"
            "a, b = train_test_split(\n    df,\n    test_size=0.25,\n)",
        ),
        (
            "from sklearn.model_selection import train_test_split\n"
            "a, b = train_test_split(\n    df,\n    test_size=0.25, random_state=0,\n)",
        ),
    ),
    (
        "NB405",
        (
            "from sklearn.ensemble import RandomForestClassifier as Forest",
            "one, two = Forest(), Forest(random_state=None)\nthree = Forest(10)",
        ),
        (
            "from sklearn.ensemble import RandomForestClassifier as Forest",
            "one, two = Forest(random_state=0), Forest(random_state=0)\nthree = Forest(10, random_state=0)",
        ),
    ),
    (
        "NB405",
        (("parameters", "seed = 7"), ("step:a", "import numpy as np\nrng = np.random.default_rng()\nx = df.sample(3)")),
        ("seed = 7", "import numpy as np\nrng = np.random.default_rng(seed)\nx = df.sample(3)"),
    ),
    (
        "NB215",
        ('x = 1\nif __name__ == "__main__":\n    # go\n    y = 2\n\n    z = 3\nw = 4',),
        ("x = 1\n# go\ny = 2\n\nz = 3\nw = 4",),
    ),
    ("NB211", ("global x\nx = 1\nprint(x)",), ("x = 1\nprint(x)",)),
]
# where no fix is mechanical, or none would be safe
NONE = [
    ("NB406", ("from math import *\nx = 1",)),
    ("NB407", ("%%html\n<b>x</b>", "x = 1")),
    ("NB409", (("parameters", "password = 'hunter22'"),)),
    ("NB409", ("%env API_KEY=abcd1234",)),
    ("NB409", ("x = f'postgresql://ann:hunter22@db/{name}'",)),
    ("NB405", ("import numpy as np\nx = np.random.rand(3)",)),
    ("NB404", ("from contextlib import suppress\nwith suppress(Exception):\n    f()",)),
    ("NB215", ('if __name__ == "__main__":\n    x = """\n    a\n    """',)),
]


def found_in(notebook: Notebook) -> list[Finding]:
    planned = plan(notebook)
    return sorted({*planned.findings, *run_checks(planned.analysis)})


def mended(notebook: Notebook, made: Fix) -> Notebook:
    _, edits = disjoint([made])
    cells = [replace(cell, source=applied(cell.source, edits.get(cell.number, ()))) for cell in notebook.cells]
    return replace(notebook, cells=tuple(cells))


@pytest.mark.parametrize(("code", "cells", "expected"), CASES)
def test_a_fix_and_nothing_else(code: str, cells: tuple[Written, ...], expected: tuple[str, ...]) -> None:
    notebook = notebook_of(cells)
    before = found_in(notebook)
    finding = next(each for each in before if each.code == code and each.fix)
    assert finding.fix is not None
    after = mended(notebook, finding.fix)
    assert tuple(cell.source for cell in after.cells) == expected
    assert [lower(cell).error for cell in after.cells] == [""] * len(after.cells)
    held(notebook)


def page_examples() -> list[str]:
    """What each page of the manual says to write otherwise."""
    found = []
    for page in (*PAGES.values(), *(rule.page for rule in all_checks())):
        lines = page.partition("Instead of     ")[2].partition("\nwrite ")[0].split("\n")
        found.append("\n".join([lines[0], *(line[15:] for line in lines[1:])]))
    return found


def example_notebooks() -> Iterator[Notebook]:
    for path in sorted(ROOT.glob("example_notebooks/*.ipynb")) + sorted(ROOT.glob("tests/golden/*/notebook.ipynb")):
        yield read_notebook(path)


@pytest.mark.parametrize("source", page_examples())
def test_examples_of_the_manual(source: str) -> None:
    imports = "import numpy as np\nimport pandas as pd\nfrom sklearn.model_selection import train_test_split"
    for tag in ("step:a", "skip", ""):
        held(notebook_of((("imports", imports), (tag, source))))
    held(notebook_of((source,)))


def test_every_cell_of_the_cases_together() -> None:
    held(notebook_of(tuple(cell for _, cells, _ in CASES for cell in cells)))


def test_examples() -> None:
    for notebook in example_notebooks():
        held(notebook)


def held(notebook: Notebook) -> None:
    """Each fix of a notebook: its finding goes, none comes, other lines stay, and all is Python."""
    before = found_in(notebook)
    for finding in before:
        if finding.fix is not None:
            after = mended(notebook, finding.fix)
            told = Counter((each.code, each.message) for each in before)
            told.subtract((each.code, each.message) for each in found_in(after))
            assert told[finding.code, finding.message] >= 1, finding
            assert -told == Counter(), finding
            errors = [lower(cell).error for cell in notebook.code_cells]
            assert [lower(cell).error for cell in after.code_cells] == errors
            keeps_other_lines(notebook, after, finding.fix)


def keeps_other_lines(before: Notebook, after: Notebook, made: Fix) -> None:
    for old, new in zip(before.cells, after.cells, strict=True):
        edits = [edit for edit in made.edits if edit.cell == old.number]
        lines, rest = old.source.split("\n"), new.source.split("\n")
        for edit in sorted(edits, key=lambda edit: (edit.first, edit.last)):
            count = edit.first - 1 - (len(old.source.split("\n")) - len(lines))
            assert lines[:count] == rest[:count]
            lines, rest = lines[count + edit.last - edit.first + 1 :], rest[count:]
            text = edit.text.split("\n") if edit.text else []
            assert rest[: len(text)] == text
            rest = rest[len(text) :]
        assert lines == rest or (lines == [] and rest == [""])


@pytest.mark.parametrize(("code", "cells"), NONE)
def test_no_fix(code: str, cells: tuple[Written, ...]) -> None:
    found = [each for each in found_in(notebook_of(cells)) if each.code == code]
    assert [each.fix for each in found] == [None] * len(found) != []


def test_a_secret_in_two_cells_is_one_variable_and_two_secrets_are_two() -> None:
    cells = (
        "import os\na = connect(password='hunter22')",
        "b = connect(password='hunter22')",
        "c = connect(password='x9x9x9')",
    )
    found = [each.fix for each in found_in(notebook_of(cells)) if each.code == "NB409" and each.fix]
    assert [each.edits[-1].text for each in found] == [
        'a = connect(password=os.environ["PASSWORD"])',
        'b = connect(password=os.environ["PASSWORD"])',
        'c = connect(password=os.environ["PASSWORD_2"])',
    ]  # fmt: skip


def test_the_secret_is_nowhere_in_its_fix() -> None:
    found = [each.fix for each in found_in(notebook_of(("password = 'hunter22'",))) if each.code == "NB409"]
    assert "hunter22" not in repr(found)


def written(path: Path, *sources: str) -> Path:
    cells = [
        {"cell_type": "code", "execution_count": 3, "metadata": {"a": [1]}, "outputs": [{"ä": 1}], "source": source}
        for source in sources
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {"x": "ü"}, "nbformat": 4, "nbformat_minor": 4}, indent=1))
    return path


def test_fixes_are_written_and_nothing_else(tmp_path: Path) -> None:
    path = written(
        tmp_path / "demo.ipynb", "%matplotlib inline\nx = 1", "y = 'as it is'", "try:\n    f()\nexcept:\n    pass\n"
    )
    before = json.loads(path.read_text())
    done = fix(path)
    assert [(each.code, each.cell) for each in done.fixed] == [("NB407", 1), ("NB404", 3)]
    after = json.loads(path.read_text())
    assert [cell.pop("source") for cell in after["cells"]] == [
        "x = 1",
        "y = 'as it is'",
        "try:\n    f()\nexcept:\n    raise\n",
    ]
    for cell in before["cells"]:
        del cell["source"]
    assert after == before
    assert not any(each.fix for each in check(path))
    assert fix(path).fixed == ()


def test_a_fix_that_overlaps_another_is_left(tmp_path: Path) -> None:
    source = (
        "from sklearn.ensemble import AdaBoostClassifier\nfrom sklearn.tree import DecisionTreeClassifier\n"
        "a, b = AdaBoostClassifier(), DecisionTreeClassifier()"
    )
    path = written(tmp_path / "demo.ipynb", source)
    done = fix(path)
    assert (len(done.fixed), len(done.left)) == (1, 1)
    assert (len(fix(path).fixed), json.loads(path.read_text())["cells"][0]["source"].splitlines()[-1]) == (
        1,
        "a, b = AdaBoostClassifier(random_state=0), DecisionTreeClassifier(random_state=0)",
    )


def test_ends_of_lines_stay(tmp_path: Path) -> None:
    path = written(tmp_path / "demo.ipynb", "%matplotlib inline\r\nx = 1\r\ny = 2")
    fix(path)
    assert json.loads(path.read_text())["cells"][0]["source"] == "x = 1\r\ny = 2"
