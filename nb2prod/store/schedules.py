"""Schedules: what is due, and the one transaction that makes runs of it and goes on to the next time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict, Unpack  # a row's values are whatever the database gave

from sqlalchemy import Row, Select, delete, func, select, text, update

from nb2prod.model.job import Misfire, Overlap, Run, RunStatus, Schedule, Trigger
from nb2prod.store import tables
from nb2prod.store.connect import Tx
from nb2prod.store.definitions import definition_of
from nb2prod.store.errors import NotInStore, RowNotReadable, ScheduleExists
from nb2prod.store.happenings import record
from nb2prod.store.insert import insert_or_leave, insert_or_replace
from nb2prod.store.json_text import EPOCH, micros, moment
from nb2prod.store.outbox import tell_of_disabled, tell_of_skipped
from nb2prod.store.records import Occurrence
from nb2prod.store.room import Room
from nb2prod.store.rows import read_run, read_schedule, schedule_values, show_schedule
from nb2prod.store.submitting import Order, make_runs

__all__ = ["Policies", "Schedules", "schedule_id_of"]

_COLUMN = tables.schedule.c


class Policies(TypedDict, total=False):
    parameters: Mapping[str, object]
    misfire: Misfire
    overlap: Overlap
    grace: float
    priority: int
    jitter: float
    start_at: datetime | None
    end_at: datetime | None
    paused: bool


class Schedules(Room):
    def add_schedule(
        self,
        *,
        name: str,
        definition_id: int,
        trigger: Trigger,
        next_due: datetime | None,
        **policies: Unpack[Policies],
    ) -> Schedule:
        wanted = Schedule(
            id=0,
            name=name,
            definition_id=definition_id,
            trigger=trigger,
            next_due=next_due,
            created_at=EPOCH,
            updated_at=EPOCH,
            **policies,
        )
        return self._database.write(lambda tx: _add(tx, wanted))

    def replace_schedule(self, schedule: Schedule) -> Schedule:
        """All of it but its id, as given."""
        return self._database.write(lambda tx: _replace(tx, schedule))

    def remove_schedule(self, name: str) -> None:
        """Its runs stay; those that wait go on waiting."""
        self._database.write(lambda tx: _remove(tx, name))

    def schedule(self, name: str) -> Schedule:
        return self._database.read(lambda tx: show_schedule(_named(tx, name)))

    def schedule_by_id(self, schedule_id: int) -> Schedule:
        return self._database.read(lambda tx: show_schedule(_numbered(tx, schedule_id)))

    def schedules(self, *, limit: int = 100, after: str = "", search: str = "") -> list[Schedule]:
        """By name; a row that cannot be read is shown as disabled."""
        found = _matching(select(tables.schedule).where(_COLUMN.name > after), search)
        found = found.order_by(_COLUMN.name).limit(limit)
        return self._database.read(lambda tx: [show_schedule(row) for row in tx.rows(found)])

    def count_schedules(self, search: str = "") -> int:
        count = _matching(select(func.count()).select_from(tables.schedule), search)
        return self._database.read(lambda tx: int(tx.connection.execute(count).scalar_one()))

    def next_due_at(self) -> datetime | None:
        """The earliest time at which something is due."""
        return self._database.read(_next_due_at)

    def due(self, limit: int = 500) -> list[Schedule]:
        """Those that are due, earliest first. A row that cannot be read is disabled, with the reason, and left out."""
        sound, broken = self._database.read(lambda tx: _due(tx, limit))
        for schedule_id, reason in broken:
            self.disable_schedule(schedule_id, reason)
        return sound

    def advance(self, schedule: Schedule, occurrences: Sequence[Occurrence], next_due: datetime | None) -> list[Run]:
        """Runs of the occurrences, and on to `next_due`; nothing and [] when another went on, or it was paused."""
        return self._database.write(lambda tx: _advance(tx, schedule, occurrences, next_due))

    def disable_schedule(self, schedule_id: int, reason: str) -> None:
        self._database.write(lambda tx: _disable(tx, schedule_id, reason))

    def active_runs_of(self, schedule_id: int) -> list[Run]:
        """Queued or running, oldest first."""
        run = tables.run.c
        found = select(tables.run).where(run.schedule_id == schedule_id, text(tables.IS_ACTIVE)).order_by(run.id)
        return self._database.read(lambda tx: [read_run(row) for row in tx.rows(found)])

    def watched(self, schedule_id: int) -> dict[str, str]:
        """The fingerprint of each file that has been seen, by path."""
        column = tables.watched.c
        found = select(column.path, column.fingerprint).where(column.schedule_id == schedule_id)
        return self._database.read(lambda tx: {row.path: row.fingerprint for row in tx.rows(found)})

    def mark_watched(self, schedule_id: int, fingerprints: Mapping[str, str]) -> None:
        self._database.write(lambda tx: _mark(tx, schedule_id, fingerprints))

    def forget_watched(self, schedule_id: int, paths: Sequence[str]) -> None:
        """They are gone: should they come again, they are new."""
        column = tables.watched.c
        gone = delete(tables.watched).where(column.schedule_id == schedule_id, column.path.in_(paths))
        self._database.write(lambda tx: tx.run(gone))


def schedule_id_of(tx: Tx, name: str) -> int:
    return int(_named(tx, name).id)


def _named(tx: Tx, name: str) -> Row[Any]:
    row = tx.first(select(tables.schedule).where(_COLUMN.name == name))
    if row is None:
        raise NotInStore("schedule", name, [other.name for other in tx.rows(select(_COLUMN.name))])
    return row


def _numbered(tx: Tx, schedule_id: int) -> Row[Any]:
    row = tx.first(select(tables.schedule).where(_COLUMN.id == schedule_id))
    if row is None:
        raise NotInStore("schedule", schedule_id)
    return row


def _matching(found: Select[Any], search: str) -> Select[Any]:
    return found.where(func.lower(_COLUMN.name).contains(search.lower(), autoescape=True)) if search else found


def _add(tx: Tx, wanted: Schedule) -> Schedule:
    definition_of(tx, wanted.definition_id)
    stamps = {"created_at": tx.micros, "updated_at": tx.micros}
    if not tx.run(insert_or_leave(tx, tables.schedule).values({**schedule_values(wanted), **stamps})):
        raise ScheduleExists(wanted.name)
    made = read_schedule(_named(tx, wanted.name))
    record(tx, "schedule.added", {"name": made.name}, schedule_id=made.id)
    return made


def _replace(tx: Tx, schedule: Schedule) -> Schedule:
    row = _numbered(tx, schedule.id)
    if tx.first(select(_COLUMN.id).where(_COLUMN.name == schedule.name, _COLUMN.id != schedule.id)):
        raise ScheduleExists(schedule.name)
    values = {**schedule_values(schedule), "updated_at": tx.micros}
    tx.run(update(tables.schedule).where(_COLUMN.id == schedule.id).values(values))
    changed = sorted(name for name in values if name != "updated_at" and getattr(row, name) != values[name])
    told = {"name": schedule.name, "changed": changed}
    record(tx, f"schedule.{_verb(row, schedule)}", told, schedule_id=schedule.id)
    return replace(schedule, updated_at=tx.now)


def _verb(before: Row[Any], after: Schedule) -> str:
    if bool(before.paused) != after.paused:
        return "paused" if after.paused else "resumed"
    return "changed"


def _remove(tx: Tx, name: str) -> None:
    row = _named(tx, name)
    tx.run(delete(tables.schedule).where(_COLUMN.id == row.id))
    record(tx, "schedule.removed", {"name": name}, schedule_id=row.id)


def _next_due_at(tx: Tx) -> datetime | None:
    # in this form both databases take the first entry of the partial index
    first = select(_COLUMN.next_due).where(text(tables.IS_WATCHFUL)).order_by(_COLUMN.next_due).limit(1)
    due = tx.connection.execute(first).scalar()
    if due is None:
        return None
    return moment(due) if isinstance(due, int) else EPOCH  # `due` says what is wrong with it


def _due(tx: Tx, limit: int) -> tuple[list[Schedule], list[tuple[int, str]]]:
    watchful = select(tables.schedule).where(text(tables.IS_WATCHFUL)).order_by(_COLUMN.next_due).limit(limit)
    rows = tx.rows(watchful.where(_COLUMN.next_due <= tx.micros))
    if tx.is_sqlite:  # a column of numbers may hold a text there, which comes after all numbers and never is due
        rows += tx.rows(watchful.where(text("next_due >= ''")))
    sound: list[Schedule] = []
    broken: list[tuple[int, str]] = []
    for row in rows:
        try:
            sound.append(read_schedule(row))
        except RowNotReadable as error:
            broken.append((row.id, str(error)))
    return sound, broken


def _advance(tx: Tx, schedule: Schedule, occurrences: Sequence[Occurrence], next_due: datetime | None) -> list[Run]:
    as_seen = _COLUMN.next_due == micros(schedule.next_due)
    if schedule.next_due is None:
        as_seen = _COLUMN.next_due.is_(None)
    moved = update(tables.schedule).where(_COLUMN.id == schedule.id, as_seen, _COLUMN.paused == 0)
    moved = moved.where(_COLUMN.disabled == "").values(next_due=micros(next_due))
    if not tx.run(moved):
        return []
    current = read_schedule(_numbered(tx, schedule.id))
    definition = definition_of(tx, current.definition_id)
    orders = [
        Order(
            id=tx.ids.make(tx.micros),
            definition_id=definition.id,
            parameters=current.parameters,
            status=occurrence.status,
            reason=occurrence.reason or "schedule",
            priority=current.priority,
            pool=definition.settings.pool,
            schedule_id=current.id,
            due_at=occurrence.due_at,
            not_before=occurrence.not_before,
        )
        for occurrence in occurrences
    ]
    made = [read_run(row) for row in make_runs(tx, orders, definition.name)]
    skipped = [run.id for run in made if run.status is RunStatus.SKIPPED]
    tell_of_skipped(tx, skipped, definition.settings.notify)
    return made


def _disable(tx: Tx, schedule_id: int, reason: str) -> None:
    sound = (_COLUMN.id == schedule_id, _COLUMN.disabled == "")
    if tx.run(update(tables.schedule).where(*sound).values(disabled=reason, updated_at=tx.micros)):
        record(tx, "schedule.disabled", {"reason": reason}, schedule_id=schedule_id)
        tell_of_disabled(tx, schedule_id, _numbered(tx, schedule_id).definition_id, reason)


def _mark(tx: Tx, schedule_id: int, fingerprints: Mapping[str, str]) -> None:
    _numbered(tx, schedule_id)
    for path, fingerprint in fingerprints.items():
        seen = {"schedule_id": schedule_id, "path": path, "fingerprint": fingerprint, "seen_at": tx.micros}
        tx.run(insert_or_replace(tx, tables.watched, seen))
