"""The tick: each schedule that is due is planned, and gets its runs and its next due time in one transaction."""

import logging
import time
from dataclasses import dataclass, replace
from datetime import datetime

from nb2prod.model.job import Overlap, Run, RunStatus, Schedule
from nb2prod.scheduler.occurrences import Plan, plan
from nb2prod.store import Store
from nb2prod.store.errors import StoreNotReachable

_LOG = logging.getLogger("nb2prod.scheduler")
_AT_ONCE = 50
_IN_ONE = 250  # occurrences of one transaction
_COUNTS = {Overlap.SKIP, Overlap.REPLACE}  # policies that ask what is under way


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """What a tick made; `is_done` when nothing that was due is left."""

    queued: int = 0
    skipped: int = 0
    is_done: bool = True


def tick(store: Store, *, budget: float = 0.1) -> Ticked:
    """Go on for `budget` seconds: runs that are queued already must not wait for a long list of schedules."""
    end = time.monotonic() + budget
    queued = skipped = 0
    while True:
        due = store.due(limit=_AT_ONCE)
        for schedule in due:
            made = _advance_or_disable(store, schedule)
            queued += sum(run.status is RunStatus.QUEUED for run in made)
            skipped += sum(run.status is RunStatus.SKIPPED for run in made)
            if time.monotonic() > end:
                return Ticked(queued=queued, skipped=skipped, is_done=False)
        if len(due) < _AT_ONCE:
            return Ticked(queued=queued, skipped=skipped)


def _advance_or_disable(store: Store, schedule: Schedule) -> list[Run]:
    """One that cannot be planned puts itself out of action, where everybody sees it, and nothing else."""
    try:
        return advance(store, schedule, store.now())
    except StoreNotReachable:
        raise
    except Exception as error:
        _LOG.exception("schedule %s cannot be planned", schedule.name)
        store.disable_schedule(schedule.id, f"it cannot be planned: {type(error).__name__}: {error}")
        return []


def advance(store: Store, schedule: Schedule, now: datetime) -> list[Run]:
    """The runs of what is due; [] when another daemon was first."""
    active = store.active_runs_of(schedule.id) if schedule.overlap in _COUNTS else []
    planned = plan(schedule, now, len(active))
    if planned.replaces:
        _end_earlier(store, schedule, active)
    made = _advance_by_parts(store, schedule, planned)
    if made:
        _tell_of_passed(store, schedule, planned)
    return made


def _advance_by_parts(store: Store, schedule: Schedule, planned: Plan) -> list[Run]:
    """Each part is a step of its own that leaves the schedule due at the next: no lock is held for long."""
    made: list[Run] = []
    for at in range(0, max(1, len(planned.occurrences)), _IN_ONE):
        part, rest = planned.occurrences[at : at + _IN_ONE], planned.occurrences[at + _IN_ONE :]
        next_due = rest[0].due_at if rest else planned.next_due
        new = store.advance(schedule, part, next_due)
        if not new:
            break  # another daemon was here, and plans the rest
        made += new
        schedule = replace(schedule, next_due=next_due)
    return made


def _end_earlier(store: Store, schedule: Schedule, active: list[Run]) -> None:
    """Before the new run is there: whoever dies in between leaves the same to be done again. A run that another daemon
    made of this very occurrence is none of the earlier ones."""
    for run in active:
        if run.due_at is None or schedule.next_due is None or run.due_at < schedule.next_due:
            store.cancel(run.id, f"the next run of schedule {schedule.name!r}")


def _tell_of_passed(store: Store, schedule: Schedule, planned: Plan) -> None:
    if planned.passed is not None:
        passed = planned.passed
        data = {"first": passed.first.isoformat(), "until": passed.until.isoformat(), "count": passed.count}
        store.add_event("schedule.passed", schedule_id=schedule.id, data=data)
