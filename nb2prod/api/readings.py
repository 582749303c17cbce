"""When something runs, in plain words: "at 06:00 on Monday to Friday, Europe/Berlin"."""

from datetime import UTC, datetime

from nb2prod.model.job import Cron, Every, Once, RunAfter, Trigger, WhenThere
from nb2prod.scheduler.cron import describe

__all__ = ["duration", "read_trigger"]

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def read_trigger(trigger: Trigger) -> str:
    match trigger:
        case Cron():
            return describe(trigger)
        case Every(seconds=seconds, anchor=anchor):
            return f"every {_each(duration(seconds))}, counted from {_utc(anchor)}"
        case Once(at=at):
            return f"once, at {_utc(at)}"
        case RunAfter(schedule=schedule, on=on):
            return f"after each run of {schedule} that has {on}"
        case WhenThere(url=url):
            return f"when a file appears or changes at {url}"


def _each(text: str) -> str:
    return text.removeprefix("1 ") if text.count(" ") == 1 else text


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float) -> str:
    """ "1 hour 30 minutes"; parts of a second as "0.5 seconds"."""
    if seconds != int(seconds):
        return f"{seconds:g} seconds"
    words, rest = [], int(seconds)
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {unit}{'s' if count != 1 else ''}")
    return " ".join(words) or "0 seconds"
