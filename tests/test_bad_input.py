"""Bad input through the command line: a clear message, exit code 1 or 2, and nothing written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = [("n: int = 3  # rows", "parameters"), ("total = n + 1", "step:add"), ("print(total)", "step:show")]


def notebook_text(*cells: tuple[str, str]) -> str:
    code: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "execution_count": None,
            "metadata": {"tags": tag.split()},
            "outputs": [],
            "source": source,
        }
        for number, (source, tag) in enumerate(cells, start=1)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def nb2prod(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nb2prod", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refuse(*arguments: str | Path, folder: Path) -> tuple[int, str]:
    """The exit code and what was said, after making sure that nothing was written and nobody sees a traceback."""
    before = contents(folder)
    answer = nb2prod(*arguments, folder=folder)
    said = answer.stdout + answer.stderr
    assert contents(folder) == before
    assert "Traceback" not in said
    return answer.returncode, " ".join(said.split())


@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("words.ipynb", "dear diary", 2, "cannot read words.ipynb as a notebook"),
        ("list.ipynb", "[1, 2]", 2, "cannot read list.ipynb as a notebook"),
        ("cut.ipynb", notebook_text(*GOOD)[:150], 2, "cannot read cut.ipynb as a notebook"),
        ("empty.ipynb", "", 2, "cannot read empty.ipynb as a notebook"),
        ("bare.ipynb", notebook_text(), 2, "no code cells"),
        ("tag.ipynb", notebook_text(("x = 1", "step:a pramaeters")), 2, "cell 1 has the tag 'pramaeters'"),
        ("evil.ipynb", notebook_text(("x = 1", "step:")), 2, "cannot be used as a name"),
        (
            "same.ipynb",
            notebook_text(("x = 1", "step:Train-model"), ("y = 2", "step:train_model")),
            2,
            "both become train_model",
        ),
        ("circle.ipynb", notebook_text(("x = 1", "step:a prev:b"), ("y = 2", "step:b prev:a")), 1, "circle"),
    ],
)
def test_a_notebook_that_cannot_be_converted(name: str, text: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    exit_code, answer = refuse("convert", name, "-o", "project", "--no-record", folder=tmp_path)
    assert said in answer
    assert exit_code == code
    assert not (tmp_path / "project").exists()


def test_a_notebook_that_is_not_there(tmp_path: Path) -> None:
    exit_code, said = refuse("convert", "gone.ipynb", "-o", "project", folder=tmp_path)
    assert (exit_code, "gone.ipynb" in said) == (2, True)


def test_code_in_a_step_name_is_refused(tmp_path: Path) -> None:
    tag = "step:a():__import__('os').system('touch/**/owned')"
    (tmp_path / "evil.ipynb").write_text(notebook_text(("x = 1", tag)), encoding="utf-8")
    exit_code, said = refuse("convert", "evil.ipynb", "-o", "project", "--no-record", folder=tmp_path)
    assert (exit_code, "cannot be used as a name: it holds '('" in said) == (2, True)


def test_a_folder_with_other_peoples_files(tmp_path: Path) -> None:
    (tmp_path / "good.ipynb").write_text(notebook_text(*GOOD), encoding="utf-8")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("three years of work\n", encoding="utf-8")
    exit_code, said = refuse("convert", "good.ipynb", "-o", "theirs", "--no-record", folder=tmp_path)
    assert (exit_code, "cannot write to" in said, "theirs" in said) == (2, True, True)


@pytest.mark.parametrize("output", ["taken", "taken/project", "/proc/nb2prod"])
def test_a_folder_that_cannot_be_written(output: str, tmp_path: Path) -> None:
    """Not even root writes below a file, or new files into /proc."""
    (tmp_path / "good.ipynb").write_text(notebook_text(*GOOD), encoding="utf-8")
    (tmp_path / "taken").write_text("a file, not a folder\n", encoding="utf-8")
    exit_code, said = refuse("convert", "good.ipynb", "-o", output, "--no-record", folder=tmp_path)
    assert (exit_code, "cannot write to" in said) == (2, True)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("m=3", "m"),
        ("n=three", "three"),
        ("n=3.5", "3.5"),
        ("n", "NAME=VALUE"),
        ("n=__import__('os').system('touch owned')", "n"),
        ("x;open('owned','w')=3", "open"),
    ],
)
@pytest.mark.parametrize("target", ["good.ipynb", "project"])
def test_a_parameter_that_is_refused(target: str, parameter: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "good.ipynb").write_text(notebook_text(*GOOD), encoding="utf-8")
    assert nb2prod("convert", "good.ipynb", "-o", "project", "--no-record", folder=tmp_path).returncode == 0
    exit_code, answer = refuse("run", target, "-p", parameter, "-o", "runs", folder=tmp_path)
    assert (exit_code, said in answer) == (2, True)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("verb", ["verify", "run"])
def test_a_folder_that_is_no_project(verb: str, tmp_path: Path) -> None:
    exit_code, said = refuse(verb, tmp_path, folder=tmp_path)
    assert (exit_code, "is not a project made by nb2prod" in said) == (2, True)
