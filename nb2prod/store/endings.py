"""How attempts and runs end: completed, failed, tried again, cancelled or lost, each in one transaction."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row, delete, select, text, update

from nb2prod.model.job import AttemptStatus, Failure, FailureKind, JobSettings, Progress, Run, RunStatus, Usage
from nb2prod.store import tables
from nb2prod.store.connect import Database, Tx
from nb2prod.store.definitions import definition_of
from nb2prod.store.errors import RowNotReadable, Superseded
from nb2prod.store.happenings import record_of
from nb2prod.store.json_text import dumps, micros
from nb2prod.store.outbox import tell_of_end
from nb2prod.store.retrying import Tally, pause_before_next
from nb2prod.store.room import Room
from nb2prod.store.rows import read_run
from nb2prod.store.runs import held_row, run_row

__all__ = ["Endings", "end_run"]

_RUN = tables.run.c
_ENDS = {
    RunStatus.COMPLETED: AttemptStatus.COMPLETED,
    RunStatus.FAILED: AttemptStatus.FAILED,
    RunStatus.CANCELLED: AttemptStatus.CANCELLED,
}


class Endings(Room):
    def __init__(self, database: Database, chance: Callable[[], float]) -> None:
        super().__init__(database)
        self._chance = chance

    def finish(
        self,
        run_id: str,
        attempt: int,
        status: RunStatus,
        failure: Failure | None = None,
        usage: Usage | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """The attempt ended so; the run ends, or is queued again as its definition's Retry says. Superseded.

        A failure of the kind lost makes the attempt lost. Said twice, it is written once.
        """
        end = _ENDS[status]
        if failure is not None and failure.kind is FailureKind.LOST:
            end = AttemptStatus.LOST
        chance = self._chance()

        def write(tx: Tx) -> Run:
            row = held_row(tx, run_id)
            if row.attempt != attempt or row.status != RunStatus.RUNNING:
                if _ended_so(tx, row, attempt, end):
                    return read_run(row)
                raise Superseded(run_id, attempt, row.status, row.attempt)
            if progress is not None:
                tx.run(update(tables.run).where(_RUN.id == run_id).values(progress=dumps(progress)))
            return _end_attempt(tx, row, end, failure, usage or Usage(), chance)

        return self._database.write(write)

    def expire_leases(self) -> list[Run]:
        """Runs whose worker is silent: queued again at once, up to Retry.lost times, else failed."""
        ids = self._database.read(_silent)
        ended = [self._database.write(partial(_lose, run_id=each, chance=self._chance())) for each in ids]
        return [run for run in ended if run is not None]

    def cancel(self, run_id: str, by: str) -> Run:
        """Of a queued run: at once. A running one is asked to end. One that ended stays as it is."""
        return self._database.write(lambda tx: _cancel(tx, run_id, by))


def end_run(tx: Tx, row: Row[Any], status: RunStatus, failure: Failure | None) -> None:
    """What only a run's end brings: its outputs are free, and those who want to know are told."""
    values = {
        "status": status.value,
        "finished_at": tx.micros,
        "lease_until": None,
        "not_before": None,
        "failure": None if failure is None else dumps(failure),
    }
    tx.run(update(tables.run).where(_RUN.id == row.id).values(values))
    tx.run(delete(tables.output).where(tables.output.c.run_id == row.id))
    told: dict[str, object] = {"failure": failure.kind, "message": failure.message} if failure else {}
    record_of(tx, row, f"run.{status}", told)
    tell_of_end(tx, row, status, failure, _settings(tx, row).notify)


def _settings(tx: Tx, row: Row[Any]) -> JobSettings:
    try:
        return definition_of(tx, row.definition_id).settings
    except RowNotReadable:  # a run must be able to end whatever became of its definition
        return JobSettings()


def _ended_so(tx: Tx, row: Row[Any], attempt: int, end: AttemptStatus) -> bool:
    """Whether this very end was written before, as when only the answer was lost."""
    column = tables.attempt.c
    found = select(column.status).where(column.run_id == row.id, column.number == attempt)
    return end is not AttemptStatus.LOST and row.attempt == attempt and tx.connection.execute(found).scalar() == end


def _end_attempt(
    tx: Tx, row: Row[Any], end: AttemptStatus, failure: Failure | None, usage: Usage, chance: float
) -> Run:
    column = tables.attempt.c
    values = {
        "status": end.value,
        "finished_at": tx.micros,
        "failure": None if failure is None else dumps(failure),
        "seconds": usage.seconds,
        "cpu": usage.cpu,
        "memory": usage.memory,
    }
    tx.run(update(tables.attempt).where(column.run_id == row.id, column.number == row.attempt).values(values))
    told: dict[str, object] = {"failure": failure.kind, "message": failure.message} if failure else {}
    record_of(tx, row, f"attempt.{end}", told)
    if end is AttemptStatus.COMPLETED:
        end_run(tx, row, RunStatus.COMPLETED, None)
    elif end is AttemptStatus.CANCELLED:
        end_run(tx, row, RunStatus.CANCELLED, failure or _cancelled(row))
    else:
        _after_failure(tx, row, end, failure or _unexplained(), chance)
    return read_run(run_row(tx, row.id))


def _after_failure(tx: Tx, row: Row[Any], end: AttemptStatus, failure: Failure, chance: float) -> None:
    tally = Tally(failures=row.failures, losses=row.losses).and_one(failure.kind)
    tx.run(update(tables.run).where(_RUN.id == row.id).values(failures=tally.failures, losses=tally.losses))
    if row.cancel_requested:
        lost = end is AttemptStatus.LOST
        end_run(tx, row, *((RunStatus.CANCELLED, _cancelled(row)) if lost else (RunStatus.FAILED, failure)))
        return
    pause = pause_before_next(_settings(tx, row).retry, failure.kind, tally, chance)
    if pause is None:
        end_run(tx, row, RunStatus.FAILED, failure)
    else:
        _queue_again(tx, row, failure, pause)


def _queue_again(tx: Tx, row: Row[Any], failure: Failure, pause: float) -> None:
    values = {
        "status": RunStatus.QUEUED.value,
        "lease_until": None,
        "not_before": micros(tx.now + timedelta(seconds=pause)) if pause else None,
        "failure": dumps(failure),
    }
    tx.run(update(tables.run).where(_RUN.id == row.id).values(values))
    record_of(tx, row, "run.queued", {"reason": "retry", "pause": pause})


def _cancelled(row: Row[Any]) -> Failure:
    by = f" by {row.cancel_requested}" if row.cancel_requested else ""
    return Failure(kind=FailureKind.CANCELLED, message=f"cancelled{by}")


def _unexplained() -> Failure:
    return Failure(kind=FailureKind.INTERNAL, message="the attempt failed and did not say why")


def _silent(tx: Tx) -> list[str]:
    late = select(_RUN.id).where(text(tables.IS_RUNNING), _RUN.lease_until < tx.micros)
    return [row.id for row in tx.rows(late.order_by(_RUN.lease_until))]


def _lose(tx: Tx, run_id: str, chance: float) -> Run | None:
    """None: it was heard of again, or another daemon saw to it."""
    row = held_row(tx, run_id)
    if row.status != RunStatus.RUNNING or row.lease_until is None or row.lease_until >= tx.micros:
        return None
    told = "its worker was not heard of until its lease ended: its process or its host is gone"
    failure = Failure(kind=FailureKind.LOST, message=told)
    return _end_attempt(tx, row, AttemptStatus.LOST, failure, Usage(), chance)


def _cancel(tx: Tx, run_id: str, by: str) -> Run:
    row = held_row(tx, run_id)
    if RunStatus(row.status).is_final:
        return read_run(row)
    if not row.cancel_requested:
        tx.run(update(tables.run).where(_RUN.id == run_id).values(cancel_requested=by or "somebody"))
        record_of(tx, row, "run.cancel_requested", {"by": by})
        row = run_row(tx, run_id)
    if row.status == RunStatus.QUEUED:
        end_run(tx, row, RunStatus.CANCELLED, _cancelled(row))
    return read_run(run_row(tx, run_id))
