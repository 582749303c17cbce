"""Pass 2, randomness: who draws from a generator that is given, kept, or shared by the whole process.

An estimator or splitter of a library that is made without `random_state` draws from numpy.random when it is fitted,
wherever that is. Which it is, is often not known where it is fitted: then it counts when the notebook seeds anything,
for without a seed no order of the draws gives the same numbers again.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis.environment import Mark
from nb2prod.analysis.expressions import Expressions
from nb2prod.analysis.knowledge import IMMUTABLE_KINDS, Draws
from nb2prod.analysis.values import NOTHING, Value, union

__all__ = ["Arguments", "Drawing"]

_GENERATOR_KEYWORDS = frozenset({"random_state", "rng", "seed", "generator"})  # what is given by them is drawn from
_SEEDS = frozenset({"int", "rng"})
_STATE = ("numpy.random",)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The arguments of a call as values; `keywords` without a name (`**kwargs`) go to `positional`. With
    `has_mutator` one of them is a function that changes what it is given."""

    positional: tuple[Value, ...]
    keywords: dict[str, Value]
    line: int
    has_mutator: bool = False

    @property
    def all(self) -> tuple[Value, ...]:
        return (*self.positional, *self.keywords.values())

    def given(self, places: Iterable[int | str]) -> tuple[Value, ...]:
        """Those at the positions and with the keywords."""
        positional = dict(enumerate(self.positional))
        found = (positional.get(place) if isinstance(place, int) else self.keywords.get(place) for place in places)
        return tuple(value for value in found if value is not None)


class Drawing(Expressions):
    def draw_from_given(self, arguments: Arguments) -> None:
        """Whoever is given a random generator may draw from it."""
        labels = self.env.marked(Mark.GENERATOR, union(NOTHING, *arguments.all).reach)
        given = [value for name, value in arguments.keywords.items() if name in _GENERATOR_KEYWORDS]
        self.mutate(union(NOTHING, Value(own=labels), *given), arguments.line, surely=False)

    def draw_by_given(self, arguments: Arguments) -> None:
        """Whoever is given an estimator without a seed may fit it."""
        if self.env.marked(Mark.DRAWER, union(NOTHING, *arguments.all).reach):
            self.touch(_STATE, arguments.line)

    def draw_in_library(self, dotted: str, arguments: Arguments, made: Value) -> None:
        draws = self.draws_of(dotted, arguments)
        if not _is_class(dotted) and not self.known.is_holding(dotted):
            self.draw_by_given(arguments)
        own = made.own.difference(*(value.reach for value in arguments.all))
        if draws is Draws.NEVER:
            self.env.mark(Mark.SETTLED, own)
        elif draws is Draws.SURELY and _is_class(dotted):
            self.env.mark(Mark.DRAWER, own)
        elif draws is Draws.SURELY or (draws is Draws.PERHAPS and self.env.is_seeded and not _is_class(dotted)):
            self.touch(_STATE, arguments.line)
        first = arguments.positional[0] if arguments.positional else arguments.keywords.get("estimator", NOTHING)
        if dotted in self.known.fitting_functions and self.env.is_seeded and not self.is_settled(first):
            self.touch(_STATE, arguments.line)

    def draws_of(self, dotted: str, arguments: Arguments) -> Draws | None:
        known = self.known.draws(dotted)
        given = arguments.keywords.get("random_state")
        if known is None or given is None:
            return known
        if given.kind == "NoneType":
            return Draws.PERHAPS if known is Draws.NEVER else known
        return Draws.NEVER if given.kind in _SEEDS else Draws.PERHAPS

    def draw_in_method(self, node: ast.Call, name: str, base: Value, arguments: Arguments) -> None:
        if name not in self.known.keeping_methods:
            self.draw_by_given(arguments)
        if name not in self.known.drawing_methods or base.kind in IMMUTABLE_KINDS:
            return
        given = arguments.keywords.get("random_state")
        if given is not None and given.kind in _SEEDS:
            return
        is_of_text = hasattr(str, name) and all(isinstance(argument, ast.Constant) for argument in node.args)
        is_unsure = self.env.is_seeded and not is_of_text and not self.is_settled(base)
        if self.env.marked(Mark.DRAWER, base.reach) or is_unsure:
            self.touch(_STATE, arguments.line)

    def is_settled(self, value: Value) -> bool:
        rest = value.reach - self.env.marked(Mark.SETTLED, value.reach)
        return bool(value.reach) and self.env.marked(Mark.PLAIN, rest) == rest


def _is_class(dotted: str) -> bool:
    return dotted.rpartition(".")[2][:1].isupper()
