"""Cron expressions: when they are due, what is wrong with one, and what one says in words.

    Times   = an expression and its time zone, parsed
    minute  hour  day-of-month  month  day-of-week        or @hourly, @daily, …

cronsim knows the calendar; it is asked in wall-clock time alone, and the change to real time is made here:

- an expression whose minute or hour begins with a star runs at every real moment whose clock reads so:
  twice where the clock goes back, never where it leaps over;
- any other runs at fixed times: one that the clock leaps over runs once, when the leap ends, and one that the
  clock reads twice runs at the first.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

from nb2prod.errors import Nb2ProdError
from nb2prod.model.job import Cron

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MANY = "a list (1,3), a range (1-5) or steps (*/2)"
_FIELDS = {
    "minute": f"0 to 59, {_MANY}",
    "hour": f"0 to 23, {_MANY}",
    "day-of-month": f"1 to 31, L (the last day), LW (the last weekday), {_MANY}",
    "month": f"1 to 12, JAN to DEC, {_MANY}",
    "day-of-week": f"0 to 7 (0 and 7 are Sunday), SUN to SAT, 5L (the last Friday), 1#2 (the second Monday), {_MANY}",
}
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_ANY_DAY = datetime(2024, 1, 1)


class BadTrigger(Nb2ProdError):
    """A trigger that can never be followed; nothing was stored. `field` says which part of it is wrong."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True)
class Times:
    """The moments of an expression."""

    fields: str
    zone: tzinfo
    wild: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "wild", any(text.startswith("*") for text in self.fields.split()[:2]))

    def after(self, moment: datetime) -> Iterator[datetime]:
        """All that come strictly after `moment`, in UTC and in order."""
        return self._wild(moment) if self.wild else self._fixed(moment)

    def _fixed(self, moment: datetime) -> Iterator[datetime]:
        last = moment
        for wall in _walls(self.fields, _wall(moment, self.zone) - _SECOND):
            real = _first_real(wall, self.zone)
            if real > last:
                last = real
                yield real

    def _wild(self, moment: datetime) -> Iterator[datetime]:
        start, base = moment, _wall(moment, self.zone)
        while True:
            offset = _offset(start, self.zone)
            change = None
            for wall in _walls(self.fields, base):
                real = (wall - offset).replace(tzinfo=UTC)
                change = _next_change(start, real, self.zone)
                if change is not None:
                    break
                yield real
                start = real
            if change is None:
                return
            start, base = change, _wall(change, self.zone) - _SECOND


def parse(cron: Cron) -> Times:
    """`cron` with its words and its time zone understood, or BadTrigger."""
    return _parse(cron.expression, cron.timezone)


def describe(cron: Cron) -> str:
    """In words: "at 06:00 on Monday to Friday, Europe/Berlin"."""
    words: str = CronSim(parse(cron).fields, _ANY_DAY).explain()
    words = words[:1].lower() + words[1:].replace(" through ", " to ")
    return f"{words}, {cron.timezone}"


def zone_named(name: str) -> tzinfo:
    """The time zone, or BadTrigger with the closest name."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadTrigger(f"there is no time zone {name!r}; {_closest_zone(name)}", field="timezone") from None


@lru_cache(maxsize=4096)
def _parse(expression: str, timezone: str) -> Times:
    zone = zone_named(timezone)
    fields = _fields(expression)
    try:
        walls = CronSim(fields, _ANY_DAY)
    except CronSimError as error:
        raise _bad_field(expression, fields, str(error)) from None
    if next(walls, None) is None:
        raise BadTrigger(
            f"the cron expression {expression!r} names days that never come together; "
            "change its day-of-month, month or day-of-week",
            field="day-of-month",
        )
    return Times(fields, zone)


def _fields(expression: str) -> str:
    text = " ".join(expression.split())
    if text.startswith("@"):
        if text.lower() not in NICKNAMES:
            close = difflib.get_close_matches(text.lower(), NICKNAMES, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"write one of {', '.join(NICKNAMES)}, or five fields"
            raise BadTrigger(f"the cron expression {expression!r} is not known; {hint}", field="expression")
        return NICKNAMES[text.lower()]
    count = len(text.split())
    if count != 5:
        raise BadTrigger(
            f"the cron expression {expression!r} has {count} field{'s' if count != 1 else ''} where five are needed: "
            "minute, hour, day-of-month, month, day-of-week; 6 o'clock on weekdays is '0 6 * * 1-5'",
            field="expression",
        )
    return text


def _bad_field(expression: str, fields: str, message: str) -> BadTrigger:
    name = message.removeprefix("Bad ")
    if name not in _FIELDS:
        return BadTrigger(f"the cron expression {expression!r} cannot be read: {message}", field="expression")
    text = fields.split()[list(_FIELDS).index(name)]
    if name == "day-of-month" and re.fullmatch(r"3[01]([,-]31)?", text):
        month = fields.split()[3]
        return BadTrigger(
            f"the cron expression {expression!r} can never be due: month {month} has no day {text}; "
            "L is the last day of a month",
            field=name,
        )
    return BadTrigger(
        f"the cron expression {expression!r} has the {name} {text!r}, which is none; it takes {_FIELDS[name]}",
        field=name,
    )


def _closest_zone(name: str) -> str:
    names = sorted(available_timezones())
    lower = {known.lower(): known for known in names}
    places: dict[str, str] = {}
    for known in names:
        places.setdefault(known.lower().rpartition("/")[2], known)
    wanted = name.strip().lower().replace(" ", "_")
    for table in (lower, places):
        close = difflib.get_close_matches(wanted, table, n=1, cutoff=0.7)
        if close:
            return f"did you mean {table[close[0]]!r}?"
    return "write one as 'Europe/Berlin' or 'UTC'"


def _walls(fields: str, after: datetime) -> Iterator[datetime]:
    """cronsim counts whole seconds; what comes strictly after a part of one comes after that second too."""
    return iter(CronSim(fields, after))


def _wall(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    return timedelta(0) if offset is None else offset


def _first_real(wall: datetime, zone: tzinfo) -> datetime:
    """The first moment at which the clock reads `wall`, or the end of the leap over it."""
    real = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(real, zone) == wall:
        return real
    change = _next_change(real - _DAY, real + _DAY, zone)
    return real if change is None else change


def _next_change(start: datetime, end: datetime, zone: tzinfo) -> datetime | None:
    """The first moment in (start, end] with another offset from UTC than the one before it."""
    if zone is UTC:
        return None
    offset, low = _offset(start, zone), start
    while low < end:
        high = min(low + _DAY, end)
        if _offset(high, zone) != offset:
            return _bisect(low, high, offset, zone)
        low = high
    return None


def _bisect(low: datetime, high: datetime, offset: timedelta, zone: tzinfo) -> datetime:
    low, high = low.replace(microsecond=0), high.replace(microsecond=0) + _SECOND  # clocks change at whole seconds
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return high
