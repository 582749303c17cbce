"""The daemon: a loop that makes due occurrences into runs, hands runs to the executor, and notices what is gone.

    step:  ended supervisors → expired leases → tick → after → when → claim → (now and then) lateness, retention
    sleep: until the next due time, for `poll` seconds at most, or until somebody wakes it

Several daemons may share a store: each step is a transaction that at most one of them wins. A daemon that dies leaves
its supervisors alone; they own their leases, and say themselves how their runs end.
"""

import contextlib
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType

from nb2prod.execution.executors.executor import Executor
from nb2prod.model.job import Run, RunStatus
from nb2prod.scheduler.after import After
from nb2prod.scheduler.dispatch import SURVEYED, Dispatch
from nb2prod.scheduler.lateness import Lateness
from nb2prod.scheduler.tick import tick
from nb2prod.scheduler.untimed import Untimed
from nb2prod.scheduler.waker import Waker
from nb2prod.scheduler.watch import Watch
from nb2prod.store import Store, StoreNotReachable

__all__ = ["LEASE", "Keep", "Scheduler", "Stepped", "daemon_name"]

_LOG = logging.getLogger("nb2prod.scheduler")
LEASE = 30.0
_BEAT, _SURVEY, _LATENESS, _KEEP = 5.0, 1.0, 5.0, 3600.0  # seconds between
_SILENT = 120.0  # seconds without a turn of the loop: it hangs
_LONGEST_PAUSE = 30.0  # between two tries of a store that is away
_RUNNING = (RunStatus.RUNNING,)


@dataclass(frozen=True, kw_only=True)
class Keep:
    """Which runs the daemon prunes, if any; `remove` gets what Store.prune gave, to remove the files."""

    older_than: timedelta | None = None
    last: int | None = None
    remove: Callable[[object], None] = lambda _: None


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """What a step did."""

    ended: int = 0
    lost: int = 0
    queued: int = 0
    skipped: int = 0
    followed: int = 0
    claimed: tuple[Run, ...] = ()
    is_done: bool = True


@dataclass
class _Clocks:
    """When each thing that is done now and then was done last."""

    last: dict[str, float] = field(default_factory=dict)

    def is_time(self, name: str, every: float) -> bool:
        now = time.monotonic()
        if now - self.last.get(name, float("-inf")) < every:
            return False
        self.last[name] = now
        return True


def daemon_name() -> str:
    """Another one each time: what an earlier daemon had claimed is not ours."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"


class Scheduler:
    """`waker.wake` is what an executor and a REST app of the same process call when something has changed."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        *,
        jobs: int,
        lease: float = LEASE,
        poll: float = 0.2,
        name: str = "",
        keep: Keep | None = None,
        waker: Waker | None = None,
    ) -> None:
        self._store, self._executor, self._poll, self._lease = store, executor, poll, lease
        self.name = name or daemon_name()
        self.waker = waker or Waker()
        self._keep = keep
        self._dispatch = Dispatch(store, executor, self.name, jobs, lease)
        untimed = Untimed(store)
        self._after, self._watch = After(store, untimed), Watch(store, untimed, self.waker.wake)
        self._lateness = Lateness(store)
        self._clocks = _Clocks()
        self._asked_to_end = self._is_known = False
        self._turned_at = time.monotonic()

    @property
    def is_going(self) -> bool:
        """Whether the loop has turned lately; one that waits for the store turns too."""
        return time.monotonic() - self._turned_at < _SILENT

    def step(self) -> Stepped:
        """All that there is to do now."""
        if not self._is_known:
            self._begin()
        if self._clocks.is_time("beat", _BEAT):
            self._store.daemon_beat(self.name, socket.gethostname(), os.getpid())
        ended = self._dispatch.settle()
        lost = self._store.expire_leases() if self._clocks.is_time("expire", min(_SURVEY, self._lease / 10)) else []
        ticked = tick(self._store)
        claimed = self._dispatch.claim()
        followed = self._after.look()
        self._watch.look()
        if followed:
            claimed += self._dispatch.claim()
        self._now_and_then()
        return Stepped(
            ended=ended,
            lost=len(lost),
            queued=ticked.queued,
            skipped=ticked.skipped,
            followed=followed,
            claimed=tuple(claimed),
            is_done=ticked.is_done,
        )

    def run(self, *, drain: bool = False, signals: bool = True) -> None:
        """Until SIGTERM or SIGINT, or `stop`. drain: then wait for what runs here; a second signal ends the waiting."""
        with self._signals() if signals else contextlib.nullcontext():
            self._loop()
            if drain:
                self._drain()
        self._end()

    def stop(self) -> None:
        """From any thread or a signal's handler."""
        self._asked_to_end = True
        self.waker.wake()

    def _loop(self) -> None:
        pause = 0.5
        while not self._asked_to_end:
            self._turned_at = time.monotonic()
            try:
                stepped = self.step()
                pause = 0.5
                self.waker.sleep(self._until_next(stepped))
            except Exception as error:  # a daemon outlives the store's outages, and our own faults
                _LOG.error("waiting for %.1f s: %s", pause, error, exc_info=not _is_plain(error))
                self.waker.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _until_next(self, stepped: Stepped) -> float:
        if not stepped.is_done:
            return 0.0
        due = self._store.next_due_at()
        return self._poll if due is None else min(self._poll, (due - self._store.now()).total_seconds())

    def _begin(self) -> None:
        self._store.daemon_beat(self.name, socket.gethostname(), os.getpid())
        self._dispatch.inherit()
        self._store.add_event("daemon.started", data={"name": self.name})
        self._is_known = True

    def _now_and_then(self) -> None:
        survey, late = self._clocks.is_time("survey", _SURVEY), self._clocks.is_time("lateness", _LATENESS)
        if survey or late:
            running = self._store.runs(status=_RUNNING, limit=SURVEYED)
            self._dispatch.survey(running)
            if late:
                self._lateness.look(running)
        if self._keep is not None and self._clocks.is_time("keep", _KEEP):
            self._prune(self._keep)

    def _prune(self, keep: Keep) -> None:
        if keep.older_than is not None or keep.last is not None:
            keep.remove(self._store.prune(older_than=keep.older_than, keep_last=keep.last))

    def _drain(self) -> None:
        self._asked_to_end = False
        while self._dispatch.mine and not self._asked_to_end:
            self.waker.sleep(self._poll)
            with contextlib.suppress(StoreNotReachable):
                self._dispatch.settle()

    def _end(self) -> None:
        with contextlib.suppress(Exception):  # a store that is away is no reason to stay
            self._after.keep()
            self._store.add_event("daemon.stopped", data={"name": self.name})
            self._store.daemon_gone(self.name)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def handle(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _is_plain(error: Exception) -> bool:
    """Whether its sentence says all, as those of our own errors do."""
    return type(error).__module__.startswith("nb2prod.")
