"""The thread that keeps an attempt alive in the store: it beats the lease, tells how far it is, and sees a cancel.

It holds the whole run's deadline too, also over what the main thread does after the last cell.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from nb2prod.execution.stops import Stops
from nb2prod.model.job import FailureKind, Progress, RunStatus
from nb2prod.store import Store, Superseded

__all__ = ["Heart"]

_TICK = 0.1
_TELL_EVERY = 0.5
_LOOK_EVERY = 0.8
_OVERTIME = 30.0  # seconds after the deadline in which outputs may still be written


class Heart:
    """`stops` learns of a cancel, of the deadline and of an attempt that was superseded. `overdue` is called when the
    main thread does not come to an end."""

    def __init__(
        self,
        store: Store,
        run_id: str,
        attempt: int,
        *,
        lease: float,
        stops: Stops,
        limit: float | None = None,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store, self._run, self._attempt, self._lease = store, run_id, attempt, lease
        self._stops, self._limit, self._log = stops, limit, log
        self.overdue: Callable[[], None] = lambda: None
        self._begun = self._beaten = self._told = self._looked = time.monotonic()
        self._lock, self._over = threading.Lock(), threading.Event()
        self._events: list[tuple[str, Mapping[str, object]]] = []
        self._metrics: dict[str, float] = {}
        self.measured: dict[str, float] = {}  # all of them so far
        self._progress: Progress | None = None
        self.progress = Progress()
        self.superseded = False
        self._thread = threading.Thread(target=self._live, name="nb2prod-heart", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """What was not told yet is told now."""
        self._over.set()
        self._thread.join()
        if not self.superseded:
            self._turn(time.monotonic(), last=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @property
    def left(self) -> float | None:
        """Seconds until the deadline."""
        return None if self._limit is None else max(0.0, self._limit - self.seconds)

    def event(self, kind: str, /, **data: object) -> None:
        with self._lock:
            self._events.append((kind, data))

    def at(self, progress: Progress) -> None:
        with self._lock:
            self.progress = self._progress = Progress(**{**vars(progress), "at": datetime.now(UTC)})

    def metrics(self, values: Mapping[str, float]) -> None:
        with self._lock:
            self._metrics |= values
            self.measured |= values

    def _live(self) -> None:
        while not self._over.wait(_TICK):
            now = time.monotonic()
            self._hold_deadline(now)
            if not self.superseded:
                self._turn(now)

    def _hold_deadline(self, now: float) -> None:
        if self._limit is None or now - self._begun <= self._limit:
            return
        if self._stops.asked is None:
            self._stops.stop(FailureKind.RUN_TIMEOUT, f"it ran for over {self._limit:g} s")
        if now - self._begun > self._limit + _OVERTIME:
            self.overdue()

    def _turn(self, now: float, *, last: bool = False) -> None:
        try:
            self._tell(now, last=last)
            self._beat(now)
        except Superseded as error:
            self.superseded = True
            self._stops.stop(FailureKind.LOST, str(error))
        except Exception as error:  # the database is away for a while; the run is not to end for that
            self._log(f"the store does not answer: {type(error).__name__}: {error}")
            self._looked = self._told = now

    def _tell(self, now: float, *, last: bool) -> None:
        if not last and now - self._told < _TELL_EVERY:
            return
        self._told = now
        with self._lock:
            events, self._events = self._events, []
            metrics, self._metrics = self._metrics, {}
        try:
            if events:
                self._store.add_events(self._run, self._attempt, events)
                events = []
            if metrics:
                self._store.log_metrics(self._run, self._attempt, metrics)
        except Superseded:
            raise
        except Exception:  # whatever it was, what was to be told is not lost
            with self._lock:
                self._events, self._metrics = events + self._events, metrics | self._metrics
            raise

    def _beat(self, now: float) -> None:
        with self._lock:
            progress = self._progress if now - self._beaten >= _TELL_EVERY else None
        if progress is not None or now - self._beaten >= self._lease / 3:
            asked = self._store.beat(self._run, self._attempt, lease=self._lease, progress=progress)
            self._beaten = self._looked = now
            with self._lock:
                self._progress = None if self._progress is progress else self._progress
            if asked:
                self._look()
        elif now - self._looked >= _LOOK_EVERY:
            self._looked = now
            self._look()

    def _look(self) -> None:
        run = self._store.run(self._run)
        if run.attempt != self._attempt or run.status is not RunStatus.RUNNING:
            raise Superseded(self._run, self._attempt, run.status, run.attempt)
        if run.cancel_requested and self._stops.asked is None:
            self._stops.stop(FailureKind.CANCELLED, f"cancelled by {run.cancel_requested}")
