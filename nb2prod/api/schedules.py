"""Schedules: a definition and when it runs. Everything is checked first; what is wrong is refused, and not stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack

from nb2prod.api.names import check_name
from nb2prod.errors import InvalidOption
from nb2prod.execution.job_parameters import check, from_store, to_store
from nb2prod.model.job import (
    Definition,
    Misfire,
    Once,
    Overlap,
    Run,
    RunAfter,
    Schedule,
    Trigger,
    WhenThere,
)
from nb2prod.scheduler import occurrences
from nb2prod.scheduler.chains import check_chain
from nb2prod.scheduler.occurrences import check_trigger, first_due
from nb2prod.store import Store

__all__ = [
    "Policies",
    "add_schedule",
    "check_schedule",
    "first_time",
    "history",
    "next_times",
    "pause",
    "remove",
    "resume",
    "run_now",
    "update_schedule",
]


class Policies(TypedDict, total=False):
    """What may be said of a schedule beside its trigger; see model.job.Schedule."""

    misfire: Misfire
    overlap: Overlap
    grace: float
    priority: int
    jitter: float
    start_at: datetime | None
    end_at: datetime | None
    paused: bool


def add_schedule(
    store: Store,
    *,
    definition: Definition,
    name: str = "",
    trigger: Trigger,
    parameters: Mapping[str, object] | None = None,
    **policies: Unpack[Policies],
) -> Schedule:
    """Raises BadTrigger, ParameterRefused, InvalidName, InvalidOption, NotInStore and ScheduleExists."""
    name = check_name(name or definition.name)
    values = check_schedule(store, name, trigger, definition.parameters, parameters or {}, policies)
    due = first_time(store, trigger, policies.get("start_at"), policies.get("end_at"))
    return store.add_schedule(
        name=name,
        definition_id=definition.id,
        trigger=trigger,
        next_due=due,
        parameters=to_store(values),
        **policies,
    )


def update_schedule(
    store: Store,
    name: str,
    *,
    definition: Definition | None = None,
    trigger: Trigger | None = None,
    parameters: Mapping[str, object] | None = None,
    **policies: Unpack[Policies],
) -> Schedule:
    """Change what is given and keep the rest; `parameters` take the place of all that were given before.

    The parameters that are kept are checked against a new definition. Runs that exist already stay as they are.
    """
    before = store.schedule(name)
    used = definition or store.definition(before.definition_id)
    given = from_store(before.parameters) if parameters is None else parameters
    values = check_schedule(store, name, trigger or before.trigger, used.parameters, given, policies)
    after = replace(
        before,
        definition_id=used.id,
        trigger=trigger or before.trigger,
        parameters=to_store(values),
        disabled="",
        **policies,
    )
    if before.disabled or _when(before) != _when(after):
        after = replace(after, next_due=first_time(store, after.trigger, after.start_at, after.end_at))
    return store.replace_schedule(after)


def pause(store: Store, name: str) -> Schedule:
    """Nothing of it becomes due until it is resumed. Runs that exist already go on."""
    return store.replace_schedule(replace(store.schedule(name), paused=True))


def resume(store: Store, name: str) -> Schedule:
    """It becomes due again from now on: what would have been due while it was paused is left out.

    A schedule that was put out of action is tried again.
    """
    before = store.schedule(name)
    check_trigger(before.trigger)
    due = first_due(before.trigger, store.now(), start_at=before.start_at, end_at=before.end_at)
    return store.replace_schedule(replace(before, paused=False, disabled="", next_due=due))


def remove(store: Store, name: str) -> None:
    """Its runs stay, until they are pruned. Raises InvalidOption while another schedule waits for its runs."""
    followers = [s.name for s in _all(store) if isinstance(s.trigger, RunAfter) and s.trigger.schedule == name]
    if followers:
        raise InvalidOption(name, f"{', '.join(followers)} runs after it; remove that first, or give it another time")
    store.remove_schedule(name)


def run_now(store: Store, name: str, *, by: str) -> Run:
    """A run of the schedule's definition with its parameters, beside those that are due; also while it is paused."""
    schedule = store.schedule(name)
    definition = store.definition(schedule.definition_id)
    run, _ = store.submit(
        definition_id=definition.id,
        parameters=schedule.parameters,
        priority=schedule.priority,
        pool=definition.settings.pool,
        schedule_id=schedule.id,
        cause=by,
    )
    return run


def next_times(store: Store, name: str, count: int = 5) -> list[datetime]:
    """When it is due next, in UTC, whether it is paused or not; none where something else than time decides."""
    schedule = store.schedule(name)
    return occurrences.next_times(
        schedule.trigger, store.now(), count, start_at=schedule.start_at, end_at=schedule.end_at
    )


def history(store: Store, name: str, limit: int = 20) -> list[Run]:
    """Its runs, the newest first, skipped ones too."""
    store.schedule(name)
    return store.runs(schedule=name, limit=limit)


# ---------------------------------------------------------------------- checks


def _when(schedule: Schedule) -> tuple[object, ...]:
    return (schedule.trigger, schedule.start_at, schedule.end_at)


def check_schedule(
    store: Store,
    name: str,
    trigger: Trigger,
    declared: Sequence[tuple[str, str, str, str]],
    parameters: Mapping[str, object],
    policies: Policies,
) -> dict[str, object]:
    """The parameters with their types, of a schedule in which nothing is wrong."""
    _check_policies(policies)
    check_trigger(trigger)
    if isinstance(trigger, RunAfter):
        check_chain(name, trigger, {schedule.name: schedule.trigger for schedule in _all(store)})
    path = {trigger.parameter: ""} if isinstance(trigger, WhenThere) and trigger.parameter else {}
    return {key: value for key, value in check(declared, {**path, **parameters}).items() if key in parameters}


def _check_policies(policies: Policies) -> None:
    for name in ("grace", "jitter"):
        value = policies.get(name, 0.0)
        if not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise InvalidOption(f"--{name}", f"{value} is no length of time")
    start, end = policies.get("start_at"), policies.get("end_at")
    if start and end and not start < end:
        raise InvalidOption("--end", f"{end.isoformat()} is not after the start {start.isoformat()}")


def first_time(store: Store, trigger: Trigger, start: datetime | None, end: datetime | None) -> datetime | None:
    due = first_due(trigger, store.now(), start_at=start, end_at=end)
    if due is None and isinstance(trigger, Once):
        raise InvalidOption("--at", f"{trigger.at.isoformat()} is past, or outside of --start and --end")
    if due is None and not isinstance(trigger, RunAfter | WhenThere):
        raise InvalidOption("--end", "with it the schedule never becomes due; give a later one")
    return due


def _all(store: Store) -> list[Schedule]:
    found: list[Schedule] = []
    while page := store.schedules(limit=500, after=found[-1].name if found else ""):
        found += page
    return found
