"""How far a pipeline is, by the events that its runtime writes: which steps run, since when, how many are done."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol  # Any: JSON

__all__ = ["EventLines", "Screen", "StepsSoFar"]


class EventLines:
    """The events that were added to a file since it was looked at last. A line that is not whole waits."""

    def __init__(self, path: Path) -> None:
        self._path, self._place = path, 0

    def new(self) -> Iterator[Mapping[str, Any]]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                content = file.read()
        except OSError:
            return
        whole, newline, _ = content.rpartition(b"\n")
        self._place += len(whole) + len(newline)
        for line in whole.splitlines():
            yield json.loads(line)


class Screen(Protocol):
    """A terminal that shows how far a pipeline is, and above that what it prints."""

    def follow(self, folder: Path, project: Path) -> None:
        """From now on; the record will be in the folder."""

    def show(self, text: str, *, is_error: bool) -> None:
        """Whole lines."""


@dataclass(kw_only=True)
class StepsSoFar:
    """`running` has when each began, and the attempt that it is at."""

    total: int
    done: int = 0
    running: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def apply(self, event: Mapping[str, Any]) -> None:
        name, step = str(event.get("event", "")), event.get("step", "")
        if name == "step.started":
            self.running[step] = (datetime.fromisoformat(event["time"]), 1)
        elif name == "step.retried" and step in self.running:
            self.running[step] = (self.running[step][0], int(event.get("attempt", 2)))
        elif name.startswith("step."):
            self.running.pop(step, None)
            self.done += name in ("step.completed", "step.cached")

    def lines(self, now: datetime) -> list[str]:
        """The whole in the first, then each step that runs, the one that began first at the top."""
        width = max(map(len, self.running), default=0)
        found = [f"{self.done} of {max(self.total, self.done + len(self.running))} steps done"]
        for step, (began, attempt) in self.running.items():
            seconds = max((now - began).total_seconds(), 0.0)
            found.append(f"  {step:<{width}}  {seconds:6.1f} s{f'  attempt {attempt}' if attempt > 1 else ''}")
        return found
