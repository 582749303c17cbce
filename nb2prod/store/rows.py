"""Rows of the tables to the model's dataclasses, and back."""

import json
from collections.abc import Mapping
from typing import Any  # a row's values are whatever the database gave

from sqlalchemy import Row

from nb2prod.model.job import (
    Artifact,
    Attempt,
    AttemptStatus,
    Cron,
    Definition,
    Event,
    Every,
    Failure,
    JobKind,
    JobSettings,
    Misfire,
    Once,
    Overlap,
    Progress,
    Run,
    RunAfter,
    RunStatus,
    Schedule,
    SnapshotFile,
    Trigger,
    Usage,
    WhenThere,
)
from nb2prod.store.errors import RowNotReadable
from nb2prod.store.json_text import EPOCH, dumps, from_json, loads, micros, moment, moment_or_none, to_json
from nb2prod.store.records import Channel, Daemon, Delivery, Notification

TRIGGERS: dict[str, type[Cron | Every | Once | RunAfter | WhenThere]] = {
    "cron": Cron,
    "every": Every,
    "once": Once,
    "after": RunAfter,
    "when": WhenThere,
}
_KINDS = {kind: name for name, kind in TRIGGERS.items()}
_WRONG = (TypeError, ValueError, KeyError, OverflowError, RecursionError)  # what hand-edited values raise


def trigger_text(trigger: Trigger) -> str:
    body = to_json(trigger)
    assert isinstance(body, dict)
    return json.dumps({"kind": _KINDS[type(trigger)], **body}, separators=(",", ":"))


def read_trigger(text: str) -> Trigger:
    data = _mapping(text)
    kind = data.pop("kind", None)
    if not isinstance(kind, str) or kind not in TRIGGERS:
        raise ValueError(f"no trigger is of the kind {kind!r}; the kinds are {', '.join(TRIGGERS)}")
    return from_json(TRIGGERS[kind], data)


def _mapping(text: object) -> dict[str, object]:
    data = loads(text) if isinstance(text, str) else text
    if not isinstance(data, dict):
        raise TypeError(f"{data!r} is not a mapping")
    return data


def _list(text: str) -> list[object]:
    data = loads(text)
    if not isinstance(data, list):
        raise TypeError(f"{data!r} is not a list")
    return data


def read_settings(text: str) -> JobSettings:
    return from_json(JobSettings, _mapping(text))


def read_definition(row: Row[Any]) -> Definition:
    try:
        return Definition(
            id=row.id,
            name=row.name,
            version=row.version,
            kind=JobKind(row.kind),
            path=row.path,
            entry=row.entry,
            digest=row.digest,
            files=tuple(from_json(SnapshotFile, item) for item in _list(row.files)),
            parameters=tuple(_parameter(item) for item in _list(row.parameters)),
            settings=read_settings(row.settings),
            created_at=moment(row.created_at),
        )
    except _WRONG as error:
        raise RowNotReadable("definition", row.name, str(error)) from error


def _parameter(item: object) -> tuple[str, str, str, str]:
    match item:
        case [str(name), str(annotation), str(default), str(comment)]:
            return name, annotation, default, comment
    raise TypeError(f"{item!r} is not a parameter")


def schedule_values(schedule: Schedule) -> dict[str, object]:
    """All but id, created_at and updated_at."""
    return {
        "name": schedule.name,
        "definition_id": schedule.definition_id,
        "trigger": trigger_text(schedule.trigger),
        "parameters": dumps(schedule.parameters),
        "misfire": schedule.misfire.value,
        "overlap": schedule.overlap.value,
        "grace": schedule.grace,
        "priority": schedule.priority,
        "jitter": schedule.jitter,
        "start_at": micros(schedule.start_at),
        "end_at": micros(schedule.end_at),
        "paused": int(schedule.paused),
        "disabled": schedule.disabled,
        "next_due": micros(schedule.next_due),
    }


def read_schedule(row: Row[Any]) -> Schedule:
    try:
        return Schedule(
            id=row.id,
            name=row.name,
            definition_id=_number(row.definition_id),
            trigger=read_trigger(row.trigger),
            parameters=_mapping(row.parameters),
            misfire=Misfire(row.misfire),
            overlap=Overlap(row.overlap),
            grace=float(row.grace),
            priority=_number(row.priority),
            jitter=float(row.jitter),
            start_at=moment_or_none(row.start_at),
            end_at=moment_or_none(row.end_at),
            paused=bool(row.paused),
            disabled=row.disabled,
            next_due=moment_or_none(row.next_due),
            created_at=moment(row.created_at),
            updated_at=moment(row.updated_at),
        )
    except _WRONG as error:
        raise RowNotReadable("schedule", row.name, str(error)) from error


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a number")
    return value


def show_schedule(row: Row[Any]) -> Schedule:
    """For lists: of a row that cannot be read, what can be, put out of action, its raw trigger in place of cron's."""
    try:
        return read_schedule(row)
    except RowNotReadable as error:
        return Schedule(
            id=row.id,
            name=row.name,
            definition_id=row.definition_id if isinstance(row.definition_id, int) else 0,
            trigger=Cron(expression=str(row.trigger)),
            paused=bool(row.paused),
            disabled=row.disabled or str(error),
            created_at=moment(row.created_at) if isinstance(row.created_at, int) else EPOCH,
            updated_at=moment(row.updated_at) if isinstance(row.updated_at, int) else EPOCH,
        )


def read_run(row: Row[Any]) -> Run:
    try:
        return Run(
            id=row.id,
            definition_id=row.definition_id,
            schedule_id=row.schedule_id,
            due_at=moment_or_none(row.due_at),
            status=RunStatus(row.status),
            reason=row.reason,
            parameters=_mapping(row.parameters),
            priority=row.priority,
            pool=row.pool,
            not_before=moment_or_none(row.not_before),
            attempt=row.attempt,
            lease_until=moment_or_none(row.lease_until),
            cancel_requested=row.cancel_requested,
            idempotency_key=row.idempotency_key or "",
            batch=row.batch,
            cause=row.cause,
            created_at=moment(row.created_at),
            started_at=moment_or_none(row.started_at),
            finished_at=moment_or_none(row.finished_at),
            progress=from_json(Progress, _mapping(row.progress)),
            failure=read_failure(row.failure),
            metrics=read_metrics(row.metrics),
        )
    except _WRONG as error:
        raise RowNotReadable("run", row.id, str(error)) from error


def read_failure(text: str | None) -> Failure | None:
    return None if text is None else from_json(Failure, _mapping(text))


def read_metrics(text: str) -> Mapping[str, float]:
    return {name: float(str(value)) for name, value in _mapping(text).items()}


def read_attempt(row: Row[Any]) -> Attempt:
    try:
        return Attempt(
            run_id=row.run_id,
            number=row.number,
            status=AttemptStatus(row.status),
            worker=row.worker,
            host=row.host,
            pid=row.pid,
            folder=row.folder,
            started_at=moment(row.started_at),
            heartbeat_at=moment(row.heartbeat_at),
            finished_at=moment_or_none(row.finished_at),
            failure=read_failure(row.failure),
            usage=Usage(seconds=row.seconds, cpu=row.cpu, memory=row.memory),
        )
    except _WRONG as error:
        raise RowNotReadable("attempt", f"{row.run_id}:{row.number}", str(error)) from error


def read_event(row: Row[Any]) -> Event:
    try:
        return Event(
            id=row.id,
            at=moment(row.at),
            kind=row.kind,
            run_id=row.run_id,
            attempt=row.attempt,
            schedule_id=row.schedule_id,
            data=_mapping(row.data),
        )
    except _WRONG as error:
        raise RowNotReadable("event", row.id, str(error)) from error


def read_artifact(row: Row[Any]) -> Artifact:
    return Artifact(
        run_id=row.run_id,
        attempt=row.attempt,
        name=row.name,
        kind=row.kind,
        url=row.url,
        sha256=row.sha256,
        size=row.size,
        created_at=moment(row.created_at),
    )


def read_channel(row: Row[Any]) -> Channel:
    try:
        settings = _mapping(row.settings)
    except _WRONG as error:
        raise RowNotReadable("channel", row.name, str(error)) from error
    return Channel(name=row.name, kind=row.kind, settings=settings, created_at=moment(row.created_at))


def read_notification(row: Row[Any]) -> Notification:
    try:
        return Notification(
            id=row.id,
            channel=row.channel,
            kind=row.kind,
            run_id=row.run_id,
            data=_mapping(row.data),
            status=Delivery(row.status),
            attempts=row.attempts,
            next_try=moment(row.next_try),
            created_at=moment(row.created_at),
            settled_at=moment_or_none(row.settled_at),
            why=row.why,
        )
    except _WRONG as error:
        raise RowNotReadable("notification", row.id, str(error)) from error


def read_daemon(row: Row[Any]) -> Daemon:
    return Daemon(
        name=row.name,
        host=row.host,
        pid=row.pid,
        started_at=moment(row.started_at),
        beat_at=moment(row.beat_at),
    )
