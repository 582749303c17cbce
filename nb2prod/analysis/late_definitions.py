"""Names that a step makes, and a cell of no step makes again before the step reads them: it would read its own."""

from collections.abc import Iterable, Iterator

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.drafts import Draft
from nb2prod.model.finding import Finding, Severity

__all__ = ["refuse_late_definitions"]


def refuse_late_definitions(analysis: Analysis, drafts: Iterable[Draft]) -> Iterator[Finding]:
    """A finding for each import or definition, of a cell that stands between those of a step, that hides its name."""
    steps = list(drafts)
    owned = {cell.number for draft in steps for cell in draft.cells}
    apart = [cell for cell in analysis.production if cell.number not in owned]
    for draft in steps:
        first, last = draft.cells[0].number, draft.last
        for cell in (cell for cell in apart if first < cell.number < last):
            before = [own for own in draft.cells if own.number < cell.number]
            made = {name for own in before for name in own.effects.binds}
            read = {name for own in draft.cells if own.number > cell.number for name in own.effects.reads}
            given = {name for other in steps for own in other.cells if own.number < first for name in own.effects.binds}
            for name in sorted(cell.effects.binds.keys() & made & read):
                yield _made_again(
                    cell,
                    name,
                    f"step '{draft.name}' makes '{name}' before this cell makes it again, and reads it after",
                )
            for name in sorted(cell.effects.binds.keys() & given & _read_first(before)):
                yield _made_again(
                    cell,
                    name,
                    f"step '{draft.name}' reads the '{name}' of an earlier step before this "
                    "cell makes it again, and goes on after",
                )


def _read_first(cells: Iterable[CellAnalysis]) -> set[str]:
    """The names that the cells read before they make them."""
    made: set[str] = set()
    found: set[str] = set()
    for cell in cells:
        found |= set(cell.effects.reads) - made
        made |= set(cell.effects.binds)
    return found


def _made_again(cell: CellAnalysis, name: str, message: str) -> Finding:
    return Finding(
        code="NB212",
        severity=Severity.ERROR,
        cell=cell.number,
        line=cell.effects.binds[name],
        message=message,
        hint="give one of the two another name",
    )
