"""Pass 4 for the notebook's definitions: which of them are pure and can be shared, and what the others need.

A definition is shared (it moves to `functions.py`) when its name is bound once and all that it looks up is an import, a
builtin or another shared definition. Any other is emitted again at the head of each step that uses it, where its
captured names are the step's own: so they are bound at call time, as in the notebook.
"""

import ast
import builtins
from collections.abc import Set
from dataclasses import dataclass

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.environment import Environment
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.sites import Kind, Site, Sites
from nb2prod.analysis.stateful import asked_names, own_state, remembering_decorators, written_attributes
from nb2prod.analysis.statements import Statements
from nb2prod.analysis.values import globals_among
from nb2prod.model.notebook import RoleKind

_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a definition looks up: `at_def` when it is made, `reads` at any time; `writes` are globals that it binds."""

    reads: frozenset[str]
    at_def: frozenset[str]
    writes: frozenset[str]
    mutates: frozenset[str]


def needs_of(node: ast.stmt, known: Knowledge = KNOWN) -> Needs:
    inside = Statements(Environment(known), cell=0)
    inside.in_body = True
    inside.run([node])
    outside = Statements(Environment(known), cell=0)
    outside.run([node])
    labels = [*inside.facts.mutated, *inside.facts.may_mutated]
    return Needs(
        reads=frozenset(inside.facts.reads),
        at_def=frozenset(outside.facts.exposed),
        writes=frozenset(inside.facts.binds) - {"__annotations__"},
        mutates=frozenset(str(label)[7:] for label in globals_among(labels)),
    )


@remembered
def _needs_of(statement: Statement, known: Knowledge) -> Needs:
    return needs_of(statement.node, known)


@dataclass(frozen=True, kw_only=True)
class _Marks:
    """What a statement has of what makes a definition keep state."""

    asked: frozenset[str]
    attributes: frozenset[str]
    decorators: frozenset[str]


@remembered
def _marks(statement: Statement, known: Knowledge) -> _Marks:
    return _Marks(
        asked=asked_names(statement.nodes),
        attributes=written_attributes(statement.nodes, known),
        decorators=remembering_decorators([statement.node], known),
    )


@dataclass(frozen=True, kw_only=True)
class Definitions:
    needs: dict[Site, Needs]
    shared: dict[str, Site]  # functions, classes and constants of functions.py
    stateful: dict[Site, str]  # what a definition remembers between its uses


def find_definitions(analysis: Analysis, sites: Sites) -> Definitions:
    found = [site for all_of in sites.by_name.values() for site in all_of if site.kind is Kind.DEFINITION]
    needs = {site: _needs_of(site.statement, analysis.known) for site in found if site.statement}
    constants = _constants(analysis, sites)
    written = _written_definitions(analysis, needs, sites)
    known = analysis.known
    marks = [_marks(statement, known) for cell in analysis.production for statement in cell.statements]
    asked = frozenset().union(*(each.asked for each in marks))
    attributes = frozenset().union(*(each.attributes for each in marks))
    decorators = frozenset().union(*(each.decorators for each in marks))
    stateful = {site: f"the notebook writes to '{site.name}'" for site in found if site.name in written}
    while True:
        shared = _shared(found, needs, {*stateful}, constants, sites)
        pure = shared.keys() - asked
        more = {site: _state_of(site, pure, attributes, decorators, known) for site in found if site not in stateful}
        more = {site: words for site, words in more.items() if words}
        if not more:
            return Definitions(needs=needs, shared={**constants, **shared}, stateful=stateful)
        stateful |= more


def _state_of(
    site: Site, pure: Set[str], attributes: frozenset[str], decorators: frozenset[str], known: Knowledge
) -> str:
    assert site.statement is not None
    return _own_state(site.statement, site.name in pure, attributes, decorators, known)


@remembered
def _own_state(
    statement: Statement, is_pure: bool, written: frozenset[str], decorators: frozenset[str], known: Knowledge
) -> str:
    return own_state(statement.node, is_pure=is_pure, written=written, decorators=decorators, known=known)


def _written_definitions(analysis: Analysis, needs: dict[Site, Needs], sites: Sites) -> set[str]:
    """Definitions of which a cell, or another definition, changes the object itself."""
    names = {name for cell in analysis.production for name in cell.effects.mutates}
    names |= {name for site, need in needs.items() for name in need.mutates if name != site.name}
    return {name for name in names if Kind.DEFINITION in sites.kinds(name)}


def _shared(
    found: list[Site], needs: dict[Site, Needs], stateful: set[Site], constants: dict[str, Site], sites: Sites
) -> dict[str, Site]:
    """The definitions that may move to `functions.py`: a greatest fixpoint, since they may use each other."""
    candidates = {s.name: s for s in found if s not in stateful and _may_be_shared(s, needs[s], sites)}
    while True:
        known = candidates.keys() | constants.keys()
        lost = [name for name, site in candidates.items() if not _only_known(site.name, needs[site], known, sites)]
        if not lost:
            return candidates
        for name in lost:
            del candidates[name]


def _may_be_shared(site: Site, needs: Needs, sites: Sites) -> bool:
    data = {name for name in needs.mutates if not sites.is_import_only(name)}
    return len(sites.by_name[site.name]) == 1 and needs.writes <= {site.name} and not data


def _only_known(name: str, needs: Needs, known: set[str], sites: Sites) -> bool:
    return all(
        other == name
        or other in known
        or sites.is_import_only(other)
        or (other not in sites.by_name and (other in _BUILTINS or other == "display"))
        for other in needs.reads
    )


def _constants(analysis: Analysis, sites: Sites) -> dict[str, Site]:
    """Literals of `functions` and `imports` cells that nothing else binds and nothing mutates."""
    changed = {n for cell in analysis.production for n in (*cell.effects.mutates, *cell.effects.may_mutate)}
    found: dict[str, Site] = {}
    for cell in analysis.production:
        if cell.role.kind in (RoleKind.FUNCTIONS, RoleKind.IMPORTS):
            for site in sites.by_cell[cell.number]:
                if _is_literal(site) and len(sites.by_name[site.name]) == 1 and site.name not in changed:
                    found[site.name] = site
    return found


def _is_literal(site: Site) -> bool:
    if site.statement is None or site.statement.use is not Use.BODY:
        return False
    match site.statement.node:
        case (
            ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(target=ast.Name(), value=ast.expr() as value)
        ):
            try:
                ast.literal_eval(value)
            except (ValueError, TypeError):
                return False
            return True
    return False
