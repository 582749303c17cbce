"""Runs after runs: the events of the store say which run ended, and each ending starts its followers once.

How far the events were read is kept beside the schedules that follow, so runs that ended while no daemon was there are
followed when one comes.
"""

import logging
import threading
import time

from nb2prod.model.job import Event, Run, RunAfter, RunStatus, Schedule
from nb2prod.scheduler.chains import follows
from nb2prod.scheduler.untimed import Untimed, start_once
from nb2prod.store import NotInStore, Store

_LOG = logging.getLogger("nb2prod.scheduler")
_ENDS = {f"run.{status}" for status in RunStatus if status.is_final and status is not RunStatus.SKIPPED}
_PAGE = 500
_KEPT_EVERY = 5.0  # seconds
_CURSOR = "event"
_CATCH_UP = 200


class After:
    def __init__(self, store: Store, untimed: Untimed) -> None:
        self._store, self._untimed = store, untimed
        self._cursor = self._kept = -1
        self._kept_at = 0.0
        self._beginning: threading.Thread | None = None

    def look(self) -> int:
        """How many runs were started."""
        if self._cursor < 0:
            return self._begin_aside()
        started = 0
        while events := self._store.events(after=self._cursor, limit=_PAGE):
            started += sum(self._hear(event) for event in events)
            self._cursor = events[-1].id
        if self._cursor != self._kept and time.monotonic() - self._kept_at > _KEPT_EVERY:
            self.keep()
        return started

    def keep(self) -> None:
        """Say how far we are, for who comes after us."""
        if self._cursor < 0:
            return
        for schedule, _ in self._untimed.after():
            try:
                self._store.mark_watched(schedule.id, {_CURSOR: str(self._cursor)})
            except NotInStore:
                continue
        self._kept, self._kept_at = self._cursor, time.monotonic()

    def _begin_aside(self) -> int:
        """To read a hundred thousand schedules takes seconds, in which others are due."""
        if self._beginning is None or not self._beginning.is_alive():
            self._beginning = threading.Thread(target=self._begin_or_say, name="after", daemon=True)
            self._beginning.start()
            self._beginning.join(0.1)
        return 0

    def _begin_or_say(self) -> None:
        try:
            self._begin()
        except Exception as error:  # the next look tries again
            _LOG.warning("the schedules that follow others could not be read: %s", error)

    def _begin(self) -> None:
        latest = self._store.latest_events(limit=1)
        newest = latest[-1].id if latest else 0
        self._untimed.load()
        known = {schedule.id: self._cursor_of(schedule) for schedule, _ in self._untimed.after()}
        for schedule, trigger in self._untimed.after():
            if known[schedule.id] is None:
                self._catch_up(schedule, trigger)
        self._cursor = min([newest, *(cursor for cursor in known.values() if cursor is not None)])

    def _cursor_of(self, schedule: Schedule) -> int | None:
        text = self._store.watched(schedule.id).get(_CURSOR, "")
        return int(text) if text.isdecimal() else None

    def _catch_up(self, schedule: Schedule, trigger: RunAfter) -> int:
        """It was added while no daemon was there, and what it follows may have run since."""
        try:
            runs = self._store.runs(schedule=trigger.schedule, limit=_CATCH_UP)
        except NotInStore:
            return 0
        since = [run for run in runs if run.finished_at is not None and run.finished_at >= schedule.created_at]
        return sum(self._follow(schedule, trigger, run) for run in reversed(since))

    def _hear(self, event: Event) -> int:
        if event.kind.startswith("schedule.") and event.schedule_id is not None:
            self._untimed.refresh(event.schedule_id)
            return 0
        if event.kind not in _ENDS or event.schedule_id is None:
            return 0
        return sum(self._hear_end(event, schedule, trigger) for schedule, trigger in self._untimed.after())

    def _hear_end(self, event: Event, schedule: Schedule, trigger: RunAfter) -> int:
        if not follows(trigger, RunStatus(event.kind.partition(".")[2])):
            return 0
        try:
            if self._store.schedule(trigger.schedule).id != event.schedule_id:
                return 0
            return self._follow(schedule, trigger, self._store.run(event.run_id))
        except NotInStore:
            return 0

    def _follow(self, schedule: Schedule, trigger: RunAfter, ended: Run) -> int:
        if ended.finished_at is None or not follows(trigger, ended.status):
            return 0
        key = f"after:{schedule.id}:{ended.id}"
        return start_once(self._store, schedule, ended.finished_at, reason="after", key=key, cause=ended.id)
