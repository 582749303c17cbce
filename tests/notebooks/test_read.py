"""Reading: what a file gives, and why another cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from nb2prod.errors import NotebookNotReadable
from nb2prod.model.notebook import Cell, CellKind
from nb2prod.notebooks.read import read_notebook

CODE: dict[str, Any] = {"cell_type": "code", "execution_count": 3, "metadata": {"tags": ["step:a"]}, "outputs": []}


def document(*cells: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more


def read(tmp_path: Path, data: Any, name: str = "a.ipynb") -> tuple[Cell, ...]:
    (tmp_path / name).write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return read_notebook(tmp_path / name).cells


def test_source_may_be_a_text_or_lines(tmp_path: Path) -> None:
    lines = CODE | {"source": ["x = 1\n", "y = 2"]}
    assert read(tmp_path, document(lines, CODE | {"source": "x = 1\ny = 2"}))[0].source == "x = 1\ny = 2"
    assert read(tmp_path, document(lines)) == (
        Cell(number=1, kind=CellKind.CODE, source="x = 1\ny = 2", tags=("step:a",), execution_count=3),
    )


def test_cells_are_numbered_as_a_reader_counts(tmp_path: Path) -> None:
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Title"}
    assert [(c.number, c.kind) for c in read(tmp_path, document(text, CODE | {"source": "x"}))] == [
        (1, CellKind.MARKDOWN),
        (2, CellKind.CODE),
    ]


def test_line_ends_of_windows_are_line_ends(tmp_path: Path) -> None:
    assert read(tmp_path, document(CODE | {"source": "x = 1\r\ny = 2\r\n"}))[0].source == "x = 1\ny = 2\n"


def test_a_mark_of_byte_order_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(b"\xef\xbb\xbf" + json.dumps(document(CODE | {"source": "x"})).encode())
    assert read_notebook(tmp_path / "a.ipynb").cells[0].source == "x"


def test_nbformat_3_is_read(tmp_path: Path) -> None:
    old = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "metadata": {}, "source": "Load"},
                    {"cell_type": "code", "input": "x = 1", "language": "python", "metadata": {}, "outputs": []},
                ],
                "metadata": {},
            }
        ],
    }
    assert [(cell.kind, cell.source) for cell in read(tmp_path, old)] == [
        (CellKind.MARKDOWN, "## Load"),
        (CellKind.CODE, "x = 1"),
    ]


def test_percent_scripts_and_markdown_are_read(tmp_path: Path) -> None:
    script = '# %% [markdown]\n# # Title\n\n# %% tags=["step:load"]\nx = 1\n'
    assert [(c.kind, c.source, c.tags) for c in read(tmp_path, script, "a.py")] == [
        (CellKind.MARKDOWN, "# Title", ()),
        (CellKind.CODE, "x = 1", ("step:load",)),
    ]
    myst = "---\njupytext:\n  text_representation:\n    format_name: myst\n---\n# Title\n\n```{code-cell}\nx = 1\n```\n"
    assert [c.source for c in read(tmp_path, myst, "a.md")] == ["# Title", "x = 1"]


def test_the_same_text_gives_the_same_notebook(tmp_path: Path) -> None:
    read(tmp_path, "# %%\nx = 1\n", "a.py")
    assert read_notebook(tmp_path / "a.py") == read_notebook(tmp_path / "a.py")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "the file is empty"),
        ("dear diary", "it is not JSON (line 1, column 1: Expecting value)"),
        ('{"cells": [', "it is not JSON (line 1, column 12: Expecting value); the file seems cut off"),
        (
            '{"cells": ["x',
            "it is not JSON (line 1, column 12: Unterminated string starting at); the file seems cut off",
        ),
        ([1], "it is JSON, but a list and not a notebook"),
        ({"a": 1}, "it is JSON without the field 'nbformat', so not a notebook"),
        ({"nbformat": 2, "worksheets": []}, "its format is nbformat 2, and nb2prod reads 3 and 4"),
        ({"nbformat": 4}, "it has no list of cells"),
        (document(), "it has no code cells"),
        (document({"cell_type": "poem"}), "cell 1 is not a code, markdown or raw cell"),
        (document(CODE | {"source": 3}), "the source of cell 1 is not text"),
        (document(CODE | {"metadata": {"tags": "a"}, "source": ""}), "the tags of cell 1 are not a list of texts"),
        (
            document(CODE | {"source": "x"}, metadata={"kernelspec": {"name": "ir"}}),
            "it is written in R, and nb2prod converts Python",
        ),
        (
            document(CODE | {"source": "x"}, metadata={"language_info": {"name": "julia"}}),
            "it is written in julia, and nb2prod converts Python",
        ),
    ],
)
def test_what_is_no_notebook_is_refused(data: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(NotebookNotReadable) as refused:
        read(tmp_path, data)
    assert refused.value.reason == reason


def test_files_that_cannot_be_opened_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.ipynb").write_bytes(b"\xff\xfe")
    reasons = {}
    for name in ("gone.ipynb", ".", "latin.ipynb"):
        with pytest.raises(NotebookNotReadable) as refused:
            read_notebook(tmp_path / name)
        reasons[name] = refused.value.reason
    assert reasons == {
        "gone.ipynb": "there is no such file",
        ".": "it is a folder; name the notebook in it",
        "latin.ipynb": "it is not UTF-8 text (byte 0)",
    }


def test_a_plain_script_is_no_notebook(tmp_path: Path) -> None:
    with pytest.raises(NotebookNotReadable, match="start each cell with a line '# %%'"):
        read(tmp_path, "import os\nprint(os)\n", "a.py")
