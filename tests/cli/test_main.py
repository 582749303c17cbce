"""The command line: what it teaches, what it imports, and how it ends."""

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from nb2prod.cli.main import main
from nb2prod.cli.options import parse_parameters

VERBS = ["tag", "check", "explain", "trace", "convert", "verify", "run", "batch", "schedule", "scheduler", "runs"]
VERBS += ["pools", "notify", "export", "compare", "replay", "data", "cache"]
GROUPS = ["schedule", "scheduler", "runs", "pools", "notify", "data", "cache"]
HEAVY = [
    "sqlalchemy",
    "alembic",
    "pandas",
    "numpy",
    "nbformat",
    "nbclient",
    "papermill",
    "jupytext",
    "IPython",
    "jinja2",
    "rich",
    "asyncio",
]


def notebook(path: Path, *cells: tuple[str, str]) -> Path:
    code: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": tags.split()},
            "outputs": [],
            "source": text,
        }
        for text, tags in cells
    ]
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {verb} " in said for verb in VERBS)
    assert "Exit codes: 0 fine, 1 findings or differences" in said


@pytest.mark.parametrize("verb", VERBS)
def test_each_command_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"    nb2prod {verb} " in capsys.readouterr().out


@pytest.mark.parametrize("group", GROUPS)
def test_each_command_of_a_group_has_help_with_an_example(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    package = importlib.import_module(f"nb2prod.cli.commands.{group}")
    modules = {name for _, name, _ in pkgutil.iter_modules(package.__path__)}
    assert modules == {name.replace("-", "_") for name in package.COMMAND.table}
    for name in package.COMMAND.table:
        assert main([group, name, "--help"]) == 0
        assert f"    nb2prod {group} {name}" in capsys.readouterr().out


ASKED = [
    "",
    "schedule",
    "schedule add",
    "scheduler start",
    "runs",
    "batch",
    "run",
    "runs show",
    "runs compare",
    "compare",
]
ASKED += ["export", "replay", "data check", "cache show", "cache prune"]


@pytest.mark.parametrize("asked", [words.split() for words in ASKED])
def test_help_imports_nothing_heavy(asked: list[str]) -> None:
    code = (
        f"import sys; from nb2prod.cli.main import main; main([*{asked}, '--help']);"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stderr == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nonsense"], 2),
        (["check"], 2),
        (["check", "gone.ipynb"], 2),
        (["check", "--explain", "NB101"], 0),
        (["check", "--explain", "NB999"], 2),
        (["explain", "gone.ipynb"], 2),
        (["trace", "gone.ipynb"], 2),
        (["explain", "gone.ipynb", "--step", "a", "--name", "b"], 2),
        (["run", "gone.ipynb", "-p", "x"], 2),
        (["run", "gone.ipynb", "--timeout", "0"], 2),
        (["verify", "gone"], 2),
        (["--version"], 0),
    ],
)
def test_exit_codes(arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    assert list(tmp_path.iterdir()) == []


def test_check_tells_people_and_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path / "a.ipynb", ("x = 1  # rows", "parameters"), ("y = x + missing", "step:add"))
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr() == (
        "a.ipynb:cell 2:line 1: NB101 error: step 'add' uses 'missing', which no cell makes\n"
        "    add the cell that makes 'missing', or make it a parameter\n",
        "a.ipynb: 1 error\n",
    )
    assert main(["check", str(path), "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["code"], found["severity"], found["cell"], found["line"]) == ("NB101", "error", 2, 1)


def test_tag_suggests_and_writes_when_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path / "a.ipynb", ("import math", ""), ("n = 3", ""), ("# Make roots\ny = math.sqrt(n)", ""))
    before = path.read_bytes()
    assert main(["tag", str(path)]) == 0
    assert capsys.readouterr().out == (
        "cell  tag              why\n"
        "1     imports          it imports, and sets options of libraries\n"
        "2     parameters       it gives names to literals, before any work\n"
        "3     step:make_roots  a step of its own\n"
    )
    assert path.read_bytes() == before
    assert main(["tag", str(path), "--write"]) == 0
    capsys.readouterr()
    assert main(["tag", str(path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"written": False, "suggestions": []}


def test_convert_refuses_with_findings_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path / "a.ipynb", ("x = input()", "step:ask"))
    assert main(["convert", str(path), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "a.ipynb was not converted: 1 finding must be repaired first" in said
    assert "a.ipynb:cell 1:line 1: NB205 error: `input()` waits for a person at a keyboard" in said
    assert [found.name for found in tmp_path.iterdir()] == ["a.ipynb"]


def test_parameters_are_names_and_texts() -> None:
    assert parse_parameters(("a=1", "b=x=y", "c=")) == {"a": "1", "b": "x=y", "c": ""}
