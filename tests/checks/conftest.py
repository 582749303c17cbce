from collections.abc import Callable

import pytest

from nb2prod.analysis.analyse import Analysis, analyse
from nb2prod.checks.check import run_checks
from nb2prod.model.notebook import Cell, CellKind, Notebook

Written = str | tuple[str, str] | tuple[int | None, str]
Said = Callable[..., list[str]]


def notebook_of(cells: tuple[Written, ...]) -> Notebook:
    """A cell is its source, or (tag, source), or (execution count, source)."""
    made = [_cell(number, cell) for number, cell in enumerate(cells, start=1)]
    return Notebook(name="demo.ipynb", cells=tuple(made))


def _cell(number: int, written: Written) -> Cell:
    beside, source = ("", written) if isinstance(written, str) else written
    if isinstance(beside, str):
        tags = (beside,) if beside else ()
        return Cell(number=number, kind=CellKind.CODE, source=source, tags=tags)
    return Cell(number=number, kind=CellKind.CODE, source=source, execution_count=beside)


def analysis_of(*cells: Written) -> Analysis:
    return analyse(notebook_of(cells))


@pytest.fixture
def said() -> Said:
    """What the rule with a code says of cells: "cell 2:line 1: message", without hints."""

    def say(code: str, *cells: Written) -> list[str]:
        found = [finding for finding in run_checks(analysis_of(*cells)) if finding.code == code]
        return [f"{finding.cell}:{finding.line} {finding.message}" for finding in found]

    return say


@pytest.fixture
def findings() -> Callable[..., list[str]]:
    """All that all rules say of cells, whole."""
    return lambda *cells: [str(finding) for finding in run_checks(analysis_of(*cells))]
