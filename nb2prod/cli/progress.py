"""How far a run is: a bar in a terminal, else a line for each cell."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from nb2prod.cli.show import say

__all__ = ["shown_progress"]

_PLACE = re.compile(r"cell (\d+) of (\d+)")


@contextlib.contextmanager
def shown_progress() -> Iterator[Callable[[str], None]]:
    """What takes the lines of a run: "cell 3 of 20", and others, which are shown as they are."""
    if not sys.stderr.isatty():
        yield say
        return
    bar = _Bar()
    try:
        yield bar.show
    finally:
        bar.close()


class _Bar:
    """It begins with the first cell: its thread must not be there when the run is forked off."""

    def __init__(self) -> None:
        self._bar: Any = None  # rich is imported when it is needed
        self._task: Any = None

    def show(self, line: str) -> None:
        place = _PLACE.fullmatch(line)
        if place is None and self._bar is None:
            say(line)
        elif place is None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            self._begin()
            self._bar.update(
                self._task, description=f"cell {place[1]}", completed=int(place[1]) - 1, total=int(place[2])
            )

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _begin(self) -> None:
        if self._bar is not None:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("")
        self._bar.start()
