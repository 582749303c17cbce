"""A run as JSON, a line each: with NB2PROD_LOG=json while it goes on, on stderr; afterwards from its record."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from nb2prod.runtime.telling.reading import RunRecord

__all__ = ["is_wanted", "lines_of", "write_line"]

_LEVELS = {"failed": "error", "timeout": "error", "interrupted": "warning", "retried": "warning", "alert": "warning"}


def is_wanted() -> bool:
    return os.environ.get("NB2PROD_LOG") == "json"


def write_line(event: str, **more: object) -> None:
    """On the process's own stderr, whoever has put something else in its place."""
    with suppress(OSError, ValueError, AttributeError):  # it was closed; the record has it
        print(_line({"event": event, **more}), file=sys.__stderr__, flush=True)


def lines_of(record: RunRecord) -> Iterator[str]:
    """Its events, then each step as the record has it, then the run itself without its steps."""
    yield from (_line(event) for event in record.events())
    for step in record.steps:
        yield _line({"event": "step", "time": step.data.get("started"), "run": record.run, **step.data})
    yield _line({"event": "run", "time": record.data.get("finished"), **record.data, "steps": len(record.steps)})


def _line(entry: Mapping[str, object]) -> str:
    event = str(entry["event"])
    time = entry.get("time") or datetime.now(UTC).isoformat(timespec="milliseconds")
    level = _LEVELS.get(event.rpartition(".")[2], "info")
    return json.dumps({"time": time, "level": level, **entry}, ensure_ascii=False, default=repr)
