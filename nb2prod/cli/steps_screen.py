"""A terminal while a pipeline runs: what it prints, and below that a line for each step that is running."""

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # rich is imported when it is needed

from nb2prod.execution.following import EventLines, Screen, StepsSoFar
from nb2prod.runtime.files import read_json
from nb2prod.runtime.project import LOCK

__all__ = ["steps_screen"]

_REFRESH = 5  # times a second


@contextlib.contextmanager
def steps_screen() -> Iterator[Screen | None]:
    """None where stderr is no terminal, or lines of JSON are wanted: a line for each step is printed then."""
    if not sys.stderr.isatty() or os.environ.get("NB2PROD_LOG") == "json":
        yield None
        return
    screen = _StepsScreen()
    try:
        yield screen
    finally:
        screen.close()


class _StepsScreen:
    def __init__(self) -> None:
        self._live: Any = None

    def follow(self, folder: Path, project: Path) -> None:
        from rich.console import Console
        from rich.live import Live

        self.close()
        self._events = EventLines(folder / "events.jsonl")
        self._steps = StepsSoFar(total=len(read_json(project / LOCK, dict).get("steps", ())))
        self._live = Live(
            get_renderable=self._text,
            console=Console(stderr=True, soft_wrap=True),
            refresh_per_second=_REFRESH,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def show(self, text: str, *, is_error: bool) -> None:  # noqa: ARG002 (both are the terminal)
        """Above the steps; what it holds of colours is the terminal's."""
        from rich.text import Text

        last = text.rpartition("\r")[2]  # a bar that was drawn over itself
        self._live.console.print(Text.from_ansi(last))

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _text(self) -> Any:
        from rich.text import Text

        for event in self._events.new():
            self._steps.apply(event)
        return Text("\n".join(self._steps.lines(datetime.now(UTC))), no_wrap=True, overflow="ellipsis")
