"""Runs: submitted, looked at, cancelled, done again, and removed when they are old."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from nb2prod.api.outputs import remove_outputs
from nb2prod.errors import InvalidOption
from nb2prod.execution.job_parameters import check, from_store, to_store
from nb2prod.model.job import Artifact, Attempt, Definition, Event, Run, RunStatus, Schedule
from nb2prod.store import NotInStore, Pruned, Store

__all__ = ["RunDetail", "cancel", "follow_events", "prune", "retry", "show", "submit"]

_LOOK_EVERY = 0.3  # seconds


@dataclass(frozen=True, kw_only=True)
class RunDetail:
    """All that is known of a run; `events` in the order in which they happened."""

    run: Run
    definition: Definition
    schedule: Schedule | None
    attempts: tuple[Attempt, ...]
    events: tuple[Event, ...]
    artifacts: tuple[Artifact, ...]


def submit(
    store: Store,
    definition: Definition,
    parameters: Mapping[str, object],
    *,
    idempotency_key: str = "",
    priority: int = 0,
    pool: str = "",
    batch: str = "",
) -> tuple[Run, bool]:
    """A run in the queue, and whether it is new: False when that key was used before for the very same.

    Raises ParameterRefused and IdempotencyConflict, and stores nothing then.
    """
    values = check(definition.parameters, parameters)
    return store.submit(
        definition_id=definition.id,
        parameters=to_store(values),
        reason="batch" if batch else "manual",
        priority=priority,
        pool=pool or definition.settings.pool,
        idempotency_key=idempotency_key,
        batch=batch,
    )


def cancel(store: Store, run_id: str, *, by: str) -> Run:
    """A queued run is cancelled at once; a running one is told, and keeps its outputs so far."""
    return store.cancel(run_id, by)


def retry(store: Store, run_id: str, *, latest: bool = False) -> Run:
    """A new run like one that has ended, of the same version of its definition, or of the latest one."""
    before = store.run(run_id)
    if not before.status.is_final:
        raise InvalidOption(run_id, f"it is {before.status.value}; only a run that has ended can be done again")
    definition = store.definition(before.definition_id)
    if latest:
        definition = store.latest_definition(definition.name)
    run, _ = store.submit(
        definition_id=definition.id,
        parameters=to_store(check(definition.parameters, from_store(before.parameters))),
        priority=before.priority,
        pool=definition.settings.pool,
        schedule_id=before.schedule_id,
        cause=before.id,
    )
    return run


def show(store: Store, run_id: str) -> RunDetail:
    run = store.run(run_id)
    return RunDetail(
        run=run,
        definition=store.definition(run.definition_id),
        schedule=_schedule_of(store, run),
        attempts=tuple(store.attempts(run_id)),
        events=tuple(store.events(run_id=run_id)),
        artifacts=tuple(store.artifacts(run_id)),
    )


def follow_events(
    store: Store, run_id: str, *, wait: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Event]:
    """Its events in order; with `wait`, those that come until it has ended."""
    last, ended = 0, not wait
    while True:
        page = store.events(run_id=run_id, after=last)
        yield from page
        last = page[-1].id if page else last
        if page:
            continue
        if ended:
            return
        ended = store.run(run_id).status.is_final  # what came before is read once more
        sleep(0 if ended else _LOOK_EVERY)


def prune(
    store: Store,
    *,
    older_than: timedelta | None = None,
    keep_last: int | None = None,
    statuses: Collection[RunStatus] = (),
    dry_run: bool = False,
) -> tuple[Pruned, list[tuple[str, str]]]:
    """Remove runs that have ended, with all that is known of them and the files that they gave.

    `keep_last` are so many of each definition that stay whatever their age. Also gives the places that could not be
    removed, and why. Raises InvalidOption when neither it nor `older_than` is given: all runs would go.
    """
    if older_than is None and keep_last is None:
        raise InvalidOption("prune", "say which runs: --older-than 90d, --keep-last 20, or both")
    ended = [status for status in RunStatus if status.is_final and (not statuses or status in statuses)]
    gone = store.prune(older_than=older_than, keep_last=keep_last, statuses=ended, dry_run=dry_run)
    return gone, [] if dry_run else remove_outputs(gone)


def _schedule_of(store: Store, run: Run) -> Schedule | None:
    try:
        return store.schedule_by_id(run.schedule_id) if run.schedule_id is not None else None
    except NotInStore:
        return None  # it was removed, and its runs stay
