"""Suggested steps: what converts as one step converts as they are suggested, in the notebook's order, and stays so."""

import json
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from law.sides import notebook_of

from nb2prod.analysis.build import build
from nb2prod.analysis.suggest import suggest
from nb2prod.model.notebook import CellKind, Notebook
from nb2prod.notebooks.read import read_notebook

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CASES: dict[str, list[str]] = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
EXAMPLES = sorted((ROOT / "example_notebooks").glob("*.ipynb"))
CORPUS = sorted((ROOT / ".cache" / "corpus" / "notebooks").rglob("*.ipynb"))


def without_tags(notebook: Notebook, *, headings: bool = True) -> Notebook:
    return replace(
        notebook,
        cells=tuple(
            replace(cell, tags=(), options={}, source=cell.source if headings or cell.kind is CellKind.CODE else "")
            for cell in notebook.cells
        ),
    )


def holds(notebook: Notebook) -> bool:
    """It converts as suggested, or not in one step either; each step is a run of cells; nothing more is suggested."""
    made = {suggestion.cell: suggestion.tag for suggestion in suggest(notebook)}
    cells = [replace(cell, tags=(made[cell.number],)) if cell.number in made else cell for cell in notebook.cells]
    tagged = replace(notebook, cells=tuple(cells))
    steps = [tag for tag in made.values() if tag.startswith("step:")]
    assert [tag for tag, _ in groupby(steps)] == list(dict.fromkeys(steps))
    assert suggest(tagged) == ()
    if build(tagged, environment={}).pipeline is not None:
        return True
    return build(notebook, environment={}).pipeline is None


def test_the_small_notebooks_of_the_law() -> None:
    assert [name for name, cells in CASES.items() if not holds(without_tags(notebook_of(cells)))] == []


@pytest.mark.parametrize("headings", [True, False], ids=["headings", "no headings"])
def test_the_examples(headings: bool) -> None:
    notebooks = [without_tags(read_notebook(path), headings=headings) for path in EXAMPLES]
    assert [notebook.name for notebook in notebooks if not holds(notebook)] == []


@pytest.mark.parametrize("headings", [True, False], ids=["headings", "no headings"])
def test_the_corpus_where_it_is_there(headings: bool) -> None:
    notebooks = [without_tags(read_notebook(path), headings=headings) for path in CORPUS[::12]]
    assert [notebook.name for notebook in notebooks if not holds(notebook)] == []
