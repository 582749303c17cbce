"""How far a run is: a bar in a terminal, else a line for each cell."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator

from nb2prod.cli.show import say

__all__ = ["shown_progress"]

_PLACE = re.compile(r"cell (\d+) of (\d+)")


@contextlib.contextmanager
def shown_progress() -> Iterator[Callable[[str], None]]:
    """What takes the lines of a run: "cell 3 of 20", and others, which are shown as they are."""
    if not sys.stderr.isatty():
        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(line: str) -> None:
            place = _PLACE.fullmatch(line)
            if place is None:
                bar.console.print(line, markup=False, highlight=False)
                return
            number, total = int(place[1]), int(place[2])
            bar.update(task, description=f"cell {number}", completed=number - 1, total=total)

        yield show
