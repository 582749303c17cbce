"""What a list says beside each of its rows: the names of what a row has by number, and how it went last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row, func, select

from nb2prod.model.job import Run, Schedule
from nb2prod.store import tables
from nb2prod.store.connect import Tx
from nb2prod.store.errors import RowNotReadable
from nb2prod.store.room import Room
from nb2prod.store.rows import read_run

__all__ = ["Listing", "RunLabel", "ScheduleLabel"]

_NONE = ("", 0)  # of a row that somebody edited by hand


@dataclass(frozen=True, kw_only=True)
class RunLabel:
    """`schedule` is "" for a run of none, and for one whose schedule was removed."""

    definition: str
    version: int
    schedule: str


@dataclass(frozen=True, kw_only=True)
class ScheduleLabel:
    definition: str
    version: int
    last_run: Run | None


class Listing(Room):
    """The same few statements for a page, however many rows it has."""

    def run_labels(self, runs: Sequence[Run]) -> dict[str, RunLabel]:
        return self._database.read(lambda tx: _run_labels(tx, runs))

    def schedule_labels(self, schedules: Sequence[Schedule]) -> dict[int, ScheduleLabel]:
        return self._database.read(lambda tx: _schedule_labels(tx, schedules))


def _run_labels(tx: Tx, runs: Sequence[Run]) -> dict[str, RunLabel]:
    made = _definitions(tx, {run.definition_id for run in runs})
    column = tables.schedule.c
    numbers = {run.schedule_id for run in runs} - {None}
    found = tx.rows(select(column.id, column.name).where(column.id.in_(numbers)))
    schedules = {row.id: row.name for row in found}
    return {
        run.id: RunLabel(
            definition=made.get(run.definition_id, _NONE)[0],
            version=made.get(run.definition_id, _NONE)[1],
            schedule=schedules.get(run.schedule_id, ""),
        )
        for run in runs
    }


def _schedule_labels(tx: Tx, schedules: Sequence[Schedule]) -> dict[int, ScheduleLabel]:
    made = _definitions(tx, {schedule.definition_id for schedule in schedules})
    last = _last_runs(tx, [schedule.id for schedule in schedules])
    return {
        each.id: ScheduleLabel(
            definition=made.get(each.definition_id, _NONE)[0],
            version=made.get(each.definition_id, _NONE)[1],
            last_run=last.get(each.id),
        )
        for each in schedules
    }


def _last_runs(tx: Tx, numbers: Sequence[int]) -> Mapping[int, Run]:
    run, schedule = tables.run.c, tables.schedule.c
    # for each schedule by itself the index gives the newest; grouped, all of their runs would be read
    newest = select(func.max(run.id)).where(run.schedule_id == schedule.id).correlate(tables.schedule).scalar_subquery()
    ids = [row.newest for row in tx.rows(select(newest.label("newest")).where(schedule.id.in_(numbers))) if row.newest]
    found = [_readable(row) for row in tx.rows(select(tables.run).where(run.id.in_(ids)))]
    return {each.schedule_id: each for each in found if each is not None and each.schedule_id is not None}


def _readable(row: Row[Any]) -> Run | None:
    try:
        return read_run(row)
    except RowNotReadable:
        return None  # its schedule is to be seen all the same; whoever asks for the run is told


def _definitions(tx: Tx, numbers: set[int]) -> dict[int, tuple[str, int]]:
    column = tables.definition.c
    found = tx.rows(select(column.id, column.name, column.version).where(column.id.in_(numbers)))
    return {row.id: (row.name, row.version) for row in found}
