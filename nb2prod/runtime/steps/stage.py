"""What a step says and shows while it runs: scores, tables, figures, files, events. It listens for metrics.py.

The user's code knows nothing of it, gets the results it would get without, and finds all as it was afterwards.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # what an event holds

from nb2prod.runtime.metrics import ACTIVE
from nb2prod.runtime.profile import forget
from nb2prod.runtime.project import Settings

__all__ = ["Stage"]

Hear = Callable[[Mapping[str, Any]], None]
_FOLDERS = {"figure": "figures", "table": "tables", "artifact": "files", "model": "models"}


def _nobody(_: Mapping[str, Any]) -> None:
    """Nobody hears it before the step has ended."""


class Stage:
    """Of one attempt of a step. `folder` has logs/ and what is shown; `hear` is told of each event as it happens.

    metrics: what the code logged, and what the metrics cells declare; `scores` the calls of sklearn's scoring functions
    files:   {"kind": figure|table|artifact|model, "name", "path" in the folder, …}
    events:  {"event": metric|event|alert|kpi, "time", "step", …}
    """

    def __init__(self, step: str, folder: Path, hear: Hear = _nobody, settings: Settings | None = None) -> None:
        self.step, self.folder, self.hear, self.settings = step, folder, hear, settings
        self.metrics: dict[str, float] = {}
        self.scores: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    @property
    def log(self) -> Path:
        return self.folder / "logs" / f"{self.step}.log"

    @contextmanager
    def listening(self) -> Iterator[None]:
        forget()  # what is known of values: the step may change them
        with ExitStack() as stack:
            ACTIVE.append(self)
            stack.callback(ACTIVE.remove, self)
            if "sklearn.metrics" in sys.modules:
                from nb2prod.runtime.scoring import scores_seen

                stack.enter_context(scores_seen(self.scores, self.settings))
            if "IPython.display" in sys.modules:
                from nb2prod.runtime.displays import displays_seen

                stack.enter_context(displays_seen(sys.modules["IPython.display"].display))
            yield

    def metric(self, name: str, value: float) -> None:
        self.metrics[name] = value
        self.event("metric", metric=name, value=value)

    def event(self, kind: str, /, **more: object) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = {"event": kind, "time": now, "step": self.step, **more}
        self.events.append(event)
        self.hear(event)

    def new_file(self, kind: str, name: str, suffix: str, /, **more: object) -> Path:
        """`name` is "" for one that is numbered."""
        same = [file["path"] for file in self.files if file["kind"] == kind]
        plain = re.sub(r"[^\w.-]+", "-", name).strip("-.") or str(len(same) + 1)
        stem = f"{_FOLDERS[kind]}/{self.step}-{plain}"
        path, number = f"{stem}{suffix}", 2
        while path in same:
            path, number = f"{stem}-{number}{suffix}", number + 1
        self.files.append({"kind": kind, "name": name, "path": path, **more})
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        return self.folder / path

    def new_figure(self) -> str:
        return str(self.new_file("figure", "", ".png"))

    def shown(self) -> list[dict[str, Any]]:
        """The files that are there: one that could not be drawn is not."""
        return [file for file in self.files if (self.folder / file["path"]).is_file()]

    def show_again(self, files: Iterable[Mapping[str, Any]], content: Callable[[str], bytes | None]) -> None:
        """Those of an earlier run of the same step; `content` gives the bytes of the `digest` that each has."""
        for file in files:
            found = content(file["digest"])
            if found is not None:
                more = {key: value for key, value in file.items() if key not in ("kind", "name", "path", "digest")}
                self.new_file(file["kind"], file["name"], Path(file["path"]).suffix, **more).write_bytes(found)

    def keep_figures(self) -> None:
        """Those that are open still; only matplotlib that the step has loaded can have any."""
        if "matplotlib._pylab_helpers" in sys.modules:
            from nb2prod.runtime.figures import keep_open_figures

            keep_open_figures()

    def keep_scores(self) -> None:
        """As metrics, but for those that a metric says already, which wins."""
        if self.scores:
            from nb2prod.runtime.scoring import scores_by_name, without_declared

            for name, value in without_declared(scores_by_name(self.scores), self.metrics).items():
                self.metric(name, value)
