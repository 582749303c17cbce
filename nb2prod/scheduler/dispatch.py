"""From the queue to the executor: claiming as many runs as there is room for, and noticing how they leave it."""

import logging
import socket
from dataclasses import dataclass, field
from datetime import timedelta

from nb2prod.execution.executors.executor import Ended, Executor
from nb2prod.model.job import Failure, FailureKind, Run, RunStatus
from nb2prod.store import Store, Superseded
from nb2prod.store.errors import NotInStore

_LOG = logging.getLogger("nb2prod.scheduler")

SURVEYED = 2000  # running runs that are looked at; with more of them only what the executor says counts

Key = tuple[str, int]


@dataclass
class Dispatch:
    """`mine` are attempts given to the executor; `inherited` those that a daemon which is gone left on this host."""

    store: Store
    executor: Executor
    name: str
    jobs: int
    lease: float
    mine: set[Key] = field(default_factory=set)
    inherited: set[Key] = field(default_factory=set)
    _ended: list[Ended] = field(default_factory=list)  # kept while the store is away

    def inherit(self) -> None:
        """Once, at the start: what runs here already takes its place among `jobs`."""
        alive = {daemon.name for daemon in self.store.daemons(within=timedelta(seconds=30))} - {self.name}
        host = socket.gethostname()
        for run in self.store.runs(status=(RunStatus.RUNNING,), limit=1000):
            latest = [attempt for attempt in self.store.attempts(run.id) if attempt.number == run.attempt]
            if latest and latest[0].host == host and latest[0].worker not in alive:
                self.inherited.add((run.id, run.attempt))

    def settle(self) -> int:
        """Attempts whose supervisor is gone and has not said how it ended are lost, at once and not after a lease."""
        self._ended += self.executor.ended()
        count = 0
        while self._ended:
            self._settle_one(self._ended[0])
            count += 1
            self.mine.discard((self._ended[0].run_id, self._ended[0].attempt))
            del self._ended[0]
        return count

    def claim(self) -> list[Run]:
        free = min(self.jobs - len(self.mine) - len(self.inherited), self.executor.capacity())
        if free <= 0:
            return []
        runs = self.store.claim(self.name, lease=self.lease, limit=free)
        for run in runs:
            self._start(run)
        return runs

    def survey(self, running: list[Run]) -> None:
        """Look at what runs: attempts of others that have left, and ours that are to be cancelled before they began."""
        now_running = {(run.id, run.attempt) for run in running}
        if len(running) < SURVEYED:
            self.inherited &= now_running
            self.mine &= now_running
        for run in running:
            if run.cancel_requested and (run.id, run.attempt) in self.mine:
                self.executor.cancel(run.id, run.attempt)

    def _start(self, run: Run) -> None:
        self.mine.add((run.id, run.attempt))
        try:
            self.executor.submit(run.id, run.attempt)
        except Exception as error:
            _LOG.exception("run %s could not be handed to the executor", run.id)
            self._ended.append(Ended(run.id, run.attempt, f"it could not be started: {error}"))

    def _settle_one(self, ended: Ended) -> None:
        try:
            run = self.store.run(ended.run_id)
            if run.attempt == ended.attempt and run.status is RunStatus.RUNNING:
                failure = Failure(kind=FailureKind.LOST, message=f"its supervisor is gone: {ended.how}")
                self.store.finish(ended.run_id, ended.attempt, RunStatus.FAILED, failure)
        except (Superseded, NotInStore):
            return
