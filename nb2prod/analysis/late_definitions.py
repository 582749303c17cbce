"""Names that mean something else where a step reads them than where its cell stands in the notebook.

In the package a step's cells run one after the other, and what cells of no step define or import up to the last of them
is there from its first. So the cells are gone through in both orders, and each must find the same makers of each name.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.drafts import Draft
from nb2prod.analysis.sites import Sites
from nb2prod.model.finding import Finding, Severity

__all__ = ["refuse_late_definitions"]

Makers = tuple[int, ...]  # the cells that made the name, or changed it, since one surely made it


def refuse_late_definitions(analysis: Analysis, sites: Sites, drafts: Sequence[Draft]) -> Iterator[Finding]:
    """A finding for each name that a step would find as another cell made it."""
    written = list(analysis.production)
    run = _as_run(written, drafts)
    if run == written:
        return
    here = _makers(written, sites)
    there = _makers(run, sites)
    steps = {cell.number: draft.name for draft in drafts for cell in draft.cells}
    told: set[tuple[str, str]] = set()
    for (number, name), makers in sorted(here.items()):
        step = steps.get(number)
        if step is None or there[number, name] == makers or (step, name) in told:
            continue
        told.add((step, name))
        yield Finding(
            code="NB212",
            severity=Severity.ERROR,
            cell=number,
            line=analysis.by_number[number].effects.exposed[name],
            message=f"step '{step}' finds '{name}' {_told(makers)} here, and would {_told(there[number, name])}",
            hint="give one of the two another name",
        )


def _as_run(written: Iterable[CellAnalysis], drafts: Iterable[Draft]) -> list[CellAnalysis]:
    """The cells in the order of the package."""
    owned = {cell.number for draft in drafts for cell in draft.cells}
    waiting = [cell for cell in written if cell.number not in owned]
    run: list[CellAnalysis] = []
    for draft in drafts:
        run += [cell for cell in waiting if cell.number < draft.last]
        waiting = [cell for cell in waiting if cell.number > draft.last]
        run += draft.cells
    return run + waiting


def _makers(cells: Iterable[CellAnalysis], sites: Sites) -> dict[tuple[int, str], Makers]:
    """Of each cell and name that it reads, who made it by then."""
    made: defaultdict[str, Makers] = defaultdict(tuple)
    found: dict[tuple[int, str], Makers] = {}
    for cell in cells:
        effects = cell.effects
        found |= {(cell.number, name): made[name] for name in effects.exposed if sites.is_ordered(name)}
        brought = sites.ordered_in(cell.number) - effects.binds.keys()  # by a star import
        for name in {*effects.binds, *effects.mutates, *effects.may_mutate, *effects.deletes, *brought}:
            made[name] = (*(() if name in effects.must_bind or name in brought else made[name]), cell.number)
    return found


def _told(makers: Makers) -> str:
    return f"as cell {makers[-1]} leaves it" if makers else "as Python brings it"
