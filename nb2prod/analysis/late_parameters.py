"""Parameters whose names mean something before their cell: in the package a parameter has one value, from the start."""

from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import RoleKind


def refuse_late_parameters(analysis: Analysis) -> Iterator[Finding]:
    """A finding for each parameter that an earlier cell, other than one of parameters, reads or makes."""
    used: dict[str, int] = {}
    for cell in analysis.production:
        if cell.role.kind is not RoleKind.PARAMETERS:
            for name in _uses(cell):
                used.setdefault(name, cell.number)
            continue
        for name, line in cell.effects.binds.items():
            if name in used:
                yield Finding(
                    code="NB106",
                    severity=Severity.ERROR,
                    cell=cell.number,
                    line=line,
                    message=f"the parameter '{name}' has another value in cell {used[name]}, before its own cell",
                    hint="put the parameters first, or give the parameter a name of its own",
                )


def _uses(cell: CellAnalysis) -> set[str]:
    effects = cell.effects
    return {*effects.reads, *effects.binds, *effects.mutates, *effects.may_mutate, *effects.deletes}
