"""The outbox: what is to be told, written with what it tells of, and sent afterwards, at least once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row, delete, select, text, update

from nb2prod.model.job import Failure, RunStatus
from nb2prod.store import tables
from nb2prod.store.connect import Tx
from nb2prod.store.definitions import definition_of
from nb2prod.store.errors import NotInStore, RowNotReadable
from nb2prod.store.insert import insert_or_leave, insert_or_replace
from nb2prod.store.json_text import dumps, micros
from nb2prod.store.records import Channel, Delivery, Notification
from nb2prod.store.room import Room
from nb2prod.store.rows import read_channel, read_notification

__all__ = ["Outbox", "put", "tell_of_disabled", "tell_of_end", "tell_of_skipped"]

_NOTE = tables.notification.c


class Outbox(Room):
    def add_channel(self, *, name: str, kind: str, settings: Mapping[str, object]) -> Channel:
        """In place of the one of that name. Secrets stand in `settings` by reference only."""
        values = {"name": name, "kind": kind, "settings": dumps(settings)}

        def write(tx: Tx) -> Channel:
            made = {**values, "created_at": tx.micros}
            tx.run(insert_or_replace(tx, tables.channel, made, keep=("created_at",)))
            return read_channel(_channel_row(tx, name))

        return self._database.write(write)

    def channel(self, name: str) -> Channel:
        return self._database.read(lambda tx: read_channel(_channel_row(tx, name)))

    def channels(self) -> list[Channel]:
        found = select(tables.channel).order_by(tables.channel.c.name)
        return self._database.read(lambda tx: [read_channel(row) for row in tx.rows(found)])

    def remove_channel(self, name: str) -> None:
        def write(tx: Tx) -> None:
            _channel_row(tx, name)
            tx.run(delete(tables.channel).where(tables.channel.c.name == name))

        self._database.write(write)

    def notify(self, kind: str, run_id: str, data: Mapping[str, object] | None = None) -> int:
        """To each channel of the run's definition, once for each kind and run; how many are new."""
        return self._database.write(lambda tx: _notify_of_run(tx, kind, run_id, data or {}))

    def pending_notifications(self, limit: int = 50, *, hold: float = 60.0) -> list[Notification]:
        """Those that are to be sent now; they count as tried, and nobody else gets them for `hold` seconds."""
        return self._database.write(lambda tx: _take(tx, limit, hold)) if self._anything_pending() else []

    def settle_notification(
        self, notification_id: int, status: Delivery | str, why: str = "", *, retry_at: datetime | None = None
    ) -> None:
        """sent, dropped, or failed: for good, unless it is to be tried again at `retry_at`."""
        values: dict[str, object] = {"status": Delivery(status).value, "why": why}
        if retry_at is not None:
            values |= {"status": Delivery.PENDING.value, "next_try": micros(retry_at)}

        def write(tx: Tx) -> None:
            settled = None if values["status"] == Delivery.PENDING else tx.micros
            change = update(tables.notification).where(_NOTE.id == notification_id, _NOTE.status == "pending")
            tx.run(change.values({**values, "settled_at": settled}))

        self._database.write(write)

    def notifications(self, *, run_id: str = "", limit: int = 100) -> list[Notification]:
        """Newest first, settled ones too."""
        found = select(tables.notification).order_by(_NOTE.id.desc()).limit(limit)
        if run_id:
            found = found.where(_NOTE.run_id == run_id)
        return self._database.read(lambda tx: [read_notification(row) for row in tx.rows(found)])

    def _anything_pending(self) -> bool:
        return self._database.read(lambda tx: tx.first(_pending(tx).limit(1)) is not None)


def tell_of_end(tx: Tx, row: Row[Any], status: RunStatus, failure: Failure | None, channels: Sequence[str]) -> None:
    """Of a failure, and of the first success after one."""
    if not channels:
        return
    if status is RunStatus.FAILED and failure is not None:
        put(tx, channels, "run.failed", row.id, {"failure": failure.kind, "message": failure.message})
    elif status is RunStatus.COMPLETED and (failed := _failed_before(tx, row)):
        put(tx, channels, "run.recovered", row.id, {"failed": failed})


def tell_of_skipped(tx: Tx, run_ids: Sequence[str], channels: Sequence[str]) -> None:
    """Of the last one, with how many there were: after a long downtime they are many."""
    if run_ids:
        put(tx, channels, "run.skipped", run_ids[-1], {"count": len(run_ids)})


def tell_of_disabled(tx: Tx, schedule_id: int, definition_id: int, reason: str) -> None:
    try:
        channels = definition_of(tx, definition_id).settings.notify
    except (NotInStore, RowNotReadable):  # the schedule may be out of action for that very reason
        return
    data = {"schedule_id": schedule_id, "reason": reason}
    put(tx, channels, "schedule.disabled", f"schedule {schedule_id} at {tx.micros}", data)


def _failed_before(tx: Tx, row: Row[Any]) -> str:
    """The run before this one (of its schedule, else of its definition), when that failed; "" when not."""
    run = tables.run.c
    same = (run.schedule_id == row.schedule_id) if row.schedule_id else (run.definition_name == row.definition_name)
    ended = run.status.in_([RunStatus.COMPLETED.value, RunStatus.FAILED.value])
    previous = select(run.id, run.status).where(same, ended, run.id < row.id).order_by(run.id.desc()).limit(1)
    before = tx.first(previous)
    return str(before.id) if before is not None and before.status == RunStatus.FAILED else ""


def _notify_of_run(tx: Tx, kind: str, run_id: str, data: Mapping[str, object]) -> int:
    number = tx.connection.execute(select(tables.run.c.definition_id).where(tables.run.c.id == run_id)).scalar()
    if number is None:
        raise NotInStore("run", run_id)
    return put(tx, definition_of(tx, number).settings.notify, kind, run_id, data)


def put(tx: Tx, channels: Sequence[str], kind: str, run_id: str, data: Mapping[str, object]) -> int:
    same = {"kind": kind, "run_id": run_id, "data": dumps(data), "status": Delivery.PENDING.value, "attempts": 0}
    same |= {"next_try": tx.micros, "created_at": tx.micros, "why": ""}
    add = insert_or_leave(tx, tables.notification)
    return sum(tx.run(add.values({**same, "channel": name})) for name in dict.fromkeys(channels))


def _pending(tx: Tx) -> Any:
    now = select(tables.notification).where(text(tables.IS_PENDING), _NOTE.next_try <= tx.micros)
    return now.order_by(_NOTE.next_try, _NOTE.id)


def _take(tx: Tx, limit: int, hold: float) -> list[Notification]:
    ids = [row.id for row in tx.rows(_pending(tx).limit(limit).with_for_update(skip_locked=True))]
    held = micros(tx.now + timedelta(seconds=hold))
    mine = update(tables.notification).where(_NOTE.id.in_(ids)).values(next_try=held, attempts=_NOTE.attempts + 1)
    tx.run(mine)
    taken = select(tables.notification).where(_NOTE.id.in_(ids)).order_by(_NOTE.id)
    return [read_notification(row) for row in tx.rows(taken)]


def _channel_row(tx: Tx, name: str) -> Row[Any]:
    row = tx.first(select(tables.channel).where(tables.channel.c.name == name))
    if row is None:
        raise NotInStore("channel", name, [other.name for other in tx.rows(select(tables.channel.c.name))])
    return row
