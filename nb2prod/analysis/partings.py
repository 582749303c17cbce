"""Which suggested steps cannot be parted: a conversion is tried, and neighbours that it refuses to part are joined."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nb2prod.analysis.build import Plan, Wiring, plan
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.step_runs import Run
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import Notebook

__all__ = ["settle"]

Kinds = Mapping[int, tuple[str, str]]
_UNSURE = ("parameters", "functions", "skip")  # kinds that are taken back when the conversion refuses them
_FIGURES = frozenset({"fig", "ax", "axs", "axes"})  # under construction while a cell after the next still draws on them


def settle(
    notebook: Notebook, kinds: Kinds, runs: Sequence[Run], known: Knowledge = KNOWN
) -> tuple[dict[int, tuple[str, str]], tuple[Run, ...]]:
    """The suggestion, joined until the conversion refuses nothing that it does not refuse anyhow."""
    inherent = _errors(plan(notebook, known=known))
    best = _joined(notebook, kinds, tuple(runs), inherent, known)
    taken = dict(kinds)
    for kind in _UNSURE:
        if best is not None:
            break
        taken = {cell: found for cell, found in taken.items() if found[0] != kind}
        left = sorted(set(kinds) - set(taken))
        best = _joined(notebook, taken, _with_cells(runs, left), inherent, known)
    return (taken, best) if best is not None else (dict(kinds), tuple(runs))


def _with_cells(runs: Sequence[Run], cells: Sequence[int]) -> tuple[Run, ...]:
    """The runs with more cells, each in the run before it."""
    found = list(runs) or [Run(cells=())]
    for cell in cells:
        index = max((i for i, run in enumerate(found) if run.cells and run.cells[0] < cell), default=0)
        found[index] = replace(found[index], cells=tuple(sorted((*found[index].cells, cell))))
    return tuple(run for run in found if run.cells)


def _joined(
    notebook: Notebook, kinds: Kinds, runs: tuple[Run, ...], inherent: frozenset[str], known: Knowledge
) -> tuple[Run, ...] | None:
    """The runs with those joined that cannot be parted; None when a refusal stays with all of them in one."""
    while True:
        planned = plan(_tagged(notebook, kinds, runs), known=known)
        wrong = [finding for finding in _findings(planned) if finding.code not in inherent]
        if not wrong:
            figure = _parted_figure(planned.wiring, runs)
            if figure is None:
                return runs
            runs = _join(runs, figure, "a figure that is drawn over both cannot be parted")
            continue
        index = _boundary(runs, wrong[0].cell)
        if index is None:
            return None
        runs = _join(runs, index, f"it cannot be parted from its neighbour: {wrong[0].code}")


def _boundary(runs: Sequence[Run], cell: int) -> int | None:
    """Of the run with the cell, the boundary before it; the one after the first run."""
    here = next((index for index, run in enumerate(runs) if cell <= run.cells[-1]), len(runs) - 1)
    return max(here - 1, 0) if len(runs) > 1 else None


def _join(runs: tuple[Run, ...], index: int, why: str) -> tuple[Run, ...]:
    return (*runs[:index], runs[index].with_next(runs[index + 1], why), *runs[index + 2 :])


def _tagged(notebook: Notebook, kinds: Kinds, runs: Sequence[Run]) -> Notebook:
    """Steps have names here that no code has."""
    tags = {cell: kind for cell, (kind, _) in kinds.items()}
    tags |= {cell: f"step:nb2prod suggested {number}" for number, run in enumerate(runs) for cell in run.cells}
    cells = [
        replace(cell, tags=(*cell.tags, tags[cell.number])) if cell.number in tags else cell for cell in notebook.cells
    ]
    return replace(notebook, cells=tuple(cells))


def _findings(planned: Plan) -> list[Finding]:
    return [finding for finding in planned.findings if finding.severity is Severity.ERROR]


def _errors(planned: Plan) -> frozenset[str]:
    return frozenset(finding.code for finding in _findings(planned))


def _parted_figure(wiring: Wiring | None, runs: Sequence[Run]) -> int | None:
    """The boundary over which a figure or its axes go."""
    starts = {run.cells[0]: index for index, run in enumerate(runs)}
    for step in wiring.steps if wiring else ():
        index = starts.get(step.draft.first, 0)
        drawn = _FIGURES & set(step.inputs)
        if drawn and index:
            return index - 1
    return None
