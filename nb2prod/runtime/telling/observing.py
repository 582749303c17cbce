"""What a step shows and says while its function runs: scores, tables, figures, files, events.

    with observing(step, folder, tell=…, settings=…) as seen:
        result = function(...)
    seen.kept(declared)  → what the step's record has of it

The user's code knows nothing of it, gets the results it would get without, and finds all as it was afterwards.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # JSON

from nb2prod.runtime.listening import ACTIVE
from nb2prod.runtime.project import Settings
from nb2prod.runtime.telling.profile import forget

__all__ = ["FOLDERS", "Seen", "observing"]

FOLDERS = {"figure": "figures", "table": "tables", "artifact": "files", "model": "models"}


def _silent(_event: str, /, **_more: object) -> None:
    """Tell nobody."""


@dataclass(kw_only=True)
class Seen:
    """The Listener of one step. Everything in it is JSON.

    folder:  the run's, or one for this step alone on a worker; files lie in it under the `path` that `files` has
    tell:    hears each event at once, as `Record.event` would: the name, then the rest by keyword
    metrics: those that the code logged; `scores` the calls of sklearn's scoring functions that it made
    files:   {"kind": figure|table|artifact|model, "name", "path", …}
    events:  {"time", "event": metric|event|alert|kpi, "step", …}, as events.jsonl has them
    """

    step: str
    folder: Path
    settings: Settings | None = None
    tell: Callable[..., None] = _silent
    metrics: dict[str, float] = field(default_factory=dict)
    scores: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def metric(self, name: str, value: float) -> None:
        self.metrics[name] = value
        self.event("metric", metric=name, value=value)

    def event(self, kind: str, /, **more: object) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.events.append({"time": now, "event": kind, "step": self.step, **more})
        self.tell(kind, step=self.step, **more)

    def new_file(self, kind: str, name: str, suffix: str, /, **more: object) -> Path:
        same = [file for file in self.files if file["kind"] == kind]
        plain = re.sub(r"[^\w.-]+", "-", name).strip("-.") or str(len(same) + 1)
        path = f"{FOLDERS[kind]}/{self.step}-{plain}{suffix}"
        number = 2
        while any(file["path"] == path for file in same):
            path, number = f"{FOLDERS[kind]}/{self.step}-{plain}-{number}{suffix}", number + 1
        self.files.append({"kind": kind, "name": name or path.partition("/")[2], "path": path, **more})
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        return self.folder / path

    def new_figure(self) -> str:
        return str(self.new_file("figure", "", ".png"))

    def shown_again(self, files: list[dict[str, Any]], content: Callable[[dict[str, Any]], bytes | None]) -> None:
        """The files of an earlier run of the same step, whose result is used again."""
        for file in files:
            found = content(file)
            if found is not None:
                more = {key: value for key, value in file.items() if key not in ("kind", "name", "path", "digest")}
                numbered = file["name"] == file["path"].partition("/")[2]
                path = self.new_file(file["kind"], "" if numbered else file["name"], Path(file["path"]).suffix, **more)
                path.write_bytes(found)

    def settle(self) -> None:
        """The function has ended: what it has drawn and not shown is kept now."""
        _keep_open_figures()

    def kept(self, declared: Mapping[str, float] | None = None) -> dict[str, Any]:
        """For the step's record: metrics, scores, figures (names), files (of other kinds); what is empty is left out.

        `declared` are the numbers of the metrics cells, which win over those of the same name.
        """
        metrics = {**self.metrics, **(declared or {})}
        found = self._scored(metrics) if self.scores else {}
        files = [file for file in self.files if (self.folder / file["path"]).is_file()]
        kept = {
            "metrics": {**found, **metrics},
            "scores": self.scores,
            "figures": [Path(file["path"]).name for file in files if file["kind"] == "figure"],
            "files": [file for file in files if file["kind"] != "figure"],
        }
        return {key: value for key, value in kept.items() if value}

    def _scored(self, declared: Mapping[str, float]) -> dict[str, float]:
        from nb2prod.runtime.telling.scoring import scores_by_name, without_declared

        return without_declared(scores_by_name(self.scores), declared)


@contextmanager
def observing(
    step: str, folder: Path, *, tell: Callable[..., None] = _silent, settings: Settings | None = None
) -> Iterator[Seen]:
    """`settings` says which cell a line is of."""
    forget()  # what is known of values: the step may change them
    seen = Seen(step=step, folder=folder, settings=settings, tell=tell)
    with ExitStack() as stack:
        ACTIVE.append(seen)
        stack.callback(ACTIVE.remove, seen)
        if "sklearn.metrics" in sys.modules:
            from nb2prod.runtime.telling.scoring import scores_seen

            stack.enter_context(scores_seen(seen.scores, settings))
        if "IPython.display" in sys.modules:
            from nb2prod.runtime.telling.displays import displays_seen

            stack.enter_context(displays_seen(sys.modules["IPython.display"].display))
        yield seen


def _keep_open_figures() -> None:
    """Only matplotlib that the step has loaded can have any."""
    if "matplotlib._pylab_helpers" in sys.modules:
        from nb2prod.runtime.figures import keep_open_figures

        keep_open_figures()
