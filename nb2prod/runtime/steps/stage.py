"""What a step says and shows while it runs: it listens for metrics.py and the figures' backend."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # what an event holds

from nb2prod.runtime.metrics import ACTIVE

__all__ = ["Stage"]

Hear = Callable[[Mapping[str, Any]], None]


def _nobody(_: Mapping[str, Any]) -> None:
    """Nobody hears it before the step has ended."""


class Stage:
    """Of one attempt of a step. `folder` has logs/ and figures/; `hear` is told of each event as it happens."""

    def __init__(self, step: str, folder: Path, hear: Hear = _nobody) -> None:
        self.step, self.folder, self.hear = step, folder, hear
        self.metrics: dict[str, float] = {}
        self.figures: list[str] = []
        self.events: list[dict[str, Any]] = []

    @property
    def log(self) -> Path:
        return self.folder / "logs" / f"{self.step}.log"

    @contextmanager
    def listening(self) -> Iterator[None]:
        ACTIVE.append(self)
        try:
            yield
        finally:
            ACTIVE.remove(self)

    def metric(self, name: str, value: float) -> None:
        self.metrics[name] = value
        self._add({"event": "metric", "metric": name, "value": value})

    def new_figure(self) -> str:
        self.figures.append(f"{self.step}-{len(self.figures) + 1}.png")
        return str(self.folder / "figures" / self.figures[-1])

    def figure_paths(self) -> list[Path]:
        paths = [self.folder / "figures" / name for name in self.figures]
        return [path for path in paths if path.is_file()]

    def keep_figures(self) -> None:
        """Those that are open still; only matplotlib that the step has loaded can have any."""
        if "matplotlib._pylab_helpers" in sys.modules:
            from nb2prod.runtime.figures import keep_open_figures

            keep_open_figures()

    def _add(self, event: dict[str, Any]) -> None:
        event = {"step": self.step, **event}
        self.events.append(event)
        self.hear(event)
