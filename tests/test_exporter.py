"""`jupyter nbconvert --to nb2prod` writes the project that `nb2prod convert` writes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nb2prod.api.convert import convert

EXAMPLE = Path(__file__).parents[1] / "example_notebooks" / "churn.ipynb"


def nbconvert(notebook: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nbconvert", "--to", "nb2prod", notebook.name]
    return subprocess.run(command, cwd=notebook.parent, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_exporter_writes_what_convert_writes(tmp_path: Path) -> None:
    notebook = tmp_path / "churn.ipynb"
    shutil.copy(EXAMPLE, notebook)
    assert nbconvert(notebook).returncode == 0
    convert(notebook, tmp_path / "ours", record=False)
    ours, theirs = (
        {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8")
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in (tmp_path / "ours", tmp_path / "churn")
    )
    assert ours.keys() == theirs.keys()
    told_of_the_file = {"nb2prod.lock.json", "notebooks/churn.ipynb"}  # nbconvert writes the notebook's JSON anew
    assert {path: text for path, text in theirs.items() if path not in told_of_the_file} == {
        path: text for path, text in ours.items() if path not in told_of_the_file
    }

    again = nbconvert(notebook)
    assert again.returncode != 0
    assert "it is there already; `nb2prod convert` keeps the edits made in it" in again.stderr


@pytest.mark.slow
def test_the_exporter_refuses_as_convert_does(tmp_path: Path) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": "x = input()",
    }
    notebook = tmp_path / "ask.ipynb"
    document = {"cells": [cell | {"id": "a"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(document), encoding="utf-8")
    answer = nbconvert(notebook)
    assert answer.returncode != 0
    assert "ask.ipynb:cell 1:line 1: NB205 error" in answer.stderr
    assert list(tmp_path.iterdir()) == [notebook]
