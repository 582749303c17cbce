"""A cell that was walked before is not walked again where everything that the walk asked is as it was.

A walk depends on the cell's statements and on what it asks of the environment, and does nothing but change the
environment and give the cell's Effects. So a watched walk notes its questions with their answers, and its changes, in
their order. To repeat it is to ask the questions again and to make the changes again; at the first other answer the
changes are taken back, and the cell is walked.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple

from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.effects import walk_cell
from nb2prod.analysis.environment import Environment, Mark
from nb2prod.analysis.facts import Effects
from nb2prod.analysis.knowledge import Knowledge
from nb2prod.analysis.magics import Fate, LoweredCell
from nb2prod.analysis.values import Definition, Label, Summary, Value

__all__ = ["Watched", "rewalk"]

_KEPT = 4  # walks of a cell: what is typed elsewhere is valid Python and not, in turn

Note = tuple[Callable[..., Any], tuple[Any, ...], Any]  # a method of Environment, its arguments, its answer
Given = TypeVarTuple("Given")
Answer = TypeVar("Answer")


class Watched(Environment):
    """Notes what is asked of it and what changes it."""

    def __init__(self, known: Knowledge, *, is_seeded: bool) -> None:
        super().__init__(known, is_seeded=is_seeded)
        self.notes: list[Note] = []
        self._asked: set[str] = set()  # names that nothing has changed since

    def watch(self) -> list[Note]:
        self.notes, self._asked = [], set()
        return self.notes

    def get(self, name: str) -> Value:
        if name in self._asked:
            return Environment.get(self, name)
        self._asked.add(name)
        return self._noted(Environment.get, name)

    def has(self, name: str) -> bool:
        return self._noted(Environment.has, name)

    def names_of(self, labels: Set[Label]) -> set[str]:
        return self._noted(Environment.names_of, labels)

    def callers(self) -> frozenset[str]:
        return self._noted(Environment.callers)

    def marked(self, mark: Mark, labels: frozenset[Label]) -> frozenset[Label]:
        return self._noted(Environment.marked, mark, labels) if labels else labels

    def summary(self, definition: Definition) -> Summary | None:
        found = Environment.summary(self, definition)
        self.notes.append((_is_summary, (definition, found), True))
        return found

    def has_future(self) -> bool:
        return self._noted(Environment.has_future)

    def bind(self, name: str, value: Value, *, surely: bool = True) -> None:
        self._change(_bind, name, value, surely)

    def delete(self, name: str) -> None:
        self._change(Environment.delete, name)

    def hold(self, container: Value, item: Value) -> None:
        self._change(Environment.hold, container, item)

    def mark(self, mark: Mark, labels: frozenset[Label]) -> None:
        self._noted(Environment.mark, mark, labels)

    def summarise(self, definition: Definition, summary: Summary) -> None:
        self._noted(Environment.summarise, definition, summary)

    def see_future(self) -> None:
        self._noted(Environment.see_future)

    def _noted(self, method: Callable[[Environment, *Given], Answer], *given: *Given) -> Answer:
        found = method(self, *given)
        self.notes.append((method, given, found))
        return found

    def _change(self, method: Callable[[Environment, *Given], None], *given: *Given) -> None:
        """Of values: what was asked before may have another answer now."""
        self._noted(method, *given)
        self._asked.clear()


def _bind(env: Environment, name: str, value: Value, surely: bool) -> None:
    Environment.bind(env, name, value, surely=surely)


def _is_summary(env: Environment, definition: Definition, summary: Summary | None) -> bool:
    """The very summary: one that equals it may be changed while it is made."""
    return Environment.summary(env, definition) is summary


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """`given` is all that a walk depends on and that does not change from cell to cell."""

    statements: tuple[Statement, ...]
    given: tuple[Knowledge, bool, Mapping[str, frozenset[str]]]
    notes: Sequence[Note]
    effects: Effects


def rewalk(env: Watched, cell: LoweredCell, statements: tuple[Statement, ...]) -> Effects:
    """The cell's Effects; `env` moves on to the cell's end."""
    walks: tuple[_Walk, ...] = cell.memo.get(rewalk, ())
    given = (env.known, env.is_seeded, env.star_names)
    for walk in walks:
        if walk.statements is statements and walk.given == given and _is_repeated(env, walk.notes):
            return walk.effects
    env.begin(cell.number)
    notes = env.watch()
    effects = walk_statements(env, cell, statements)
    walk = _Walk(statements=statements, given=given, notes=tuple(notes), effects=effects)
    cell.memo[rewalk] = (walk, *walks[: _KEPT - 1])
    return effects


def walk_statements(env: Environment, cell: LoweredCell, statements: tuple[Statement, ...]) -> Effects:
    kept = [statement.node for statement in statements if statement.use is not Use.DISPLAY]
    magics = [magic for magic in cell.magics if magic.fate is not Fate.DROPPED]
    return walk_cell(env, number=cell.number, body=kept, magics=magics)


def _is_repeated(env: Watched, notes: Sequence[Note]) -> bool:
    """Whether every answer is as it was; if not, nothing has changed."""
    undo: list[Callable[[], object]] = []
    env.undo = undo
    for method, given, answer in notes:
        found = method(env, *given)
        if found is not answer and found != answer:
            break
    else:
        env.undo = None
        return True
    env.undo = None
    for take_back in reversed(undo):
        take_back()
    return False
