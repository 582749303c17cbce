"""Names that a step makes, and a cell of no step makes again before the step reads them: it would read its own."""

from collections.abc import Iterable, Iterator

from nb2prod.analysis.analyse import Analysis
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
            made = {name for own in draft.cells if own.number < cell.number for name in own.effects.binds}
            read = {name for own in draft.cells if own.number > cell.number for name in own.effects.reads}
            for name in sorted(cell.effects.binds.keys() & made & read):
                yield Finding(
                    code="NB212",
                    severity=Severity.ERROR,
                    cell=cell.number,
                    line=cell.effects.binds[name],
                    message=f"step '{draft.name}' makes '{name}' before this cell makes it again, and reads it after",
                    hint="give one of the two another name",
                )
