"""Making a run: each occurrence and each idempotency key has one, whoever asks and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row, insert, select

from nb2prod.model.job import Progress, RunStatus
from nb2prod.store import tables
from nb2prod.store.connect import Tx
from nb2prod.store.errors import IdempotencyConflict, NotInStore
from nb2prod.store.insert import insert_or_leave
from nb2prod.store.json_text import dumps, loads, micros, moment_or_none

__all__ = ["Order", "make_runs", "submit"]


_PART = 500  # rows of one statement


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a run shall be; `id` is chosen before the transaction, so that doing it again makes no second run."""

    id: str
    definition_id: int
    parameters: Mapping[str, object] = field(default_factory=dict)
    status: RunStatus = RunStatus.QUEUED
    reason: str = "manual"
    priority: int = 0
    pool: str = "default"
    idempotency_key: str = ""
    batch: str = ""
    cause: str = ""
    schedule_id: int | None = None
    due_at: datetime | None = None
    not_before: datetime | None = None


def submit(tx: Tx, order: Order) -> tuple[Row[Any], bool]:
    """False: that key, or that occurrence, had its run already."""
    name = tx.connection.execute(
        select(tables.definition.c.name).where(tables.definition.c.id == order.definition_id)
    ).scalar()
    if name is None:
        raise NotInStore("definition", order.definition_id)
    if row := tx.first(select(tables.run).where(tables.run.c.id == order.id)):
        return row, True  # of a commit of ours, whose answer was lost
    if made := make_runs(tx, [order], name):
        return made[0], True
    if order.idempotency_key:
        row = tx.first(select(tables.run).where(tables.run.c.idempotency_key == order.idempotency_key))
        if row is not None:
            _refuse_another(row, order)
            return row, False
    occurrence = (tables.run.c.schedule_id == order.schedule_id) & (tables.run.c.due_at == micros(order.due_at))
    return _row(tx, occurrence), False


def make_runs(tx: Tx, orders: Sequence[Order], definition_name: str) -> list[Row[Any]]:
    """In order; none for an order whose id, key or occurrence has its run already, of which nothing is written."""
    for pool in {order.pool for order in orders}:
        tx.run(insert_or_leave(tx, tables.pool).values(name=pool, max_running=None))
    made: list[Row[Any]] = []
    for at in range(0, len(orders), _PART):
        part = orders[at : at + _PART]
        tx.run(insert_or_leave(tx, tables.run), [_values(tx, order, definition_name) for order in part])
        ours = select(tables.run).where(tables.run.c.id.in_([order.id for order in part])).order_by(tables.run.c.id)
        made += tx.rows(ours)
    _record_made(tx, made)
    return made


def _record_made(tx: Tx, runs: Sequence[Row[Any]]) -> None:
    same = {"at": tx.micros, "attempt": 0}
    events = [
        {
            **same,
            "kind": f"run.{run.status}",
            "run_id": run.id,
            "schedule_id": run.schedule_id,
            "data": dumps({"reason": run.reason, "due_at": moment_or_none(run.due_at)}),
        }
        for run in runs
    ]
    if events:
        tx.run(insert(tables.event), events)


def _values(tx: Tx, order: Order, definition_name: str) -> dict[str, object]:
    return {
        "id": order.id,
        "definition_id": order.definition_id,
        "definition_name": definition_name,
        "schedule_id": order.schedule_id,
        "due_at": micros(order.due_at),
        "status": order.status.value,
        "reason": order.reason,
        "parameters": dumps(order.parameters),
        "priority": order.priority,
        "pool": order.pool,
        "not_before": micros(order.not_before),
        "place": micros(order.due_at or tx.now),
        "attempt": 0,
        "failures": 0,
        "losses": 0,
        "cancel_requested": "",
        "idempotency_key": order.idempotency_key or None,
        "batch": order.batch,
        "cause": order.cause,
        "created_at": tx.micros,
        "finished_at": tx.micros if order.status.is_final else None,
        "progress": dumps(Progress()),
        "metrics": "{}",
    }


def _refuse_another(row: Row[Any], order: Order) -> None:
    if row.definition_id != order.definition_id:
        raise IdempotencyConflict(order.idempotency_key, row.id, "definition")
    if loads(row.parameters) != loads(dumps(order.parameters)):
        raise IdempotencyConflict(order.idempotency_key, row.id, "set of parameters")


def _row(tx: Tx, where: Any) -> Row[Any]:
    row = tx.first(select(tables.run).where(where))
    assert row is not None
    return row
