"""Templates of subject and body: `{run.id}` stands for a field, `{{` and `}}` for braces; nothing else is code.

A template is checked when its channel is added: a field that does not exist is refused there, not at three at night.
"""

import difflib
import re
from collections.abc import Iterator, Mapping

from nb2prod.scheduler.notify.notifier import ChannelRefused

__all__ = ["BODY", "FIELDS", "SUBJECT", "check_template", "render"]

# the fields, and what a sample has in them
FIELDS: Mapping[str, str] = {
    "event": "failure",
    "what": "churn failed",
    "text": "",
    "host": "this host",
    "run.id": "20260101-060000-sample",
    "run.status": "failed",
    "run.reason": "schedule",
    "run.attempt": "1",
    "run.due_at": "2026-01-01 06:00:00 UTC",
    "run.created_at": "2026-01-01 06:00:00 UTC",
    "run.started_at": "2026-01-01 06:00:01 UTC",
    "run.finished_at": "2026-01-01 06:02:03 UTC",
    "run.seconds": "122",
    "run.progress": "3 of 20",
    "run.parameters": "region = 'EU'",
    "run.batch": "",
    "run.cause": "",
    "failure.kind": "cell_error",
    "failure.message": "ValueError: this is a sample",
    "failure.cell": "4",
    "failure.line": "2",
    "failure.traceback": "",
    "definition.name": "churn",
    "definition.version": "1",
    "definition.path": "churn.ipynb",
    "schedule.name": "churn",
    "schedule.trigger": "0 6 * * 1-5 (Europe/Berlin)",
}
SUBJECT = "[nb2prod] {what}"
BODY = ""  # each field that says something, a line each: see `body_of`
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def check_template(path: str, template: str) -> None:
    for match in _FIELD.finditer(template):
        name = match.group(1)
        if name is None and match.group() in "{}":
            raise ChannelRefused(path, f"a single {match.group()!r} at {match.start() + 1}; write it twice")
        if name is not None and name not in FIELDS:
            close = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.4)
            near = f"did you mean {{{close[0]}}}?" if close else f"the fields are {', '.join(FIELDS)}"
            raise ChannelRefused(path, f"there is no field {{{name}}}; {near}")


def render(template: str, fields: Mapping[str, str]) -> str:
    def put(match: re.Match[str]) -> str:
        name = match.group(1)
        return match.group()[0] if name is None else fields.get(name, "")

    return _FIELD.sub(put, template)


def body_of(fields: Mapping[str, str]) -> str:
    """The body where a channel has no template of its own."""
    return "\n".join(_lines(fields))


def _lines(fields: Mapping[str, str]) -> Iterator[str]:
    if fields.get("text"):
        yield fields["text"]
    for name, value in fields.items():
        if value and name not in ("event", "what", "text", "failure.traceback"):
            yield f"{name}: {value}"
    if fields.get("failure.traceback"):
        yield f"\n{fields['failure.traceback']}"
