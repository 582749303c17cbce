"""What a traced run showed, added to what reading the code told. Nothing is ever taken away: a run is one of many."""

from dataclasses import replace

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.facts import Effects
from nb2prod.model.trace import CellTrace, Trace

__all__ = ["refine"]

_DRAWN = "numpy.random"  # no import draws from it; other state may be changed by a library that a cell loads


def refine(analysis: Analysis, trace: Trace) -> Analysis:
    shared = _shared_files(trace)
    cells = []
    for cell in analysis.cells:
        seen = trace.of(cell.number)
        cells.append(_refined(cell, seen, shared) if seen and not cell.is_skipped else cell)
    return replace(analysis, cells=tuple(cells))


def _refined(cell: CellAnalysis, seen: CellTrace, shared: frozenset[str]) -> CellAnalysis:
    effects = cell.effects
    known = effects.mutates.keys() | effects.may_mutate.keys() | effects.binds.keys() | effects.reworked.keys()
    mutated = {name: 0 for name in seen.mutates if name not in known}
    state = {name: 0 for name in _states(seen, shared) if name not in effects.state}
    if not mutated and not state:
        return cell
    return replace(cell, effects=_with(effects, mutated, state))


def _with(effects: Effects, mutated: dict[str, int], state: dict[str, int]) -> Effects:
    return replace(
        effects,
        exposed=effects.exposed | {name: 0 for name in mutated if name not in effects.exposed},
        may_mutate=effects.may_mutate | mutated,
        state=effects.state | state,
    )


def _states(seen: CellTrace, shared: frozenset[str]) -> list[str]:
    found = [name for name in seen.state if name == _DRAWN or not seen.imports]
    return [*found, "filesystem"] if shared & {*seen.read, *seen.written} else found


def _shared_files(trace: Trace) -> frozenset[str]:
    """Files that one cell writes and another reads or writes."""
    written: dict[str, set[int]] = {}
    for cell in trace.cells:
        for path in cell.written:
            written.setdefault(path, set()).add(cell.cell)
    return frozenset(path for path, cells in written.items() if len(cells) > 1 or _readers(trace, path) - cells)


def _readers(trace: Trace, path: str) -> set[int]:
    return {cell.cell for cell in trace.cells if path in cell.read}
