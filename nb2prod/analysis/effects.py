"""Pass 2 for whole cells: a lowered cell, walked in the environment that earlier cells left, gives its Effects."""

import ast
from collections.abc import Sequence

from nb2prod.analysis.environment import Environment
from nb2prod.analysis.facts import Effects, Facts
from nb2prod.analysis.flow import Assigned
from nb2prod.analysis.magics import Magic
from nb2prod.analysis.statements import Statements
from nb2prod.analysis.values import Value


def walk_cell(env: Environment, *, number: int, body: Sequence[ast.stmt], magics: Sequence[Magic] = ()) -> Effects:
    """The effects of a cell's statements and magics, in order of lines; `env` moves on to the cell's end."""
    walker = Statements(env, cell=number)
    waiting = sorted(magics, key=lambda magic: magic.line)
    for statement in body:
        while waiting and waiting[0].line <= statement.lineno:
            _run_magic(walker, waiting.pop(0))
        walker.statement(statement)
    for magic in waiting:
        _run_magic(walker, magic)
    return _effects(walker.facts, walker.assigned)


def _run_magic(walker: Statements, magic: Magic) -> None:
    for name in magic.reads:
        if walker.env.has(name):
            walker.read(name, magic.line)
    for name in magic.binds:
        walker.bind(name, Value(own=frozenset({walker.env.fresh()})), magic.line)


def _effects(facts: Facts, end: Assigned) -> Effects:
    must_bind = frozenset(facts.binds) if end is None else end & frozenset(facts.binds)
    mutates = _by_line(facts.mutates)
    return Effects(
        exposed=facts.exposed,
        must_bind=must_bind,
        reads=frozenset(facts.reads),
        binds=facts.binds,
        deletes=facts.deletes,
        mutates=mutates,
        may_mutate={name: line for name, line in _by_line(facts.may_mutate).items() if name not in mutates},
        state=facts.state,
        direct=frozenset(facts.direct),
        carried=facts.carried,
        kinds=facts.kinds,
        together=frozenset(facts.together),
        incoming=facts.incoming,
        beside=facts.beside,
        opaque=tuple(facts.opaque),
        left=frozenset(facts.left),
        reworked=facts.reworked,
    )


def _by_line(found: dict[str, int]) -> dict[str, int]:
    """Names that share an object come out of a set, in another order in each process."""
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))
