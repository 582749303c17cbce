"""Runs: submitting, looking, and what their attempts leave behind."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack  # a row's values are whatever the database gave

from sqlalchemy import Row, Select, insert, select, union_all, update

from nb2prod.model.job import Artifact, Attempt, Event, Run, RunStatus
from nb2prod.store import tables
from nb2prod.store.connect import Tx
from nb2prod.store.errors import NotInStore, Superseded
from nb2prod.store.happenings import events_after, record, record_many, record_of
from nb2prod.store.insert import insert_or_leave, insert_or_replace
from nb2prod.store.json_text import dumps
from nb2prod.store.room import Room
from nb2prod.store.rows import read_artifact, read_attempt, read_event, read_metrics, read_run
from nb2prod.store.schedules import schedule_id_of
from nb2prod.store.submitting import Order, submit

__all__ = ["Runs", "held_row", "run_row", "writing_row"]

_RUN = tables.run.c


class Wishes(TypedDict, total=False):
    reason: str
    priority: int
    pool: str
    idempotency_key: str
    batch: str
    cause: str
    schedule_id: int | None
    due_at: datetime | None
    not_before: datetime | None


class Runs(Room):
    def submit(
        self, *, definition_id: int, parameters: Mapping[str, object], **wishes: Unpack[Wishes]
    ) -> tuple[Run, bool]:
        """False: that idempotency key, or that occurrence of a schedule, had its run already."""
        order = Order(id=self._database.new_id(), definition_id=definition_id, parameters=dict(parameters), **wishes)
        row, is_new = self._database.write(lambda tx: submit(tx, order))
        return read_run(row), is_new

    def run(self, run_id: str) -> Run:
        return self._database.read(lambda tx: read_run(run_row(tx, run_id)))

    def runs(
        self,
        *,
        schedule: str = "",
        status: Collection[RunStatus] = (),
        batch: str = "",
        definition: str = "",
        before: str = "",
        limit: int = 50,
    ) -> list[Run]:
        """Newest first; the next page is `before` the last id of this one."""

        def page(tx: Tx) -> list[Run]:
            where = [_RUN.id < before] if before else []
            where += [_RUN.schedule_id == schedule_id_of(tx, schedule)] if schedule else []
            where += [_RUN.batch == batch, tables.run.c.batch != ""] if batch else []
            where += [_RUN.definition_name == definition] if definition else []
            return [read_run(row) for row in tx.rows(_newest(where, sorted(set(status)), limit))]

        return self._database.read(page)

    def attempts(self, run_id: str) -> list[Attempt]:
        column = tables.attempt.c
        found = select(tables.attempt).where(column.run_id == run_id).order_by(column.number)
        return self._database.read(lambda tx: [read_attempt(row) for row in tx.rows(found)])

    def events(self, *, run_id: str = "", after: int = 0, limit: int = 500) -> list[Event]:
        """In order; of a run, or of all. Go on after the last id: nothing is left out."""
        return self._database.read(lambda tx: events_after(tx, run_id, after, limit))

    def latest_events(self, *, limit: int = 100) -> list[Event]:
        """The last ones, oldest first."""
        found = select(tables.event).order_by(tables.event.c.id.desc()).limit(limit)
        return self._database.read(lambda tx: [read_event(row) for row in reversed(tx.rows(found))])

    def add_event(
        self,
        kind: str,
        *,
        run_id: str = "",
        attempt: int = 0,
        schedule_id: int | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        """What somebody says of a run; unlike `add_events` it asks for no attempt that is current."""

        def write(tx: Tx) -> None:
            if run_id:
                held_row(tx, run_id)
            record(tx, kind, data or {}, run_id=run_id, attempt=attempt, schedule_id=schedule_id)

        self._database.write(write)

    def add_events(self, run_id: str, attempt: int, events: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """What the current attempt did. Superseded when it is not."""

        def write(tx: Tx) -> None:
            row = writing_row(tx, run_id, attempt)
            record_many(tx, events, run_id=run_id, attempt=attempt, schedule_id=row.schedule_id)

        self._database.write(write)

    def add_artifact(
        self, *, run_id: str, attempt: int, name: str, kind: str, url: str, sha256: str, size: int
    ) -> Artifact:
        """One of that name for each attempt: the last one given. Superseded."""
        values = {"run_id": run_id, "attempt": attempt, "name": name, "kind": kind, "url": url}
        values |= {"sha256": sha256, "size": size}
        return self._database.write(lambda tx: _add_artifact(tx, values))

    def artifacts(self, run_id: str) -> list[Artifact]:
        """Of all attempts, in order."""
        found = select(tables.artifact).where(tables.artifact.c.run_id == run_id)
        found = found.order_by(tables.artifact.c.attempt, tables.artifact.c.id)
        return self._database.read(lambda tx: [read_artifact(row) for row in tx.rows(found)])

    def log_metrics(self, run_id: str, attempt: int, metrics: Mapping[str, float]) -> None:
        """Added to those that are there; the last value of a name stays. Superseded."""
        self._database.write(lambda tx: _log_metrics(tx, run_id, attempt, metrics))

    def reserve_output(self, url: str, run_id: str) -> str:
        """ "" when `run_id` holds it now, until it ends; else the id of the run that does."""
        return self._database.write(lambda tx: _reserve(tx, url, run_id))


def run_row(tx: Tx, run_id: str) -> Row[Any]:
    row = tx.first(select(tables.run).where(_RUN.id == run_id))
    if row is None:
        newest = tx.rows(select(_RUN.id).order_by(_RUN.id.desc()).limit(1000))
        raise NotInStore("run", run_id, [other.id for other in newest])
    return row


def held_row(tx: Tx, run_id: str) -> Row[Any]:
    """Nobody else changes it, nor writes its events, until this transaction ends."""
    row = tx.first(select(tables.run).where(_RUN.id == run_id).with_for_update())
    return run_row(tx, run_id) if row is None else row


def writing_row(tx: Tx, run_id: str, attempt: int) -> Row[Any]:
    """Held for the attempt that may write. Superseded."""
    row = held_row(tx, run_id)
    if row.attempt != attempt or row.status != RunStatus.RUNNING:
        raise Superseded(run_id, attempt, row.status, row.attempt)
    return row


def _newest(where: list[Any], status: Sequence[RunStatus], limit: int) -> Select[Any]:
    if len(status) <= 1:
        only = [_RUN.status == status[0].value] if status else []
        return select(tables.run).where(*where, *only).order_by(_RUN.id.desc()).limit(limit)
    # for each status by itself an index gives the newest; for several at once all would be sorted
    pages = [_newest(where, [each], limit).subquery() for each in status]
    both = union_all(*(select(page) for page in pages)).subquery()
    return select(both).order_by(both.c.id.desc()).limit(limit)


def _add_artifact(tx: Tx, values: Mapping[str, object]) -> Artifact:
    run_id, attempt = str(values["run_id"]), values["attempt"]
    assert isinstance(attempt, int)
    held = writing_row(tx, run_id, attempt)
    column = tables.artifact.c
    same = (column.run_id == run_id, column.attempt == attempt, column.name == values["name"])
    row = {**values, "created_at": tx.micros}
    if not tx.run(update(tables.artifact).where(*same).values(row)):
        tx.run(insert(tables.artifact).values(row))
        record_of(tx, held, "artifact.added", {key: values[key] for key in ("name", "kind", "url", "size")})
    written = tx.first(select(tables.artifact).where(*same))
    assert written is not None
    return read_artifact(written)


def _log_metrics(tx: Tx, run_id: str, attempt: int, metrics: Mapping[str, float]) -> None:
    row = writing_row(tx, run_id, attempt)
    merged = {**read_metrics(row.metrics), **{name: float(value) for name, value in metrics.items()}}
    tx.run(update(tables.run).where(_RUN.id == run_id).values(metrics=dumps(merged)))


def _reserve(tx: Tx, url: str, run_id: str) -> str:
    mine = {"url": url, "run_id": run_id, "reserved_at": tx.micros}
    if tx.run(insert_or_leave(tx, tables.output).values(mine)):
        return ""
    held = select(tables.output.c.run_id).where(tables.output.c.url == url).with_for_update()
    holder = tx.connection.execute(held).scalar()
    if holder in (None, run_id) or not _is_active(tx, holder):
        tx.run(insert_or_replace(tx, tables.output, mine))
        return ""
    return str(holder)


def _is_active(tx: Tx, run_id: str) -> bool:
    status = tx.connection.execute(select(_RUN.status).where(_RUN.id == run_id)).scalar()
    return status is not None and not RunStatus(status).is_final
