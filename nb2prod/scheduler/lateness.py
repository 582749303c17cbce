"""Runs that start late or take long: an event each, once. Channels have limits of their own (notify/lookout.py)."""

import statistics
from collections.abc import Sequence
from datetime import datetime, timedelta

from nb2prod.model.job import Run, RunStatus
from nb2prod.store import Store
from nb2prod.store.errors import NotInStore

LONG_FACTOR = 2.0  # times the median of the earlier runs
LONG_AT_LEAST = 60.0  # seconds
HISTORY, ENOUGH = 20, 3  # completed runs that are looked at, and how many tell something
NEAR_LIMIT = 0.8  # of the deadline, when a run has one


class Lateness:
    """Looks at what waits and what runs. The events say what was told, here and by other daemons."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: set[tuple[str, str]] = set()
        self._graces: dict[int, float] = {}
        self._usual: dict[int, float | None] = {}

    def look(self, running: Sequence[Run]) -> int:
        """How many were told of."""
        now = self._store.now()
        queued = self._store.runs(status=(RunStatus.QUEUED,), limit=1000)
        self._forget({run.id for run in (*queued, *running)})
        told = 0
        for run in queued:
            if run.attempt == 0 and run.due_at is not None and is_late(run, self._grace(run), now):
                seconds = round((now - run.due_at).total_seconds(), 1)
                told += self._tell("run.late", run, {"due_at": run.due_at.isoformat(), "seconds": seconds})
        for run in running:
            usual = self._usual_seconds(run)
            if run.started_at is not None and is_long(run.started_at, usual, now):
                seconds = round((now - run.started_at).total_seconds(), 1)
                told += self._tell("run.long", run, {"seconds": seconds, "usual": usual})
        return told

    def _tell(self, kind: str, run: Run, data: dict[str, object]) -> int:
        if (kind, run.id) in self._told:
            return 0
        self._told.add((kind, run.id))
        if any(event.kind == kind for event in self._store.events(run_id=run.id, limit=1000)):
            return 0  # another daemon, or we before we were started again
        self._store.add_event(kind, run_id=run.id, attempt=run.attempt, schedule_id=run.schedule_id, data=data)
        return 1

    def _forget(self, alive: set[str]) -> None:
        self._told = {(kind, run_id) for kind, run_id in self._told if run_id in alive}
        if len(self._graces) + len(self._usual) > 10_000:
            self._graces, self._usual = {}, {}

    def _grace(self, run: Run) -> float:
        if run.schedule_id is None:
            return 60.0
        if run.schedule_id not in self._graces:
            self._graces[run.schedule_id] = _grace_of(self._store, run.schedule_id)
        return self._graces[run.schedule_id]

    def _usual_seconds(self, run: Run) -> float | None:
        if run.definition_id not in self._usual:
            self._usual[run.definition_id] = usual_seconds(self._store, run.definition_id)
        return self._usual[run.definition_id]


def is_late(run: Run, grace: float, now: datetime) -> bool:
    wanted = max(run.due_at or now, run.not_before or run.due_at or now)
    return now - wanted > timedelta(seconds=grace)


def is_long(started_at: datetime, usual: float | None, now: datetime) -> bool:
    return usual is not None and (now - started_at).total_seconds() > max(LONG_AT_LEAST, LONG_FACTOR * usual)


def usual_seconds(store: Store, definition_id: int) -> float | None:
    """What a completed run of the definition takes, by the median; None while too few tell. A deadline tells too."""
    definition = store.definition(definition_id)
    runs = store.runs(definition=definition.name, status=(RunStatus.COMPLETED,), limit=HISTORY)
    took = [(run.finished_at - run.started_at).total_seconds() for run in runs if run.finished_at and run.started_at]
    limit = definition.settings.limits.run
    if len(took) < ENOUGH:
        return None if limit is None else limit * NEAR_LIMIT / LONG_FACTOR
    return statistics.median(took)


def _grace_of(store: Store, schedule_id: int) -> float:
    try:
        return store.schedule_by_id(schedule_id).grace
    except NotInStore:  # removed, and its runs still wait
        return 60.0
