"""Claiming: who runs what, for how long, and never more than a pool allows."""

from datetime import timedelta
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row, func, insert, or_, select, text, update

from nb2prod.model.job import AttemptStatus, Failure, FailureKind, Overlap, Progress, Run, RunStatus
from nb2prod.store import tables
from nb2prod.store.connect import CLAIMING, Tx
from nb2prod.store.endings import end_run
from nb2prod.store.errors import RowNotReadable
from nb2prod.store.happenings import record_of
from nb2prod.store.insert import insert_or_replace
from nb2prod.store.json_text import dumps, micros
from nb2prod.store.records import Pool
from nb2prod.store.room import Room
from nb2prod.store.rows import read_run
from nb2prod.store.runs import run_row, writing_row

__all__ = ["Claims"]

_RUN = tables.run.c


class Claims(Room):
    def claim(self, worker: str, *, lease: float, limit: int = 1, run_id: str = "") -> list[Run]:
        """Up to `limit` runs (or that very one) that wait and may run now: by priority, then as they were due.

        Each is running from then on, under a new attempt that its worker must keep alive by `beat`.
        """
        if limit < 1 or not self._database.read(lambda tx: _something_waits(tx, run_id)):
            return []
        return self._database.write(lambda tx: _claim(tx, worker, lease, limit, run_id))

    def beat(self, run_id: str, attempt: int, *, lease: float, progress: Progress | None = None) -> bool:
        """The lease begins anew. True: somebody asks for it to be cancelled. Superseded."""
        return self._database.write(lambda tx: _beat(tx, run_id, attempt, lease, progress))

    def note_attempt(self, run_id: str, attempt: int, *, host: str, pid: int, folder: str) -> None:
        """Where it runs. Superseded."""

        def write(tx: Tx) -> None:
            writing_row(tx, run_id, attempt)
            tx.run(_of_attempt(run_id, attempt).values(host=host, pid=pid, folder=folder))

        self._database.write(write)

    def set_pool(self, name: str, limit: int | None) -> None:
        values = {"name": name, "max_running": limit}

        def write(tx: Tx) -> None:
            tx.alone(CLAIMING)  # whoever claims now still goes by the limit of before
            tx.run(insert_or_replace(tx, tables.pool, values))

        self._database.write(write)

    def pools(self) -> list[Pool]:
        """By name, with how many of their runs are running and queued."""
        return self._database.read(_pools)


def _something_waits(tx: Tx, run_id: str) -> bool:
    """Asked before the write: a daemon with nothing to do must hold up nobody."""
    found = select(_RUN.id).where(text(tables.IS_QUEUED), _is_ready(tx)).limit(1)
    return tx.first(found.where(_RUN.id == run_id) if run_id else found) is not None


def _is_ready(tx: Tx) -> Any:
    return or_(_RUN.not_before.is_(None), _RUN.not_before <= tx.micros)


def _claim(tx: Tx, worker: str, lease: float, limit: int, run_id: str) -> list[Run]:
    tx.alone(CLAIMING)
    room = _room(tx)
    taken = _schedules_taken(tx)
    claimed: list[Run] = []
    while len(claimed) < limit:
        heads = [row for pool in room if (row := _head(tx, pool, taken, run_id)) is not None]
        if not heads:
            break
        first = min(heads, key=lambda row: (-row.priority, row.place, row.id))
        run = _start(tx, first, worker, lease)
        if run is None:
            continue
        claimed.append(run)
        if first.overlap not in (None, Overlap.ALLOW):
            taken.add(first.schedule_id)
        left = room[first.pool]
        if left is not None:
            room[first.pool] = left - 1
        if left == 1:
            del room[first.pool]
    return claimed


def _room(tx: Tx) -> dict[str, int | None]:
    """How many more runs each pool takes, of those that take any; None: as many as there are."""
    running = _count_by_pool(tx, tables.IS_RUNNING)
    limits = {row.name: row.max_running for row in tx.rows(select(tables.pool))}
    room = {name: None if most is None else most - running.get(name, 0) for name, most in limits.items()}
    return {name: left for name, left in room.items() if left is None or left > 0}


def _count_by_pool(tx: Tx, where: str) -> dict[str, int]:
    count = select(_RUN.pool, func.count().label("runs")).where(text(where)).group_by(_RUN.pool)
    return {row.pool: row.runs for row in tx.rows(count)}


def _schedules_taken(tx: Tx) -> set[int]:
    """Those of which one runs and none may run beside it."""
    running = select(_RUN.schedule_id).join(tables.schedule, tables.schedule.c.id == _RUN.schedule_id)
    running = running.where(_RUN.status == text("'running'"), tables.schedule.c.overlap != Overlap.ALLOW.value)
    return {row.schedule_id for row in tx.rows(running)}


def _head(tx: Tx, pool: str, taken: set[int], run_id: str) -> Row[Any] | None:
    found = select(tables.run, tables.schedule.c.overlap).outerjoin(
        tables.schedule, tables.schedule.c.id == _RUN.schedule_id
    )
    found = found.where(_RUN.status == text("'queued'"), _RUN.pool == pool, _is_ready(tx))
    if run_id:
        found = found.where(_RUN.id == run_id)
    if taken:
        found = found.where(or_(_RUN.schedule_id.is_(None), _RUN.schedule_id.not_in(taken)))
    return tx.first(found.order_by(_RUN.priority.desc(), _RUN.place, _RUN.id).limit(1))


def _start(tx: Tx, row: Row[Any], worker: str, lease: float) -> Run | None:
    """None: it was cancelled in between, or its row cannot be read, which ends it."""
    values = {
        "status": RunStatus.RUNNING.value,
        "attempt": row.attempt + 1,
        "lease_until": _lease_end(tx, lease),
        "not_before": None,
        "started_at": tx.micros if row.started_at is None else row.started_at,
        "progress": dumps(Progress()),
        "failure": None,
        "metrics": "{}",
    }
    if not tx.run(update(tables.run).where(_RUN.id == row.id, _RUN.status == "queued").values(values)):
        return None
    tx.run(insert(tables.attempt).values(_new_attempt(tx, row.id, row.attempt + 1, worker)))
    started = run_row(tx, row.id)
    record_of(tx, started, "attempt.started", {"worker": worker})
    try:
        return read_run(started)
    except RowNotReadable as error:
        tx.run(_of_attempt(row.id, row.attempt + 1).values(status=AttemptStatus.FAILED.value, finished_at=tx.micros))
        end_run(tx, started, RunStatus.FAILED, Failure(kind=FailureKind.PARAMETERS, message=str(error)))
        return None


def _new_attempt(tx: Tx, run_id: str, number: int, worker: str) -> dict[str, object]:
    return {
        "run_id": run_id,
        "number": number,
        "status": AttemptStatus.RUNNING.value,
        "worker": worker,
        "host": "",
        "pid": 0,
        "folder": "",
        "started_at": tx.micros,
        "heartbeat_at": tx.micros,
        "seconds": 0.0,
        "cpu": 0.0,
        "memory": 0,
    }


def _beat(tx: Tx, run_id: str, attempt: int, lease: float, progress: Progress | None) -> bool:
    row = writing_row(tx, run_id, attempt)
    values: dict[str, object] = {"lease_until": _lease_end(tx, lease)}
    if progress is not None:
        values["progress"] = dumps(progress)
    tx.run(update(tables.run).where(_RUN.id == run_id).values(values))
    tx.run(_of_attempt(run_id, attempt).values(heartbeat_at=tx.micros))
    return bool(row.cancel_requested)


def _of_attempt(run_id: str, number: int) -> Any:
    column = tables.attempt.c
    return update(tables.attempt).where(column.run_id == run_id, column.number == number)


def _lease_end(tx: Tx, lease: float) -> int | None:
    return micros(tx.now + timedelta(seconds=lease))


def _pools(tx: Tx) -> list[Pool]:
    running, queued = _count_by_pool(tx, tables.IS_RUNNING), _count_by_pool(tx, tables.IS_QUEUED)
    return [
        Pool(name=row.name, limit=row.max_running, running=running.get(row.name, 0), queued=queued.get(row.name, 0))
        for row in tx.rows(select(tables.pool).order_by(tables.pool.c.name))
    ]
