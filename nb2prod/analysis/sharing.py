"""Names that share an object must come to the step that changes it in one piece, wherever steps run.

So a step that gives one of them gives back all of them, in one bundle; and that they share there, they must have come
to it in one piece too, up to the step that made them.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from nb2prod.analysis.facts import Effects
from nb2prod.analysis.values import Label

__all__ = ["Sharing", "sharing_names"]

# of a step's position: what it gives back besides what it changes, to be filled, and its last cell
Giver = Callable[[int], tuple[dict[str, int], int]]
# what a step reads of before, each with the names that share an object with it there
Beside = Callable[[int], Mapping[str, frozenset[str]]]


def sharing_names(cells: Iterable[Effects]) -> list[frozenset[str]]:
    """Names of a step that share an object: one that it changes, or one that it is given by both of them."""
    found: set[frozenset[str]] = set()
    reached: defaultdict[str, frozenset[Label]] = defaultdict(frozenset)
    for effects in cells:
        found |= effects.together
        for name, labels in effects.incoming.items():
            reached[name] |= labels
    holders: defaultdict[Label, set[str]] = defaultdict(set)
    shared = _in_two(reached.values())
    for name, labels in reached.items():
        for label in labels & shared:
            holders[label].add(name)
    found |= {frozenset(names) for names in holders.values()}
    return sorted(found, key=sorted)


def _in_two(sets: Iterable[frozenset[Label]]) -> set[Label]:
    """What at least two of the sets have. A list that is added to in each step holds much, and is looked at last."""
    seen: set[Label] = set()
    found: set[Label] = set()
    *small, largest = sorted(sets, key=len) or [frozenset()]
    for labels in small:
        found |= labels & seen
        seen |= labels
    return found | (seen & largest)


@dataclass(kw_only=True)
class Sharing:
    """Positions of steps are told in order, by `gives`.

    there  whether a name was data before the step at a position
    """

    there: Callable[[str, int], bool]
    givers: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    asked: list[tuple[frozenset[str], int]] = field(default_factory=list)
    seen: set[tuple[frozenset[str], int]] = field(default_factory=set)

    def gives(self, position: int, names: Iterable[str]) -> None:
        for name in names:
            self.givers[name].append(position)

    def ask(self, names: frozenset[str], position: int) -> None:
        """These names are to come in one piece to the step at that position."""
        if len(names) > 1:
            self.asked.append((names, position))

    def settle(self, giver: Giver, beside: Beside) -> None:
        """Tie what was asked for, until nothing changes: a step that gives a name for one may part it from another."""
        while self._all_tied(giver, beside):
            self.seen.clear()

    def _all_tied(self, giver: Giver, beside: Beside) -> bool:
        """Whether something changed."""
        changed = [self._tie(names, position, giver, beside) for names, position in self.asked]
        return any(changed)

    def _tie(self, names: frozenset[str], position: int, giver: Giver, beside: Beside) -> bool:
        if len(names) < 2 or (names, position) in self.seen:
            return False
        self.seen.add((names, position))
        places = {name: self._place(name, position) for name in sorted(names)}
        first = min(places.values())
        changed = False
        for place in sorted(set(places.values()) - {-1}, reverse=True):
            tied, last = giver(place)
            there = frozenset(name for name in places if self.there(name, place))
            for name in sorted(there) if place > first else ():
                if places[name] == place:
                    continue
                tied.setdefault(name, last)
                insort(self.givers[name], place)
                changed = True
            # what the step makes of something it reads, and what passes it by, may be parts of one object
            read = {name for name, others in beside(place).items() if others & there and self.there(name, place)}
            changed |= self._tie(there | read, place, giver, beside)
        return changed

    def _place(self, name: str, before: int) -> int:
        """The position of the step that gives the name; a parameter comes before all."""
        givers = self.givers.get(name, [])
        index = bisect_left(givers, before)
        return givers[index - 1] if index else -1
