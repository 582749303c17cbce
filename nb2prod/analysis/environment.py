"""The notebook's namespace as the analysis sees it at a point: each name's abstract value, and who shares what.

Whoever walks a cell asks and changes it by its methods alone: then a walk can be watched, and repeated (rewalk.py).
"""

from collections import defaultdict
from collections.abc import Callable, Set
from enum import StrEnum

from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.values import NOTHING, Definition, Label, Summary, Value, union

_LABELS_OF_A_CELL = 4_294_967_311  # a prime: sets of labels of many cells have few collisions


class Mark(StrEnum):
    """What is known of objects."""

    GENERATOR = "generator"  # random generators: whoever is given one draws from it
    IN_PLACE = "in place"  # estimators that may write into the data that they are given
    PLAIN = "plain"  # lists, dicts and the like that the text shows: libraries leave them as they are
    DRAWER = "drawer"  # estimators and splitters without a seed: they draw from numpy.random
    SETTLED = "settled"  # those that surely do not
    FIGURE = "figure"  # figures, axes and grids of axes: what draws on them changes them


class Environment:
    """Names to values, with the reverse index from objects to the names that reach them."""

    def __init__(self, known: Knowledge = KNOWN, *, is_seeded: bool = False) -> None:
        self.known = known
        self.is_seeded = is_seeded  # somewhere the notebook seeds: then the order of all draws counts
        self.values: dict[str, Value] = {}
        self.star_names: dict[str, frozenset[str]] = {}  # what `from MODULE import *` brings, told beforehand
        self.summaries: dict[Definition, Summary] = {}
        self.undo: list[Callable[[], object]] | None = None  # of the changes, where they may be taken back
        self._has_future = False  # a __future__ import of annotations holds for all later cells
        self._callers: set[str] = set()
        self._marked: dict[Mark, set[Label]] = {mark: set() for mark in Mark}
        self._holders: defaultdict[Label, frozenset[str]] = defaultdict(frozenset)
        self._sets: dict[frozenset[str], frozenset[str]] = {}  # most objects of a long list have the same holders
        self._next = 0

    def begin(self, cell: int) -> None:
        """Objects made in a cell have numbers of its own, whatever is made in other cells."""
        self._next = cell * _LABELS_OF_A_CELL

    def fresh(self) -> int:
        self._next += 1
        return self._next

    # ------------------------------------------------------------------ questions

    def get(self, name: str) -> Value:
        return self.values.get(name, NOTHING)

    def has(self, name: str) -> bool:
        return name in self.values

    def names_of(self, labels: Set[Label]) -> set[str]:
        """The names whose values are, or hold, one of these objects."""
        return set().union(*filter(None, set(map(self._holders.get, labels))))

    def callers(self) -> frozenset[str]:
        """Names of data that can call functions of the notebook."""
        return frozenset(self._callers)

    def marked(self, mark: Mark, labels: frozenset[Label]) -> frozenset[Label]:
        """Those of the objects that have the mark."""
        return labels & self._marked[mark]

    def has_marked(self, mark: Mark) -> bool:
        return bool(self._marked[mark])

    def summary(self, definition: Definition) -> Summary | None:
        return self.summaries.get(definition)

    def has_future(self) -> bool:
        return self._has_future

    # ------------------------------------------------------------------ changes

    def bind(self, name: str, value: Value, *, surely: bool = True) -> None:
        """Give a name a value; in a branch (`surely` false) it may keep the one it has."""
        if not surely and name in self.values:
            value = union(self.values[name], value)
        self._put(name, value)

    def delete(self, name: str) -> None:
        self._put(name, None)

    def hold(self, container: Value, item: Value) -> None:
        """From now on every value that is `container`, or holds it, also holds `item`."""
        if item.reach <= container.reach and item.defs <= container.defs:
            return
        for name in Environment.names_of(self, container.own):
            value = self.values[name]
            if not (item.reach <= value.held and item.defs <= value.defs):
                self._put(name, union(value, Value(held=item.reach, defs=item.defs, kind=value.kind)))

    def mark(self, mark: Mark, labels: frozenset[Label]) -> None:
        new = labels - self._marked[mark]
        self._marked[mark] |= new
        if self.undo is not None:
            self.undo.append(lambda: self._marked[mark].difference_update(new))

    def summarise(self, definition: Definition, summary: Summary) -> None:
        if self.undo is not None:
            old = self.summaries.get(definition)
            self.undo.append(lambda: self._put_summary(definition, old))
        self.summaries[definition] = summary

    def see_future(self) -> None:
        if self.undo is not None:
            old = self._has_future
            self.undo.append(lambda: setattr(self, "_has_future", old))
        self._has_future = True

    # ------------------------------------------------------------------ below

    def _put(self, name: str, value: Value | None) -> None:
        """None: the name is gone."""
        old = self.values.get(name)
        if self.undo is not None:
            self.undo.append(lambda: self._put_now(name, value, old))
        self._put_now(name, old, value)

    def _put_now(self, name: str, old: Value | None, value: Value | None) -> None:
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value
        if value is not None and value.defs and not value.is_definition:
            self._callers.add(name)
        else:
            self._callers.discard(name)
        self._move(name, NOTHING.reach if old is None else old.reach, NOTHING.reach if value is None else value.reach)

    def _put_summary(self, definition: Definition, summary: Summary | None) -> None:
        if summary is None:
            self.summaries.pop(definition, None)
        else:
            self.summaries[definition] = summary

    def _move(self, name: str, old: frozenset[Label], new: frozenset[Label]) -> None:
        if old is new:
            return
        for label in () if old <= new else old - new:
            self._give(label, self._holders[label] - {name})
        for label in () if new <= old else new - old:
            self._give(label, self._holders[label] | {name})

    def _give(self, label: Label, holders: frozenset[str]) -> None:
        self._holders[label] = self._sets.setdefault(holders, holders)
