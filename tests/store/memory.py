"""A store of runs in memory, as simple as can be: what the law of the store is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nb2prod.model.job import AttemptStatus, FailureKind, Retry, RunStatus

LIVE = (RunStatus.QUEUED, RunStatus.RUNNING)


@dataclass
class MemoryRun:
    id: str
    key: str
    pool: str
    priority: int
    place: datetime
    serial: str = ""  # its schedule, when only one of it may run
    status: RunStatus = RunStatus.QUEUED
    attempts: list[AttemptStatus] = field(default_factory=list)
    not_before: datetime | None = None
    lease_until: datetime = datetime.min
    cancelling: bool = False
    failures: int = 0
    losses: int = 0


class MemoryStore:
    """`retry` is that of every definition; its jitter is nothing."""

    def __init__(self, retry: Retry) -> None:
        self.retry, self.limits = retry, dict[str, int | None]()
        self.runs = dict[str, MemoryRun]()

    def submit(self, run: MemoryRun) -> str:
        """The id of the run that has its key, be it that one or an older one."""
        for other in self.runs.values():
            if run.key and other.key == run.key:
                return other.id
        self.runs[run.id] = run
        return run.id

    def claim(self, now: datetime, lease: float, limit: int) -> list[str]:
        claimed: list[str] = []
        for run in sorted(self.runs.values(), key=lambda run: (-run.priority, run.place, run.id)):
            if len(claimed) < limit and self._may_start(run, now):
                run.status, run.not_before = RunStatus.RUNNING, None
                run.attempts.append(AttemptStatus.RUNNING)
                run.lease_until = now + timedelta(seconds=lease)
                claimed.append(run.id)
        return claimed

    def may_write(self, run_id: str, attempt: int) -> bool:
        run = self.runs[run_id]
        return run.status is RunStatus.RUNNING and len(run.attempts) == attempt

    def end(self, run_id: str, now: datetime, kind: FailureKind | None) -> None:
        """An attempt of a run that runs ended so; None: it completed."""
        run = self.runs[run_id]
        if kind is None:
            run.attempts[-1], run.status = AttemptStatus.COMPLETED, RunStatus.COMPLETED
        elif kind is FailureKind.CANCELLED:
            run.attempts[-1], run.status = AttemptStatus.CANCELLED, RunStatus.CANCELLED
        elif kind is FailureKind.LOST:
            run.losses += 1
            run.attempts[-1] = AttemptStatus.LOST
            final = RunStatus.CANCELLED if run.cancelling else RunStatus.FAILED
            again = run.losses <= self.retry.lost and not run.cancelling
            run.status = RunStatus.QUEUED if again else final
        else:
            run.failures += 1
            run.attempts[-1] = AttemptStatus.FAILED
            again = kind in self.retry.on and run.failures <= self.retry.limit and not run.cancelling
            run.status = RunStatus.QUEUED if again else RunStatus.FAILED
            pause = self.retry.delay * self.retry.factor ** (run.failures - 1)
            run.not_before = now + timedelta(seconds=pause) if again else None

    def expire(self, now: datetime) -> list[str]:
        silent = [run for run in self.runs.values() if run.status is RunStatus.RUNNING and run.lease_until < now]
        for run in silent:
            self.end(run.id, now, FailureKind.LOST)
        return sorted(run.id for run in silent)

    def cancel(self, run_id: str) -> None:
        run = self.runs[run_id]
        run.cancelling = run.cancelling or run.status in LIVE
        if run.status is RunStatus.QUEUED:
            run.status, run.not_before = RunStatus.CANCELLED, None

    def running(self, pool: str) -> int:
        return sum(run.pool == pool and run.status is RunStatus.RUNNING for run in self.runs.values())

    def _may_start(self, run: MemoryRun, now: datetime) -> bool:
        limit = self.limits.get(run.pool)
        beside = any(other.serial == run.serial and other.status is RunStatus.RUNNING for other in self.runs.values())
        return (
            run.status is RunStatus.QUEUED
            and (run.not_before is None or run.not_before <= now)
            and (limit is None or self.running(run.pool) < limit)
            and not (run.serial and beside)
        )
