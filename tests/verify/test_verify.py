"""Verification as a user meets it: what is equal, what differs and by what, and why a side did not run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nb2prod.api.convert import convert
from nb2prod.api.verify import Verification, verify
from nb2prod.notebooks.read import read_notebook
from nb2prod.runtime.recorded import differences
from nb2prod.verify.notebook import capture_notebook

from .conftest import Project, write_notebook

pytestmark = pytest.mark.slow

LOAD = "import numpy as np\nvalues = np.arange(6.0)\ncount = len(values)"
MEAN = "mean = values.mean()\n\ndef half(x):\n    return x / 2\n\nlow = half(mean)"


def table(found: Verification) -> list[tuple[str, str, str, str]]:
    return [(row.step, row.name, row.status.value, row.reason) for row in found.rows]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def step_file(folder: Path, name: str) -> Path:
    return folder / "src" / "demo" / "steps" / f"{name}.py"


def test_a_converted_notebook_is_equal_until_a_step_is_edited(project: Project) -> None:
    folder = project(LOAD, MEAN)

    found = verify(folder)
    assert table(found) == [
        ("s1", "count", "equal", ""),
        ("s1", "values", "equal", ""),
        ("s2", "low", "equal", ""),
        ("s2", "mean", "equal", ""),
    ]
    assert (found.equal, found.exit_code) == (True, 0)

    edit(step_file(folder, "s2"), "values.mean()", "values.mean() + 0.001")
    edited = verify(folder)
    assert [row for row in table(edited) if row[2] == "different"] == [
        ("s2", "low", "different", "1.2505 against 1.25"),
        ("s2", "mean", "different", "2.501 against 2.5"),
    ]
    assert (edited.equal, edited.exit_code) == (False, 1)
    assert edited.to_text().endswith(
        "2 of 4 values differ from demo.ipynb; run with --twice to see whether the notebook itself is deterministic"
    )
    assert json.loads(json.dumps(edited.to_json()))["counts"] == {
        "equal": 2,
        "different": 2,
        "not deterministic": 0,
        "not compared": 0,
    }


def test_what_chance_makes_is_told_from_an_error_by_a_second_run(project: Project) -> None:
    folder = project("import os\ntoken = os.urandom(8)\nsize = len(token)")

    once = verify(folder)
    assert [row[:3] for row in table(once)] == [("s1", "size", "equal"), ("s1", "token", "different")]
    assert once.exit_code == 1

    twice = verify(folder, twice=True)
    assert [row[:3] for row in table(twice)] == [("s1", "size", "equal"), ("s1", "token", "not deterministic")]
    assert twice.exit_code == 0


def test_numbers_that_nobody_seeded_are_the_same_on_both_sides(project: Project) -> None:
    found = verify(project("import random\nimport numpy as np\na = np.random.rand(3)", "b = random.random()"))
    assert table(found) == [("s1", "a", "equal", ""), ("s2", "b", "equal", "")]


def test_both_sides_write_in_copies_and_read_what_they_wrote(project: Project, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("1 2 3", encoding="utf-8")
    folder = project(
        "text = open('data.txt').read()\nwith open('data.txt', 'w') as file:\n    _ = file.write(text + ' 4')",
        "total = sum(map(int, open('data.txt').read().split()))",
    )
    found = verify(folder)
    assert [row for row in table(found) if row[1] in ("text", "total")] == [
        ("s1", "text", "equal", ""),
        ("s2", "total", "equal", ""),
    ]
    assert found.equal
    assert (tmp_path / "data.txt").read_text(encoding="utf-8") == "1 2 3"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.txt", "demo.ipynb", "project"]


def test_both_sides_import_from_the_folder_and_none_breaks_by_it(project: Project, tmp_path: Path) -> None:
    (tmp_path / "ours.py").write_text("VALUE = 3", encoding="utf-8")
    (tmp_path / "fractions.py").write_text("raise RuntimeError('not the real one')", encoding="utf-8")
    assert table(verify(project("import ours\nx = ours.VALUE"))) == [("s1", "x", "equal", "")]


def test_both_sides_find_what_stands_above_their_folder(tmp_path: Path) -> None:
    """Data and modules of a repository beside its folder of notebooks; what is written there stays in the copies."""
    repository = tmp_path / "repository"
    for place, text in (("data/x.txt", "3"), ("lib/ours.py", "VALUE = 4"), ("notebooks/demo.ipynb", "")):
        (repository / place).parent.mkdir(parents=True)
        (repository / place).write_text(text, encoding="utf-8")
    notebook = write_notebook(
        repository / "notebooks" / "demo.ipynb",
        [
            "import os, sys\nroot = os.path.abspath('..')\nif root not in sys.path:\n    sys.path.append(root)\na = 1",
            "from lib.ours import VALUE\nx = VALUE + int(open('../data/x.txt').read())",
            "with open('../data/new.txt', 'w') as file:\n    n = file.write(str(x))",
        ],
    )
    folder = convert(notebook, repository / "out" / "demo", record=True).folder
    for isolated in (False, True):
        found = verify(folder, isolated=isolated)
        assert found.equal
        assert {("s1", "root", "equal", ""), ("s2", "x", "equal", "")} <= set(table(found))
    assert differences("demo", folder / "tests" / "fingerprints.json", notebook.parent) == []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    passed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert passed.returncode == 0, passed.stdout
    assert [path.name for path in (repository / "data").iterdir()] == ["x.txt"]


def test_cells_marked_skip_do_not_run(project: Project) -> None:
    found = verify(project("x = 1", "# tags: skip\nraise RuntimeError", "y = x + 1"))
    assert table(found) == [("s1", "x", "equal", ""), ("s3", "y", "equal", "")]


def test_a_value_is_looked_at_before_a_later_step_changes_it(project: Project) -> None:
    found = verify(project("x = [1]", "x.append(2)", "x = None\ndel x"))
    assert table(found) == [
        ("s1", "x", "equal", ""),
        ("s2", "x", "equal", ""),
        ("s3", "x", "not compared", "the notebook has deleted it, or never bound it"),
    ]


def test_looking_leaves_no_trace_in_the_notebook(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path / "demo.ipynb",
        [
            "1 + 1",
            "before = _, len(In), sorted(Out), sorted(name for name in globals() if name[0] != '_')",
            "after = _, len(In), sorted(Out), sorted(name for name in globals() if name[0] != '_')",
        ],
    )
    entry = {"cells": [1, 2, 3], "touched": {"before": 2, "after": 3}}
    notebook = read_notebook(path)
    seen = [capture_notebook(notebook, {"s": entry}, tmp_path), capture_notebook(notebook, {"t": entry}, tmp_path)]
    # looked at after cell 3 only, against after both
    alone = capture_notebook(notebook, {"s": {"cells": [3], "touched": {"after": 3}}}, tmp_path)
    assert seen[0]["s"] == seen[1]["t"]
    assert alone["s"]["after"] == seen[0]["s"]["after"]


def test_nothing_compared_is_nothing_proven(project: Project) -> None:
    found = verify(project("def f():\n    return 1"))
    assert (found.equal, found.exit_code) == (False, 1)
    assert found.to_text().endswith("nothing could be compared, so nothing is proven")


def test_a_notebook_that_fails_is_told_with_its_cell(project: Project) -> None:
    found = verify(project("x = 0", "y = 1 / x"))
    assert found.failure == "the notebook demo.ipynb failed at cell 2: ZeroDivisionError: division by zero"
    assert found.exit_code == 3


def test_a_cell_that_takes_too_long(project: Project) -> None:
    found = verify(project("x = 0", "import time\ntime.sleep(60)"), timeout=3)
    assert found.failure == "the notebook demo.ipynb failed at cell 2: it ran for over 3 s"
    assert found.exit_code == 4


def test_a_kernel_that_dies(project: Project) -> None:
    found = verify(project("x = 0", "import os\nos.kill(os.getpid(), 9)"))
    assert found.failure == "the notebook demo.ipynb failed at cell 2: the kernel died"
    assert found.exit_code == 5


BROKEN = {
    "an error": ("y = x / 0", "ZeroDivisionError: division by zero"),
    "an exit": ("raise SystemExit(3)", "SystemExit: 3"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_package_that_fails_is_told_with_its_line_and_cell(name: str, project: Project) -> None:
    line, reason = BROKEN[name]
    folder = project("x = 1", "y = x + 1")
    edit(step_file(folder, "s2"), "y = x + 1", line)
    found = verify(folder)
    assert found.failure.startswith("the package failed at src/demo/steps/s2.py:")
    assert found.failure.endswith(f" (cell 2, line 1): {reason}")
    assert found.exit_code == 3


def test_a_package_that_takes_too_long_is_ended_with_all_it_started(project: Project, tmp_path: Path) -> None:
    folder = project("x = 1")
    lines = [
        "child = __import__('subprocess').Popen(['sleep', '600'])",
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))",
        "x = child.wait()",
    ]
    edit(step_file(folder, "s1"), "x = 1", "\n    ".join(lines))
    started = time.monotonic()
    found = verify(folder, timeout=10)
    assert (found.failure, found.exit_code) == ("the package ran for over 10 s", 4)
    assert time.monotonic() - started < 60
    assert not runs(int((tmp_path / "pid").read_text(encoding="utf-8")))


def runs(process: int) -> bool:
    """Whether it lives; a zombie that its new parent has not looked at yet does not."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                return False
        except (OSError, ProcessLookupError):
            return False
        time.sleep(0.1)
    return True


def test_a_package_process_that_dies(project: Project) -> None:
    folder = project("x = 1")
    edit(step_file(folder, "s1"), "x = 1", "__import__('os')._exit(9)")
    found = verify(folder)
    assert (found.failure, found.exit_code) == (
        "the package failed: the process of the package died: exit code 9",
        3,
    )


def test_a_name_that_an_edit_took_away_is_a_difference(project: Project) -> None:
    folder = project("y = 1\nx = y + 1", "z = x")
    edit(step_file(folder, "s1"), "    y = 1\n    x = y + 1\n", "    x = 2\n")
    assert table(verify(folder)) == [
        ("s1", "x", "equal", ""),
        ("s1", "y", "different", "missing in the package"),
        ("s2", "z", "equal", ""),
    ]


def test_the_projects_own_test_holds_what_the_notebook_gave(project: Project, tmp_path: Path) -> None:
    folder = project(LOAD, MEAN, record=True)
    assert differences("demo", folder / "tests" / "fingerprints.json", tmp_path) == []

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    passed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert passed.returncode == 0, passed.stdout

    edit(step_file(folder, "s2"), "values.mean()", "values.max()")
    assert differences("demo", folder / "tests" / "fingerprints.json", tmp_path) == [
        "s2: low: 2.5 against 1.25",
        "s2: mean: 5.0 against 2.5",
    ]


def test_a_recorded_notebook_is_not_run_again(project: Project) -> None:
    folder = project(LOAD, record=True)
    recorded = json.loads((folder / "tests" / "fingerprints.json").read_text(encoding="utf-8"))
    lines: list[str] = []
    assert verify(folder, recorded=recorded, progress=lines.append).equal
    assert lines == ["running the package"]


def test_the_same_notebook_gives_the_same_bytes_of_fingerprints(project: Project) -> None:
    recorded = project(LOAD, "import re\nnames = {'a', 'b'}\npattern = re.compile('a')", record=True)
    before = (recorded / "tests" / "fingerprints.json").read_bytes()
    again = project(LOAD, "import re\nnames = {'a', 'b'}\npattern = re.compile('a')", record=True)
    assert (again / "tests" / "fingerprints.json").read_bytes() == before
