"""When something runs, in plain words: "at 06:00, Monday to Friday (Europe/Berlin)"."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC
from itertools import product

from nb2prod.model.job import Cron, Every, Once, RunAfter, Trigger, WhenThere

__all__ = ["duration", "read_trigger"]

_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
_MONTHS += ("November", "December")
_NTH = ("", "first", "second", "third", "fourth", "fifth")
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_MOST_TIMES = 6  # so many clock times are told one by one


def read_trigger(trigger: Trigger) -> str:
    match trigger:
        case Cron(expression=expression, timezone=zone):
            return f"{_read_cron(expression)} ({zone})"
        case Every(seconds=seconds, anchor=anchor):
            return f"every {duration(seconds)}, counted from {anchor.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        case Once(at=at):
            return f"once, at {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        case RunAfter(schedule=schedule, on=on):
            return f"after each run of {schedule} that has {on}"
        case WhenThere(url=url):
            return f"when a file appears or changes at {url}"


def duration(seconds: float) -> str:
    """ "1 hour 30 minutes"; parts of a second as "0.5 seconds"."""
    if seconds != int(seconds):
        return f"{seconds:g} seconds"
    words, rest = [], int(seconds)
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {unit}{'s' if count != 1 else ''}")
    text = " ".join(words) or "0 seconds"
    return text.removeprefix("1 ") if len(words) == 1 else text


def _read_cron(expression: str) -> str:
    fields = _ALIASES.get(expression.strip().lower(), expression).upper().split()
    if len(fields) != 5:
        return expression
    minute, hour, day, month, weekday = fields
    when = ", ".join(part for part in (_days(day, weekday), _months(month)) if part)
    return f"{_time(minute, hour)}, {when}" if when else f"{_time(minute, hour)}{_daily(minute, hour)}"


def _daily(minute: str, hour: str) -> str:
    return " every day" if _numbers(hour) and _numbers(minute) else ""


def _time(minute: str, hour: str) -> str:
    minutes, hours = _numbers(minute), _numbers(hour)
    if minutes and hours and len(minutes) * len(hours) <= _MOST_TIMES:
        return f"at {_and([f'{h:02}:{m:02}' for h, m in product(hours, minutes)])}"
    if hour == "*":
        return _of_each_hour(minute)
    return f"{_every(minute, 'minute')} of {_every(hour, 'hour')}"


def _of_each_hour(minute: str) -> str:
    each = _every(minute, "minute")
    return each if minute == "*" or minute.startswith("*/") else f"every hour, at {each}"


def _every(field: str, unit: str) -> str:
    """ "every minute", "every 15 minutes", "minute 0 and 30", "hour 9 to 17"."""
    if field == "*":
        return f"every {unit}"
    if match := re.fullmatch(r"\*/(\d+)", field):
        return f"every {match[1]} {unit}s" if match[1] != "1" else f"every {unit}"
    return f"{unit} {_list(field, str)}"


def _days(day: str, weekday: str) -> str:
    by_month = "" if day == "*" else _days_of_month(day)
    by_week = "" if weekday == "*" else _weekdays(weekday)
    # cron runs on a day that either field names, unless one of them says *
    return f"{by_month} or on {by_week}" if by_month and by_week else by_month or by_week


def _days_of_month(field: str) -> str:
    if field == "L":
        return "on the last day of the month"
    if field == "LW":
        return "on the last working day of the month"
    if match := re.fullmatch(r"\*/(\d+)", field):
        return f"on every {match[1]} days of the month"
    return f"on day {_list(field, str)} of the month"


def _weekdays(field: str) -> str:
    if match := re.fullmatch(r"\*/(\d+)", field):
        return f"every {match[1]} days of the week"
    return _list(field, _weekday)


def _weekday(text: str) -> str:
    name, nth, count = text.partition("#")
    if nth and count.isdigit() and 0 < int(count) < len(_NTH):
        return f"the {_NTH[int(count)]} {_weekday(name)} of the month"
    if text != "L" and text.endswith("L"):
        return f"the last {_weekday(text[:-1])} of the month"
    return _named(text, _DAYS, 0)


def _months(field: str) -> str:
    if field == "*":
        return ""
    if match := re.fullmatch(r"\*/(\d+)", field):
        return f"every {match[1]} months"
    return f"in {_list(field, lambda text: _named(text, _MONTHS, 1))}"


def _named(text: str, names: Sequence[str], first: int) -> str:
    if text.isdigit():
        return names[(int(text) - first) % len(names)]
    return next((name for name in names if name.upper().startswith(text)), text)


def _list(field: str, word: Callable[[str], str]) -> str:
    return _and([_range(part, word) for part in field.split(",")])


def _range(part: str, word: Callable[[str], str]) -> str:
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    text = f"{word(first)} to {word(last)}" if dash else word(first)
    return f"{text} in steps of {step}" if step else text


def _numbers(field: str) -> list[int]:
    """The numbers of a plain list, none of anything else."""
    parts = field.split(",")
    return sorted({int(part) for part in parts}) if all(part.isdigit() for part in parts) else []


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
