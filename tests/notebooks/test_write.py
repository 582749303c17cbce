"""Writing tags: they are there, and not another byte has changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from nb2prod.errors import NotebookNotReadable
from nb2prod.notebooks.write import write_tags

CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Caf\u00e9"]},
    {"cell_type": "code", "execution_count": 1, "id": "b", "metadata": {"x": 1}, "outputs": [], "source": ["1/3"]},
]
DOCUMENT = {"cells": CELLS, "metadata": {"authors": [1.50, 1e3]}, "nbformat": 4, "nbformat_minor": 5}
FORMS = {
    "jupyter": json.dumps(DOCUMENT, indent=1, ensure_ascii=False) + "\n",
    "no new line at its end": json.dumps(DOCUMENT, indent=1, ensure_ascii=False),
    "two spaces": json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n",
    "tabs": json.dumps(DOCUMENT, indent="\t", ensure_ascii=False) + "\n",
    "ascii": json.dumps(DOCUMENT, indent=1) + "\n",
    "one line": json.dumps(DOCUMENT),
    "windows": (json.dumps(DOCUMENT, indent=1) + "\n").replace("\n", "\r\n"),
    "byte order": "\ufeff" + json.dumps(DOCUMENT, indent=1, ensure_ascii=False),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_only_the_tags_change(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(text.encode())
    path.chmod(0o640)
    write_tags(path, {2: ("step:a",)})
    written = path.read_bytes().decode()
    data = json.loads(written.removeprefix("\ufeff"))
    assert data["cells"][1]["metadata"].pop("tags") == ["step:a"]
    assert data == DOCUMENT
    lines = [line for line in written.splitlines() if line not in text.splitlines()]
    assert all("step:a" in line or line.strip(' \t"[]{},:1x') in ("", "tags") for line in lines)
    assert (written.count("\r\n") > 0, written.endswith("\n")) == ("\r\n" in text, text.endswith("\n"))
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_tags_that_are_there_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cell = {**CELLS[1], "metadata": {"tags": ["hide-input"]}}
    path.write_text(json.dumps({**DOCUMENT, "cells": [cell]}), encoding="utf-8")
    write_tags(path, {1: ("step:a",)})
    assert json.loads(path.read_text(encoding="utf-8"))["cells"][0]["metadata"]["tags"] == ["hide-input", "step:a"]


def test_a_script_is_tagged_too(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("# %%\nx = 1\n\n# %%\ny = 2\n", encoding="utf-8")
    write_tags(path, {2: ("step:a",)})
    assert '# %% tags=["step:a"]\ny = 2' in path.read_text(encoding="utf-8")


def test_nbformat_3_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text('{"nbformat": 3, "worksheets": []}', encoding="utf-8")
    with pytest.raises(NotebookNotReadable, match="tags need nbformat 4"):
        write_tags(path, {1: ("step:a",)})
