"""Which names earlier steps and parameters have given as data, and nobody has deleted, before each step.

Told change by change while steps are wired, asked when all of them are known.
"""

from bisect import bisect_right
from collections import defaultdict

__all__ = ["Given"]


class Given:
    """A name's changes, each with the number of the first step that sees it."""

    def __init__(self) -> None:
        self._step = 0
        self._steps: defaultdict[str, list[int]] = defaultdict(list)
        self._is_data: defaultdict[str, list[bool]] = defaultdict(list)

    def next_step(self) -> None:
        self._step += 1

    def note(self, name: str, *, is_data: bool) -> None:
        self._steps[name].append(self._step)
        self._is_data[name].append(is_data)

    def before(self, name: str, step: int) -> bool:
        """What step number `step` finds: the last change told before it."""
        place = bisect_right(self._steps.get(name, ()), step)
        return place > 0 and self._is_data[name][place - 1]
