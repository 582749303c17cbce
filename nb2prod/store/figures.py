"""How much of everything there is: for monitoring, cheap however much that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # SQLAlchemy's columns have many types

from sqlalchemy import func, select, text

from nb2prod.model.job import AttemptStatus, RunStatus
from nb2prod.store import tables
from nb2prod.store.connect import Tx
from nb2prod.store.json_text import moment_or_none
from nb2prod.store.records import Delivery
from nb2prod.store.room import Room

__all__ = ["Figures", "Totals"]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """`next_due`: the earliest time at which a schedule is due; `oldest`: when the longest waiting run was to start."""

    runs: Mapping[RunStatus, int]
    attempts: Mapping[AttemptStatus, int]
    notifications: Mapping[Delivery, int]
    schedules: int
    paused: int
    disabled: int
    definitions: int
    next_due: datetime | None
    oldest: datetime | None


class Figures(Room):
    def totals(self) -> Totals:
        return self._database.read(_totals)

    def ping(self) -> None:
        """Raises StoreNotReachable when the database does not answer."""
        self._database.read(lambda tx: tx.first(select(tables.pool.c.name).limit(1)))


def _totals(tx: Tx) -> Totals:
    schedule, run = tables.schedule.c, tables.run.c
    due = select(schedule.next_due).where(text(tables.IS_WATCHFUL)).order_by(schedule.next_due).limit(1)
    ready = (text(tables.IS_QUEUED), func.coalesce(run.not_before, 0) <= tx.micros)
    oldest = select(func.min(func.coalesce(run.not_before, run.place))).where(*ready)
    return Totals(
        runs={RunStatus(name): count for name, count in _by(tx, run.status).items()},
        attempts={AttemptStatus(name): count for name, count in _by(tx, tables.attempt.c.status).items()},
        notifications={Delivery(name): count for name, count in _by(tx, tables.notification.c.status).items()},
        schedules=_count(tx, tables.schedule),
        paused=_count(tx, tables.schedule, schedule.paused != 0),
        disabled=_count(tx, tables.schedule, schedule.disabled != ""),
        definitions=int(
            tx.connection.execute(select(func.count(func.distinct(tables.definition.c.name)))).scalar_one()
        ),
        next_due=moment_or_none(tx.connection.execute(due).scalar()),
        oldest=moment_or_none(tx.connection.execute(oldest).scalar()),
    )


def _by(tx: Tx, column: Any) -> dict[str, int]:
    return dict(map(tuple, tx.rows(select(column, func.count()).group_by(column))))


def _count(tx: Tx, table: Any, *where: Any) -> int:
    return int(tx.connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())
