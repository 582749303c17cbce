"""Retention: which runs go, and with them all that only they used."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any  # SQLAlchemy's conditions have many types

from sqlalchemy import Select, delete, exists, func, select

from nb2prod.errors import InvalidOption
from nb2prod.model.job import RunStatus
from nb2prod.store import tables
from nb2prod.store.connect import DEFINING, Tx
from nb2prod.store.json_text import loads, micros
from nb2prod.store.records import Pruned
from nb2prod.store.room import Room

__all__ = ["Retention"]

_RUN = tables.run.c
_PART = 500  # runs that go in one transaction: others must not wait long
_YOUNG = timedelta(days=1)  # a blob may be there before its definition
_FINAL = tuple(status for status in RunStatus if status.is_final)


class Retention(Room):
    def prune(
        self,
        *,
        older_than: timedelta | None = None,
        keep_last: int | None = None,
        statuses: Collection[RunStatus] = _FINAL,
        dry_run: bool = False,
    ) -> Pruned:
        """Runs that ended longer ago than `older_than` and are not among the `keep_last` of their definition.

        With them go their attempts, events, artifacts' rows and settled notifications, then definitions that nothing
        uses any more (but for the latest of each name), and blobs of none; by age also events of no run.
        """
        if older_than is None and keep_last is None:
            raise InvalidOption("prune", "say how old a run must be, or how many of each definition to keep")
        wanted = sorted(status.value for status in statuses if status.is_final)
        ids = self._database.read(lambda tx: _chosen(tx, older_than, keep_last, wanted))
        artifacts: list[str] = []
        folders: list[tuple[str, str]] = []
        for at in range(0, len(ids), _PART):
            part = ids[at : at + _PART]
            urls, places = self._database.read(lambda tx, part=part: _left_by(tx, part))  # type: ignore[misc]
            artifacts += urls
            folders += places
            if not dry_run:
                self._database.write(lambda tx, part=part: _remove(tx, part))  # type: ignore[misc]
        work = self._database.read if dry_run else self._database.write
        definitions, blobs = work(lambda tx: _sweep(tx, set(ids), dry_run))
        if older_than is not None and not dry_run:
            self._database.write(lambda tx: _forget(tx, older_than))
        return Pruned(
            runs=tuple(ids),
            artifacts=tuple(artifacts),
            folders=tuple(folders),
            definitions=definitions,
            blobs=blobs,
            dry_run=dry_run,
        )


def _chosen(tx: Tx, older_than: timedelta | None, keep_last: int | None, statuses: Sequence[str]) -> list[str]:
    where: list[Any] = [_RUN.status.in_(statuses)]
    if older_than is not None:
        where.append(_RUN.finished_at <= micros(tx.now - older_than))
    if keep_last is None:
        return [row.id for row in tx.rows(select(_RUN.id).where(*where).order_by(_RUN.id))]
    rank = func.row_number().over(partition_by=_RUN.definition_name, order_by=_RUN.id.desc()).label("rank")
    ranked = select(_RUN.id, rank).where(_RUN.status.in_(statuses)).subquery()
    found = select(_RUN.id).join(ranked, ranked.c.id == _RUN.id).where(ranked.c.rank > keep_last, *where)
    return [row.id for row in tx.rows(found.order_by(_RUN.id))]


def _left_by(tx: Tx, ids: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    artifact, attempt = tables.artifact.c, tables.attempt.c
    urls = select(artifact.url).where(artifact.run_id.in_(ids)).order_by(artifact.id)
    places = select(attempt.host, attempt.folder).where(attempt.run_id.in_(ids), attempt.folder != "")
    places = places.order_by(attempt.run_id, attempt.number)
    return [row.url for row in tx.rows(urls)], [(row.host, row.folder) for row in tx.rows(places)]


def _remove(tx: Tx, ids: Sequence[str]) -> None:
    note = tables.notification.c
    tx.run(delete(tables.event).where(tables.event.c.run_id.in_(ids)))
    tx.run(delete(tables.notification).where(note.run_id.in_(ids), note.status != "pending"))
    tx.run(delete(tables.run).where(_RUN.id.in_(ids)))


def _forget(tx: Tx, older_than: timedelta) -> None:
    """Events of no run, which are those of schedules and daemons, and what was told long ago."""
    event, until = tables.event.c, micros(tx.now - older_than)
    tx.run(delete(tables.event).where(event.run_id == "", event.at <= until))
    tx.run(delete(tables.notification).where(tables.notification.c.settled_at <= until))


def _sweep(tx: Tx, gone: set[str], dry_run: bool) -> tuple[int, int]:
    """How many definitions and blobs went."""
    if not dry_run:
        tx.alone(DEFINING)
    unused = _unused_definitions(tx, gone if dry_run else set())
    used: set[str] = set()
    for row in tx.rows(select(tables.definition.c.id, tables.definition.c.files)):
        if row.id not in unused:
            used |= _digests(row.files)
    blob = tables.blob.c
    old = select(blob.sha256).where(blob.created_at < micros(tx.now - _YOUNG))
    blobs = [row.sha256 for row in tx.rows(old) if row.sha256 not in used]
    if not dry_run:
        for number in unused:
            tx.run(delete(tables.definition).where(tables.definition.c.id == number))
        for sha256 in blobs:
            tx.run(delete(tables.blob).where(blob.sha256 == sha256))
    return len(unused), len(blobs)


def _unused_definitions(tx: Tx, gone: set[str]) -> set[int]:
    """Neither the latest of its name, nor of a schedule, nor of a run (but those in `gone`)."""
    definition, schedule = tables.definition.c, tables.schedule.c
    newest = select(func.max(definition.id)).group_by(definition.name)
    scheduled = exists().where(schedule.definition_id == definition.id)
    found: Select[Any] = select(definition.id).where(definition.id.not_in(newest), ~scheduled)
    if not gone:
        return {row.id for row in tx.rows(found.where(~exists().where(_RUN.definition_id == definition.id)))}
    used = {row.definition_id for row in tx.rows(select(_RUN.id, _RUN.definition_id)) if row.id not in gone}
    return {row.id for row in tx.rows(found)} - used


def _digests(files: str) -> set[str]:
    listed = loads(files)
    assert isinstance(listed, list)
    return {item["sha256"] for item in listed}
