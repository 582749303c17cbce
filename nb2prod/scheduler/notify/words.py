"""What a message says: the fields of templates from a run, its definition and its schedule, and the text they make."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nb2prod.model.job import Cron, Definition, Every, Failure, Once, Run, RunAfter, Schedule, Trigger, WhenThere
from nb2prod.model.notification import Channel, Happening
from nb2prod.scheduler.notify.notifier import Message
from nb2prod.scheduler.notify.template import FIELDS, SUBJECT, body_of, render

__all__ = ["Told", "message_of", "sample", "summary_of"]

_SHOWN = 50  # lines of a summary, before the rest is only counted


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a notification is about, as the store has it now; `text` is what was noted when it happened."""

    id: int
    happening: Happening
    at: datetime
    text: str = ""
    run: Run | None = None
    definition: Definition | None = None
    schedule: Schedule | None = None


def message_of(channel: Channel, told: Told) -> Message:
    fields = fields_of(told)
    return Message(
        id=f"{channel.name}-{told.id}",
        event=told.happening.value,
        subject=_one_line(render(channel.subject or SUBJECT, fields)),
        body=render(channel.body, fields) if channel.body else body_of(fields),
        at=_time(told.at),
        fields=fields,
    )


def summary_of(channel: Channel, all_told: Sequence[Told]) -> Message:
    """One message in the place of many; templates are for one happening each and are not used."""
    counts: dict[str, int] = {}
    for told in all_told:
        counts[told.happening.partition(".")[2]] = counts.get(told.happening.partition(".")[2], 0) + 1
    lines = [f"{_time(told.at)}  {what(told)}{f'  (run {told.run.id})' if told.run else ''}" for told in all_told]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return Message(
        id=f"{channel.name}-{all_told[0].id}-{all_told[-1].id}",
        event="summary",
        subject=f"[nb2prod] {len(all_told)} more: {', '.join(f'{count} {name}' for name, count in counts.items())}",
        body="\n".join(["Over this channel's limit an hour, so told at once:\n", *lines[:_SHOWN], *more]),
        at=_time(all_told[-1].at),
        fields={"event": "summary", "count": str(len(all_told)), **{k: str(v) for k, v in counts.items()}},
    )


def sample(channel: Channel, now: datetime) -> Message:
    """What a test of the channel sends."""
    fields = dict(FIELDS) | {"host": socket.gethostname(), "text": f"a test of the channel {channel.name!r}"}
    return Message(
        id=f"{channel.name}-test-{now.timestamp():.6f}",
        event="test",
        subject=_one_line(render(channel.subject or SUBJECT, fields)),
        body=render(channel.body, fields) if channel.body else body_of(fields),
        at=_time(now),
        fields=fields,
    )


def fields_of(told: Told) -> dict[str, str]:
    """Each field of FIELDS, in that order; "" where there is nothing to say."""
    found = {"event": told.happening.value, "what": what(told), "text": told.text, "host": socket.gethostname()}
    found |= _read("run", _RUN, told.run)
    found |= _read("failure", _FAILURE, told.run.failure if told.run else None)
    found |= _read("definition", _DEFINITION, told.definition)
    found |= _read("schedule", _SCHEDULE, told.schedule)
    return {name: found.get(name, "") for name in FIELDS}


def what(told: Told) -> str:
    """The happening in a few words: "churn failed"."""
    name = told.schedule.name if told.schedule else told.definition.name if told.definition else "a job"
    match told.happening:
        case Happening.FAILED:
            return f"{name} failed"
        case Happening.RECOVERED:
            return f"{name} completed again"
        case Happening.LATE:
            return f"{name} is late"
        case Happening.LONG:
            return f"{name} takes long"
        case Happening.SKIPPED:
            return f"{name} was skipped"
        case Happening.DISABLED:
            return f"the schedule {name} was disabled"


def trigger_text(trigger: Trigger) -> str:
    match trigger:
        case Cron(expression=expression, timezone=zone):
            return f"{expression} ({zone})"
        case Every(seconds=seconds):
            return f"every {seconds:g} s"
        case Once(at=at):
            return f"once, at {_time(at)}"
        case RunAfter(schedule=schedule, on=on):
            return f"after {schedule} {on}"
        case WhenThere(url=url):
            return f"when {url} is there"


def _read(group: str, table: Mapping[str, Callable[..., object]], thing: object) -> dict[str, str]:
    if thing is None:
        return {}
    values = {name: read(thing) for name, read in table.items()}
    return {f"{group}.{name}": _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    return _time(value) if isinstance(value, datetime) else "" if value in (None, 0) else str(value)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


def _seconds(run: Run) -> str:
    return f"{(run.finished_at - run.started_at).total_seconds():.1f}" if run.started_at and run.finished_at else ""


def _parameters(run: Run) -> str:
    return ", ".join(f"{name} = {_value(value)}" for name, value in run.parameters.items())


def _value(value: object) -> str:
    match value:
        case {"secret": str(reference), **rest} if not rest:
            return f"the secret {reference}"
        case {"python": str(text), **rest} if not rest:
            return text
    return repr(value)


_RUN: Mapping[str, Callable[[Run], object]] = {
    "id": lambda run: run.id,
    "status": lambda run: run.status.value,
    "reason": lambda run: run.reason,
    "attempt": lambda run: run.attempt,
    "due_at": lambda run: run.due_at,
    "created_at": lambda run: run.created_at,
    "started_at": lambda run: run.started_at,
    "finished_at": lambda run: run.finished_at,
    "seconds": _seconds,
    "progress": lambda run: f"{run.progress.done} of {run.progress.total}" if run.progress.total else "",
    "parameters": _parameters,
    "batch": lambda run: run.batch,
    "cause": lambda run: run.cause,
}
_FAILURE: Mapping[str, Callable[[Failure], object]] = {
    "kind": lambda failure: failure.kind.value,
    "message": lambda failure: failure.message,
    "cell": lambda failure: failure.cell,
    "line": lambda failure: failure.line,
    "traceback": lambda failure: failure.traceback,
}
_DEFINITION: Mapping[str, Callable[[Definition], object]] = {
    "name": lambda definition: definition.name,
    "version": lambda definition: definition.version,
    "path": lambda definition: definition.path,
}
_SCHEDULE: Mapping[str, Callable[[Schedule], object]] = {
    "name": lambda schedule: schedule.name,
    "trigger": lambda schedule: trigger_text(schedule.trigger),
}
