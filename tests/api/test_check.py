"""`check` from a file to findings, and the manual."""

import json
from pathlib import Path

import pytest

from nb2prod.api.check import check, explain, to_json
from nb2prod.errors import UnknownCode


def write(path: Path, *sources: str) -> Path:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": source}
        for n, source in enumerate(sources)
    ]
    cells.insert(0, {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Demo"})
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_refusals_and_rules_together_by_place(tmp_path: Path) -> None:
    path = write(tmp_path / "demo.ipynb", "open('/data/a')\nyear = input()", "%run b.py")
    assert [(finding.notebook, finding.cell, finding.line, finding.code) for finding in check(path)] == [
        ("demo.ipynb", 0, 0, "NB403"),
        ("demo.ipynb", 2, 1, "NB402"),
        ("demo.ipynb", 2, 2, "NB205"),
        ("demo.ipynb", 3, 1, "NB201"),
    ]


def test_json_has_all_that_the_text_has(tmp_path: Path) -> None:
    found = to_json(check(write(tmp_path / "demo.ipynb", "sys.exit()")))
    assert json.loads(json.dumps(found))[-1] == {
        "notebook": "demo.ipynb",
        "cell": 2,
        "line": 1,
        "code": "NB206",
        "severity": "error",
        "message": "`sys.exit()` ends the process",
        "hint": "raise an exception that says why",
        "fix": None,
    }


def test_explain() -> None:
    assert explain("NB205").splitlines()[0] == "NB205: Waiting for a person."
    assert explain("NB401").splitlines()[0] == "NB401: Cells that ran out of order."
    with pytest.raises(UnknownCode, match="no finding has the code 'NB999'; the codes are NB1"):
        explain("NB999")
