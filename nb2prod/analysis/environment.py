"""The notebook's namespace as the analysis sees it at a point: each name's abstract value, and who shares what."""

from collections import defaultdict
from collections.abc import Iterable

from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.values import NOTHING, Label, Value, union


class Environment:
    """Names to values, with the reverse index from objects to the names that reach them."""

    def __init__(self, known: Knowledge = KNOWN, *, is_seeded: bool = False) -> None:
        self.known = known
        self.is_seeded = is_seeded  # somewhere the notebook seeds: then the order of all draws counts
        self.values: dict[str, Value] = {}
        self.star_names: dict[str, frozenset[str]] = {}  # what `from MODULE import *` brings, told beforehand
        self.future_annotations = False  # a __future__ import holds for all later cells
        self.generators: set[Label] = set()  # random generators: whoever is given one draws from it
        self.in_place: set[Label] = set()  # estimators that may write into the data that they are given
        # lists, dicts and the like that the text shows: libraries leave them as they are
        self.plain: set[Label] = set()
        self.callers: set[str] = set()  # names of data that can call functions of the notebook
        self.drawers: set[Label] = set()  # estimators and splitters without a seed: they draw from numpy.random
        self.settled: set[Label] = set()  # those that surely do not
        self._holders: defaultdict[Label, frozenset[str]] = defaultdict(frozenset)
        self._sets: dict[frozenset[str], frozenset[str]] = {}  # most objects of a long list have the same holders
        self._next = 0

    def fresh(self) -> int:
        self._next += 1
        return self._next

    def get(self, name: str) -> Value:
        return self.values.get(name, NOTHING)

    def bind(self, name: str, value: Value, *, surely: bool = True) -> None:
        """Give a name a value; in a branch (`surely` false) it may keep the one it has."""
        old = self.values.get(name, NOTHING)
        if not surely and name in self.values:
            value = union(old, value)
        self.values[name] = value
        if value.defs and not value.is_definition:
            self.callers.add(name)
        else:
            self.callers.discard(name)
        self._move(name, old.reach, value.reach)

    def delete(self, name: str) -> None:
        old = self.values.pop(name, NOTHING)
        self.callers.discard(name)
        self._move(name, old.reach, NOTHING.reach)

    def names_of(self, labels: Iterable[Label]) -> set[str]:
        """The names whose values are, or hold, one of these objects."""
        return set().union(*filter(None, set(map(self._holders.get, labels))))

    def hold(self, container: Value, item: Value) -> None:
        """From now on every value that is `container`, or holds it, also holds `item`."""
        if item.reach <= container.reach and item.defs <= container.defs:
            return
        for name in self.names_of(container.own):
            value = self.values[name]
            if not (item.reach <= value.held and item.defs <= value.defs):
                self.bind(name, union(value, Value(held=item.reach, defs=item.defs, kind=value.kind)))

    def _move(self, name: str, old: frozenset[Label], new: frozenset[Label]) -> None:
        if old is new:
            return
        for label in () if old <= new else old - new:
            self._give(label, self._holders[label] - {name})
        for label in () if new <= old else new - old:
            self._give(label, self._holders[label] | {name})

    def _give(self, label: Label, holders: frozenset[str]) -> None:
        self._holders[label] = self._sets.setdefault(holders, holders)
