"""From a notebook or a project to its schedule or batch, in one go: nothing is stored unless all of it is right."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from nb2prod.api.batch import check_rows, submit_batch
from nb2prod.api.definitions import draft, redraft, save
from nb2prod.api.names import check_name
from nb2prod.api.rows import Row
from nb2prod.api.schedules import Policies, add_schedule, check_schedule, first_time, update_schedule
from nb2prod.execution.job_parameters import from_store
from nb2prod.model.job import JobSettings, Schedule, Trigger
from nb2prod.store import NotInStore, ScheduleExists, Store

__all__ = ["batch_path", "schedule_path", "update_path"]

_DEFAULT = JobSettings()


def schedule_path(
    store: Store,
    path: Path,
    *,
    name: str = "",
    trigger: Trigger,
    parameters: Mapping[str, object] | None = None,
    settings: JobSettings = _DEFAULT,
    files: Sequence[str] = (),
    **policies: Unpack[Policies],
) -> Schedule:
    """Define a notebook or a project and schedule it, both by one name; nothing is stored unless all of it is right.

    Raises what `define` and `add_schedule` raise.
    """
    made = draft(store, path, name=name, settings=settings, files=files)
    _refuse_existing(store, made.name)
    check_schedule(store, made.name, trigger, made.parameters, parameters or {}, policies)
    first_time(store, trigger, policies.get("start_at"), policies.get("end_at"))
    return add_schedule(
        store, definition=save(store, made), name=made.name, trigger=trigger, parameters=parameters, **policies
    )


def update_path(
    store: Store,
    name: str,
    path: Path | None = None,
    *,
    settings: JobSettings | None = None,
    files: Sequence[str] = (),
    trigger: Trigger | None = None,
    parameters: Mapping[str, object] | None = None,
    **policies: Unpack[Policies],
) -> Schedule:
    """`update_schedule` with the notebook as it is now at `path`, or with other settings; all or nothing."""
    before = store.schedule(name)
    used = store.definition(before.definition_id)
    if path is None and settings is None:
        return update_schedule(store, name, trigger=trigger, parameters=parameters, **policies)
    made = redraft(store, used, path, settings=settings, files=files)
    given = from_store(before.parameters) if parameters is None else parameters
    check_schedule(store, name, trigger or before.trigger, made.parameters, given, policies)
    return update_schedule(
        store, name, definition=save(store, made), trigger=trigger, parameters=parameters, **policies
    )


def batch_path(
    store: Store,
    path: Path,
    rows: Sequence[Row],
    *,
    common: Mapping[str, object] | None = None,
    name: str = "",
    settings: JobSettings = _DEFAULT,
    files: Sequence[str] = (),
    priority: int = 0,
) -> str:
    """The name of the batch; see `submit_batch`. Raises what that and `define` raise."""
    made = draft(store, path, settings=settings, files=files)
    check_rows(made.parameters, rows, common or {})
    if name:
        check_name(name)
    batch, _ = submit_batch(store, save(store, made), rows, common=common, name=name, priority=priority)
    return batch


def _refuse_existing(store: Store, name: str) -> None:
    try:
        store.schedule(name)
    except NotInStore:
        return
    raise ScheduleExists(name)
