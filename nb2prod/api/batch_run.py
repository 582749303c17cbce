"""A batch worked off here and now, without a daemon: its runs are claimed and supervised as a daemon would.

A daemon that shares the store may take runs of it too; each run is claimed once.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nb2prod.execution.executors.executor import Executor, ExecutorNotReady, ExecutorOrder, open_executor
from nb2prod.model.job import Failure, FailureKind, Run, RunStatus
from nb2prod.store import Store, Superseded

__all__ = ["BatchProgress", "batch_executor", "work_off"]

_LEASE = 30.0  # seconds that a supervisor may be silent
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """Of `total` rows `left` have not ended; `running` are the runs that have started."""

    total: int
    left: int
    running: tuple[Run, ...]


@contextmanager
def batch_executor(store: Store, jobs: int) -> Iterator[Executor]:
    executor = open_executor("local", ExecutorOrder(store_url=store.url, jobs=jobs))
    try:
        yield executor
    finally:
        executor.close()


def work_off(
    store: Store,
    name: str,
    total: int,
    executor: Executor,
    *,
    told: Callable[[BatchProgress], None] = lambda _: None,
    look_every: float = 0.1,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return when every run of the batch has ended, here or elsewhere. Whoever interrupts it leaves the rest queued."""
    worker = f"batch:{socket.gethostname()}:{os.getpid()}"
    while True:
        began = time.monotonic()
        store.expire_leases()
        for ended in executor.ended():
            _lose(store, ended.run_id, ended.attempt, f"its supervisor is gone: {ended.how}")
        going = _going(store, name)
        told(BatchProgress(total=total, left=len(going), running=tuple(_running(going))))
        if not going:
            return
        for run in reversed(going):  # the first row first
            if executor.capacity() <= 0:
                break
            if run.status is RunStatus.QUEUED:
                _start(store, worker, run, executor)
        sleep(max(look_every, 4 * (time.monotonic() - began)))  # a slow store is not asked all the time


def _going(store: Store, name: str) -> list[Run]:
    """Queued and running, the newest first."""
    found: list[Run] = []
    while page := store.runs(
        batch=name,
        status=(RunStatus.QUEUED, RunStatus.RUNNING),
        before=found[-1].id if found else "",
        limit=_PAGE,
    ):
        found += page
        if len(page) < _PAGE:
            break
    return found


def _running(going: list[Run]) -> Iterator[Run]:
    return (run for run in going if run.status is RunStatus.RUNNING)


def _start(store: Store, worker: str, run: Run, executor: Executor) -> None:
    """Nothing is claimed while its pool is full, its pause before another attempt lasts, or another was faster."""
    for claimed in store.claim(worker, lease=_LEASE, limit=1, run_id=run.id):
        try:
            executor.submit(claimed.id, claimed.attempt)
        except ExecutorNotReady as trouble:
            _lose(store, claimed.id, claimed.attempt, f"it could not be started: {trouble}")


def _lose(store: Store, run_id: str, attempt: int, why: str) -> None:
    """Nothing is changed when its supervisor has said how it ended, or another attempt has begun."""
    run = store.run(run_id)
    if run.attempt == attempt and run.status is RunStatus.RUNNING:
        with contextlib.suppress(Superseded):
            store.finish(run_id, attempt, RunStatus.FAILED, Failure(kind=FailureKind.LOST, message=why))
