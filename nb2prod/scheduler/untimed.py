"""Schedules that time never makes due (RunAfter, WhenThere): which there are, and starting a run of one, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nb2prod.model.job import Overlap, RunAfter, RunStatus, Schedule, WhenThere
from nb2prod.scheduler.occurrences import shaken
from nb2prod.store import IdempotencyConflict, NotInStore, Occurrence, Store

_PAGE = 2000
_LOOKED_BACK = 200  # runs of the schedule among which one of the same cause is looked for


@dataclass
class Untimed:
    """Loaded once, then kept by the events of the schedules."""

    store: Store
    by_id: dict[int, Schedule] = field(default_factory=dict)

    def load(self) -> None:
        after = ""
        while page := self.store.schedules(limit=_PAGE, after=after):
            for schedule in page:
                self._take(schedule)
            after = page[-1].name

    def refresh(self, schedule_id: int) -> None:
        self.by_id.pop(schedule_id, None)
        try:
            self._take(self.store.schedule_by_id(schedule_id))
        except NotInStore:
            return

    def after(self) -> list[tuple[Schedule, RunAfter]]:
        return [(each, each.trigger) for each in self.by_id.values() if isinstance(each.trigger, RunAfter)]

    def when(self) -> list[tuple[Schedule, WhenThere]]:
        return [(each, each.trigger) for each in self.by_id.values() if isinstance(each.trigger, WhenThere)]

    def _take(self, schedule: Schedule) -> None:
        if isinstance(schedule.trigger, RunAfter | WhenThere) and not (schedule.paused or schedule.disabled):
            self.by_id[schedule.id] = schedule


def start_once(
    store: Store,
    schedule: Schedule,
    at: datetime,
    *,
    reason: str,
    key: str,
    cause: str,
    parameters: Mapping[str, object] | None = None,
) -> bool:
    """A run of the schedule, or a skipped one where its overlap says so; however often and by how many it is asked."""
    if (schedule.start_at and at < schedule.start_at) or (schedule.end_at and at >= schedule.end_at):
        return False
    if any(
        run.cause == cause and run.idempotency_key == key
        for run in store.runs(schedule=schedule.name, limit=_LOOKED_BACK)
    ):
        return False
    active = store.active_runs_of(schedule.id)
    if active and schedule.overlap is Overlap.SKIP:
        skipped = Occurrence(due_at=at, status=RunStatus.SKIPPED, reason="overlap")
        return bool(store.advance(schedule, [skipped], None))
    if schedule.overlap is Overlap.REPLACE:
        for run in active:
            store.cancel(run.id, f"the next run of schedule {schedule.name!r}")
    try:
        return store.submit(
            definition_id=schedule.definition_id,
            parameters={**schedule.parameters, **(parameters or {})},
            reason=reason,
            priority=schedule.priority,
            pool=store.definition(schedule.definition_id).settings.pool,
            idempotency_key=key,
            cause=cause,
            schedule_id=schedule.id,
            not_before=shaken(schedule, at),
        )[1]
    except IdempotencyConflict:  # started when the schedule was another
        return False
