"""Names that share an object must come to the step that changes it in one piece, wherever steps run.

So a step that gives one of them gives back all of them, in one bundle; and that they share there, they must have come
to it in one piece too, up to the step that made them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Giver", "Sharing"]


class Giver(Protocol):
    """A step: `there` are the names of data before it, `tied` what it gives back besides what it changes."""

    there: frozenset[str]
    tied: dict[str, int]


@dataclass(kw_only=True)
class Sharing:
    """`giver` is the step at a position and its last cell. Positions are told in order, by `gives`."""

    giver: Callable[[int], tuple[Giver, int]]
    givers: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    seen: set[tuple[frozenset[str], int]] = field(default_factory=set)

    def gives(self, position: int, names: Iterable[str]) -> None:
        for name in names:
            self.givers[name].append(position)

    def tie(self, names: frozenset[str], position: int) -> None:
        """The names, as they come to the step at that position."""
        if len(names) < 2 or (names, position) in self.seen:
            return
        self.seen.add((names, position))
        places = {name: self.place(name, position) for name in sorted(names)}
        first = min(places.values())
        for place in sorted(set(places.values()) - {-1}, reverse=True):
            giver, last = self.giver(place)
            apart = [name for name in places if places[name] < place and name in giver.there]
            for name in apart if place > first else ():
                giver.tied.setdefault(name, last)
            self.tie(names & giver.there, place)

    def place(self, name: str, before: int) -> int:
        """The position of the step that gives the name; a parameter comes before all."""
        givers = self.givers.get(name, [])
        index = bisect_left(givers, before)
        return givers[index - 1] if index else -1
