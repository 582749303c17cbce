"""Events: appended, never changed. Those of a run are in order; none appears below one that was read already."""

from collections.abc import Mapping, Sequence
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row, func, insert, select

from nb2prod.model.job import Event
from nb2prod.store import tables
from nb2prod.store.connect import Tx
from nb2prod.store.json_text import dumps
from nb2prod.store.rows import read_event

__all__ = ["events_after", "record", "record_many", "record_of"]


def record(
    tx: Tx,
    kind: str,
    data: Mapping[str, object],
    *,
    run_id: str = "",
    attempt: int = 0,
    schedule_id: int | None = None,
) -> None:
    record_many(tx, [(kind, data)], run_id=run_id, attempt=attempt, schedule_id=schedule_id)


def record_of(tx: Tx, run: Row[Any], kind: str, data: Mapping[str, object]) -> None:
    """Of a run as it is now: its latest attempt's."""
    record(tx, kind, data, run_id=run.id, attempt=run.attempt, schedule_id=run.schedule_id)


def record_many(
    tx: Tx,
    happened: Sequence[tuple[str, Mapping[str, object]]],
    *,
    run_id: str = "",
    attempt: int = 0,
    schedule_id: int | None = None,
) -> None:
    if not happened:
        return
    same = {"at": tx.micros, "run_id": run_id, "attempt": attempt, "schedule_id": schedule_id}
    tx.run(insert(tables.event), [{**same, "kind": kind, "data": dumps(data)} for kind, data in happened])


def events_after(tx: Tx, run_id: str, after: int, limit: int) -> list[Event]:
    event = tables.event.c
    if run_id:  # whoever writes them holds the run's row
        found = select(tables.event).where(event.run_id == run_id, event.id > after)
        return [read_event(row) for row in tx.rows(found.order_by(event.id).limit(limit))]
    newest = tx.connection.execute(select(func.max(event.id))).scalar()
    if newest is None or newest <= after:
        return []
    tx.wait_for_writers()  # one that began earlier may have taken a lower number
    found = select(tables.event).where(event.id > after)
    return [read_event(row) for row in tx.rows(found.order_by(event.id).limit(limit))]
