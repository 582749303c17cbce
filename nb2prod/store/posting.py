"""Posting: taking from the outbox what one message shall tell, and finding runs that are late or long.

Who posts asks for one channel's next message at a time, in one transaction: so a limit of messages an hour holds over
all daemons, and a channel that hangs holds up no other.
"""

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row, func, select, text, update

from nb2prod.model.job import RunStatus
from nb2prod.store import tables
from nb2prod.store.connect import POSTING, Tx
from nb2prod.store.json_text import dumps, loads, micros, moment
from nb2prod.store.outbox import put
from nb2prod.store.records import Delivery, Notification
from nb2prod.store.room import Room
from nb2prod.store.rows import read_notification

__all__ = ["Going", "Posting", "Sent", "Waiting"]

_NOTE, _RUN = tables.notification.c, tables.run.c
_MOST = 1000  # that one message tells of


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """`about`: the schedule, or else the definition, whose own limit counts."""

    id: int
    about: str


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How many messages left in the last hour, or are under way; `about` as of Waiting."""

    count: int
    about: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Going:
    """A run that is under way: since when, and of which definition."""

    run_id: str
    definition_id: int
    definition_name: str
    since: datetime


Choose = Callable[[Sequence[Waiting], Sent], Sequence[int]]


class Posting(Room):
    def waiting_channels(self) -> list[str]:
        """Those for which something is to be sent now."""
        ready = select(_NOTE.channel).where(text(tables.IS_PENDING)).distinct().order_by(_NOTE.channel)

        def read(tx: Tx) -> list[str]:
            return [row.channel for row in tx.rows(ready.where(_NOTE.next_try <= tx.micros))]

        return self._database.read(read)

    def take_message(self, channel: str, kinds: Collection[str], choose: Choose, *, hold: float) -> list[Notification]:
        """What the channel's next message tells, [] when none may go. The first stands for all: it counts as tried, and
        nobody else gets it for `hold` seconds; the others are folded into it. What is of no wanted kind is dropped."""
        return self._database.write(lambda tx: _take(tx, channel, kinds, choose, hold))

    def drop_notifications(self, channel: str, why: str) -> int:
        dropped = {"status": Delivery.DROPPED.value, "why": why}
        mine = update(tables.notification).where(text(tables.IS_PENDING), _NOTE.channel == channel)
        return self._database.write(lambda tx: tx.run(mine.values({**dropped, "settled_at": tx.micros})))

    def tell(self, channel: str, kind: str, runs: Mapping[str, Mapping[str, object]]) -> int:
        """Of each run, with its data, on one channel, once for each kind and run; how many are new."""
        return self._database.write(lambda tx: sum(put(tx, [channel], kind, each, runs[each]) for each in runs))

    def late_runs(self, after: datetime, until: datetime) -> list[Going]:
        """Queued runs that have never started, and were to start after the one time and until the other."""
        start = func.coalesce(_RUN.not_before, _RUN.place).label("since")
        found = select(_RUN.id, _RUN.definition_id, _RUN.definition_name, start)
        found = found.where(text(tables.IS_QUEUED), _RUN.attempt == 0, start > micros(after), start <= micros(until))
        return self._database.read(lambda tx: [_going(row) for row in tx.rows(found.order_by(start))])

    def long_runs(self, until: datetime) -> list[Going]:
        """Running ones whose latest attempt began until then, oldest first."""
        attempt = tables.attempt.c
        latest = (attempt.run_id == _RUN.id) & (attempt.number == _RUN.attempt)
        since = attempt.started_at.label("since")
        found = select(_RUN.id, _RUN.definition_id, _RUN.definition_name, since).join(tables.attempt, latest)
        found = found.where(_RUN.status == RunStatus.RUNNING.value, since <= micros(until))
        return self._database.read(lambda tx: [_going(row) for row in tx.rows(found.order_by(since))])

    def median_seconds(self, definition_name: str, *, of: int = 20, least: int = 5) -> float | None:
        """What the last completed runs took, from the start to the end; None when there were fewer than `least`."""
        same = (_RUN.definition_name == definition_name, _RUN.status == RunStatus.COMPLETED.value)
        found = select(_RUN.started_at, _RUN.finished_at).where(*same, _RUN.started_at.is_not(None))
        rows = self._database.read(lambda tx: tx.rows(found.order_by(_RUN.id.desc()).limit(of)))
        took = [(row.finished_at - row.started_at) / 1e6 for row in rows]
        return statistics.median(took) if len(took) >= least else None


def _going(row: Row[Any]) -> Going:
    return Going(
        run_id=row.id,
        definition_id=row.definition_id,
        definition_name=row.definition_name,
        since=moment(row.since),
    )


def _take(tx: Tx, channel: str, kinds: Collection[str], choose: Choose, hold: float) -> list[Notification]:
    tx.alone(POSTING)
    _drop_unwanted(tx, channel, kinds)
    waiting = _waiting(tx, channel)
    if not waiting:
        return []
    chosen = list(choose(waiting, _sent(tx, channel)))[:_MOST]
    if not chosen:
        return []
    first, *others = chosen
    held = micros(tx.now + timedelta(seconds=hold))
    taken = update(tables.notification).where(_NOTE.id == first)
    tx.run(taken.values(next_try=held, attempts=_NOTE.attempts + 1))
    if others:
        _fold(tx, first, others)
    ids = [first, *_folded_into(tx, first)]
    rows = tx.rows(select(tables.notification).where(_NOTE.id.in_(ids)).order_by(_NOTE.id))
    return sorted(map(read_notification, rows), key=lambda note: (note.id != first, note.id))


def _drop_unwanted(tx: Tx, channel: str, kinds: Collection[str]) -> None:
    unwanted = (text(tables.IS_PENDING), _NOTE.channel == channel, _NOTE.kind.not_in(list(kinds)))
    gone = {"status": Delivery.DROPPED.value, "why": "the channel does not want it", "settled_at": tx.micros}
    tx.run(update(tables.notification).where(*unwanted).values(gone))


def _waiting(tx: Tx, channel: str) -> list[Waiting]:
    ready = (text("notification.status = 'pending'"), _NOTE.channel == channel, _NOTE.next_try <= tx.micros)
    rows = tx.rows(_with_run().where(*ready).order_by(_NOTE.id).limit(_MOST))
    return [Waiting(id=row.id, about=_about(row)) for row in rows]


def _sent(tx: Tx, channel: str) -> Sent:
    """With those under way, which will have been sent: a message that is tried again has its place already."""
    hour_ago = micros(tx.now - timedelta(hours=1))
    left = (_NOTE.status == Delivery.SENT.value) & (_NOTE.settled_at > hour_ago)
    going = (_NOTE.status == Delivery.PENDING.value) & (_NOTE.next_try > tx.micros) & (_NOTE.attempts > 0)
    rows = tx.rows(_with_run().where(_NOTE.channel == channel, left | going))
    about: dict[str, int] = {}
    for row in rows:
        about[_about(row)] = about.get(_about(row), 0) + 1
    return Sent(count=len(rows), about=about)


def _with_run() -> Any:
    joined = tables.notification.outerjoin(tables.run, _RUN.id == _NOTE.run_id)
    columns = (_NOTE.id, _NOTE.run_id, _NOTE.data, _RUN.schedule_id, _RUN.definition_name)
    return select(*columns).select_from(joined)


def _about(row: Row[Any]) -> str:
    if row.schedule_id is not None:
        return f"schedule {row.schedule_id}"
    if row.definition_name is not None:
        return f"definition {row.definition_name}"
    data = loads(row.data)
    number = data.get("schedule_id") if isinstance(data, dict) else None
    return f"schedule {number}" if number is not None else str(row.run_id)


def _fold(tx: Tx, first: int, others: Sequence[int]) -> None:
    """Also what had been folded into one of the others, when that was tried before."""
    whole = [*others, *(each for other in others for each in _folded_into(tx, other))]
    data = loads(str(tx.connection.execute(select(_NOTE.data).where(_NOTE.id == first)).scalar()))
    assert isinstance(data, dict)
    data["folded"] = sorted({*data.get("folded", []), *whole})
    tx.run(update(tables.notification).where(_NOTE.id == first).values(data=dumps(data)))
    folded = {"status": Delivery.FOLDED.value, "why": f"told with notification {first}", "settled_at": tx.micros}
    tx.run(update(tables.notification).where(_NOTE.id.in_(others)).values(folded))


def _folded_into(tx: Tx, first: int) -> list[int]:
    data = loads(str(tx.connection.execute(select(_NOTE.data).where(_NOTE.id == first)).scalar()))
    return list(data.get("folded", [])) if isinstance(data, dict) else []
