"""Steps as processes of this machine, side by side as far as cores and memory go."""

import contextlib
import os
import queue
import time
from collections.abc import Mapping
from typing import Any  # TOML

from nb2prod.execution.steps.guarded import KEEPERS, Guarded
from nb2prod.execution.steps.options import Options
from nb2prod.execution.steps.room import Room, cores, free_memory, peaks_of
from nb2prod.execution.steps.warm import Wanted, WarmProject
from nb2prod.runtime.project import Settings
from nb2prod.runtime.results.artifacts import NEAR
from nb2prod.runtime.steps.calls import Outcome, StepCall, StepExecutor, Ticket

__all__ = ["PLUGIN", "LocalSteps"]

_GRACE = 1.0  # seconds that a step which is cancelled has for its `finally`
_FAREWELL = 6.0


class LocalSteps:
    """`fresh` starts an interpreter for each step, instead of a fork."""

    def __init__(
        self,
        wanted: Wanted,
        room: Room,
        *,
        budget: int | None = None,
        fresh: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._room, self._budget, self._fresh = room, budget, fresh
        self._running: dict[Ticket, Guarded] = {}
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._warm = WarmProject(wanted, dict(os.environ if environment is None else environment))
        if KEEPERS and not fresh:
            self._warm.prepare()

    @property
    def server(self) -> int:
        """The process that forks; 0 when there is none."""
        return self._warm.pid

    def capacity(self, call: StepCall) -> bool:
        if not self._running and self._budget is None:
            self._room.memory = free_memory()
        return self._room.fits(call)

    def submit(self, call: StepCall) -> None:
        self._room.take(call)
        self._running[call.ticket] = Guarded(call, self._warm, self._note, fresh=self._fresh)

    def wait(self, timeout: float) -> list[Outcome]:
        outcomes: list[Outcome] = []
        with contextlib.suppress(queue.Empty):
            outcomes.append(self._outcomes.get(timeout=max(0.0, timeout)))
            while True:
                outcomes.append(self._outcomes.get_nowait())
        for outcome in outcomes:
            self._running.pop(outcome.ticket, None)
            self._room.leave(outcome.ticket, outcome.memory)
        return outcomes

    def cancel(self, ticket: Ticket) -> None:
        if ticket in self._running:
            self._running[ticket].cancel(_GRACE)

    def close(self) -> None:
        for running in self._running.values():
            running.cancel(_GRACE)
        ends = time.monotonic() + _GRACE + _FAREWELL
        while self._running and time.monotonic() < ends:
            self.wait(ends - time.monotonic())
        self._warm.close()

    def _note(self, _: Guarded, outcome: Outcome) -> None:
        self._outcomes.put(outcome)


class LocalKind:
    name = "local"
    summary = "processes of this machine, side by side as cores and memory allow"

    def open(self, settings: Settings, options: Mapping[str, Any]) -> StepExecutor:
        given = Options("local", options, known=("jobs", "memory", "start"))
        jobs = given.whole("jobs") or cores()
        budget = given.size("memory")
        start = given.chosen("start", ("fork", "fresh"))
        room = Room(jobs=jobs, memory=budget or free_memory(), peaks=peaks_of(settings.runs))
        environment = {NEAR: str(settings.runs / "near"), **os.environ}
        return LocalSteps(_wanted(settings), room, budget=budget, fresh=start == "fresh", environment=environment)


def _wanted(settings: Settings) -> Wanted:
    return Wanted(
        project=str(settings.root),
        package=settings.package,
        environment=settings.environment,
        workdir=str(settings.workdir),
        artifacts=settings.artifacts,
    )


PLUGIN = LocalKind()
