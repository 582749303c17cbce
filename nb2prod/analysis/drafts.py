"""Steps before their edges are known: which cells each has, in what order they run, and where that is impossible."""

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.sites import Sites
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import Role, RoleKind
from nb2prod.source import PythonName

SETUP = PythonName("setup")
_ORDERLESS = frozenset({"matplotlib.figure"})  # closed at the end of each cell
# what any line may depend on without a word: how a value becomes text, which warning is an error, where paths start
_AMBIENT = frozenset(
    """
    pandas.options numpy.printoptions numpy.errstate sklearn.config decimal.context locale warnings.filters cwd
    """.split()
)


@dataclass(frozen=True, kw_only=True)
class Draft:
    name: PythonName
    cells: tuple[CellAnalysis, ...]

    @property
    def first(self) -> int:
        return self.cells[0].number

    @property
    def last(self) -> int:
        return self.cells[-1].number

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(cell.role for cell in self.cells if cell.role.kind is RoleKind.STEP)


def draft_steps(analysis: Analysis, shared: set[Statement], sites: Sites) -> tuple[Draft, ...]:
    """The steps in the order of their first cells. Work in an `imports` or `functions` cell belongs to the step before
    it, or to a first step `setup`; a cell that stands between those of a step belongs to it if it makes a name that
    means something else before it."""
    cells: defaultdict[PythonName, list[CellAnalysis]] = defaultdict(list)
    current = SETUP
    for cell in analysis.production:
        if cell.role.kind is RoleKind.STEP:
            current = cell.role.step or SETUP
            cells[current].append(cell)
        elif cell.role.kind is not RoleKind.PARAMETERS and _has_work(cell, shared):
            cells[current].append(cell)
    drafts = [Draft(name=name, cells=tuple(found)) for name, found in cells.items()]
    working = [
        draft for draft in drafts if any(cell.role.step != SETUP or _has_work(cell, shared) for cell in draft.cells)
    ]
    return tuple(sorted(_with_cells_between(working, analysis, sites), key=lambda draft: draft.first))


def _with_cells_between(drafts: list[Draft], analysis: Analysis, sites: Sites) -> list[Draft]:
    owned = {cell.number for draft in drafts for cell in draft.cells}
    found = {draft.name: list(draft.cells) for draft in drafts}
    for cell in analysis.production:
        if cell.number in owned or cell.role.kind is RoleKind.PARAMETERS or not sites.ordered_in(cell.number):
            continue
        around = [draft for draft in drafts if draft.first < cell.number < draft.last]
        if around:
            last = max(around, key=lambda draft: max(own.number for own in draft.cells if own.number < cell.number))
            found[last.name].append(cell)
    return [replace(draft, cells=tuple(sorted(found[draft.name], key=_number))) for draft in drafts]


def _number(cell: CellAnalysis) -> int:
    return cell.number


def _has_work(cell: CellAnalysis, shared: set[Statement]) -> bool:
    return any(statement.use is Use.BODY and statement not in shared for statement in cell.statements)


def exposed_of(draft: Draft) -> dict[str, tuple[int, int]]:
    """The names that a step may read before it binds them, each with the cell and line."""
    found: dict[str, tuple[int, int]] = {}
    bound: frozenset[str] = frozenset()
    for cell in draft.cells:
        for name, line in cell.effects.exposed.items():
            if name not in bound:
                found.setdefault(name, (cell.number, line))
        bound = (bound | cell.effects.must_bind) - cell.effects.deletes.keys()
    return found


def order_steps(drafts: tuple[Draft, ...], sites: Sites) -> tuple[tuple[Draft, ...], list[Finding]]:
    """An order in which every step comes after what it needs; a finding for each circle.

    Only names that mean something else elsewhere, hidden state and `after` make one step wait for another.
    """
    edges, findings = _edges(drafts, sites)
    done: list[Draft] = []
    waiting = {draft.name: draft for draft in drafts}
    while waiting:
        ready = next((draft for draft in waiting.values() if edges[draft.name].keys().isdisjoint(waiting)), None)
        if ready is None:
            return drafts, [*findings, _circle(list(waiting.values()), edges)]
        done.append(waiting.pop(ready.name))
    return tuple(done), findings


def _edges(drafts: tuple[Draft, ...], sites: Sites) -> tuple[dict[PythonName, dict[PythonName, str]], list[Finding]]:
    """For each step the steps that must come before it, each with the reason."""
    edges: dict[PythonName, dict[PythonName, str]] = {draft.name: {} for draft in drafts}
    findings = [finding for draft in drafts for finding in _add_after(draft, edges)]
    if all(before.last < after.first for before, after in pairwise(drafts)):
        return edges, findings
    owner = {cell.number: draft.name for draft in drafts for cell in draft.cells}
    cells = sorted((cell for draft in drafts for cell in draft.cells), key=lambda cell: cell.number)
    exposed = {name for cell in cells for name in cell.effects.exposed if sites.is_ordered(name)}
    ambient = {_token(state) for cell in cells for state in cell.effects.state.keys() & _AMBIENT}
    writers: defaultdict[str, set[PythonName]] = defaultdict(set)
    readers: defaultdict[str, set[PythonName]] = defaultdict(set)
    for cell in cells:
        reads, writes = _touches(cell, exposed)
        writes |= sites.ordered_in(cell.number) & exposed
        reads |= ambient
        for name in reads | writes:
            before = writers[name] | (readers[name] if name in writes else set())
            for other in before - {owner[cell.number]}:
                edges[owner[cell.number]].setdefault(other, name)
        for name in writes:
            writers[name].add(owner[cell.number])
        for name in reads:
            readers[name].add(owner[cell.number])
    return edges, findings


def _touches(cell: CellAnalysis, names: set[str]) -> tuple[set[str], set[str]]:
    effects = cell.effects
    state = {_token(state) for state in effects.state.keys() - _ORDERLESS}
    writes = effects.binds.keys() | effects.mutates.keys() | effects.may_mutate.keys() | effects.deletes.keys()
    return effects.exposed.keys() & names, (writes & names) | state


def _token(state: str) -> str:
    return f"state {state}"


def _add_after(draft: Draft, edges: dict[PythonName, dict[PythonName, str]]) -> list[Finding]:
    findings = []
    for role in draft.roles:
        for before in role.after:
            if before in edges:
                edges[draft.name].setdefault(before, "its tag")
            else:
                findings.append(
                    Finding(
                        code="NB302",
                        severity=Severity.ERROR,
                        cell=draft.first,
                        message=f"step '{draft.name}' must come after '{before}', which is no step of this notebook",
                        hint="correct the name in the `prev:` tag",
                    )
                )
    return findings


def _circle(waiting: list[Draft], edges: dict[PythonName, dict[PythonName, str]]) -> Finding:
    """One circle among the steps that wait for each other, told as a person would follow it."""
    names = {draft.name for draft in waiting}
    path: list[PythonName] = [waiting[0].name]
    while True:
        following = next(name for name in edges[path[-1]] if name in names)
        if following in path:
            path = [*path[path.index(following) :], following]
            break
        path.append(following)
    told = ", ".join(f"'{a}' needs '{b}' ({edges[a][b]})" for a, b in pairwise(path))
    cell = next(draft.first for draft in waiting if draft.name == path[0])
    return Finding(
        code="NB301",
        severity=Severity.ERROR,
        cell=cell,
        message=f"the steps wait for each other in a circle: {told}",
        hint="give these cells to one step, or move cells so that each step only needs earlier ones",
    )
