"""Small notebooks and their projects, for verification."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2prod.api.convert import convert

Project = Callable[..., Path]


def write_notebook(path: Path, cells: list[str]) -> Path:
    """A notebook of code cells; a first line `# tags: …` gives the tags, else the cell is a step of its own."""
    document = {"cells": [_cell(number, source) for number, source in enumerate(cells, 1)], "metadata": _KERNEL}
    path.write_text(json.dumps(document | {"nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


def _cell(number: int, source: str) -> dict[str, object]:
    first, _, rest = source.partition("\n")
    tagged = first.startswith("# tags:")
    tags = first.removeprefix("# tags:").split() if tagged else [f"step:s{number}"]
    text = rest if tagged else source
    kept = {"id": f"c{number}", "metadata": {"tags": tags}, "source": text}
    return kept | {"cell_type": "code", "execution_count": None, "outputs": []}


_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Makes the project of a notebook with these cells, without running it."""

    def make(*cells: str, record: bool = False) -> Path:
        notebook = write_notebook(tmp_path / "demo.ipynb", list(cells))
        return convert(notebook, tmp_path / "project", record=record).folder

    return make
