"""Five cron fields as sets, and as a text that every cron reads alike.

Crons know less than ours (L and #), or mean another thing by the same text: whether the day of the month and that of
the week must both hold, or one of them, hangs on a star that some look for anywhere and some only when it stands alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from nb2prod.model.job import Cron
from nb2prod.targets.exports.base import Note

__all__ = ["Moments", "clock_notes", "moments_of", "portable"]

_ANY_DAY = datetime(2024, 1, 1)
_WEEK = frozenset(range(7))
_MONTH = frozenset(range(1, 32))
_CLOCK_CHANGES = frozenset(range(4))  # where clocks change, they do in these hours


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Sunday is 0. `last` is the month's last day, `last_weekday` its last Monday to Friday; `nth` are (day of the
    week, which one of the month), where CronSim.LAST is the last. `both`: the day must suit both, else one."""

    minutes: frozenset[int]
    hours: frozenset[int]
    month_days: frozenset[int]
    last: bool
    last_weekday: bool
    months: frozenset[int]
    week_days: frozenset[int]
    nth: frozenset[tuple[int, int]]
    both: bool

    @property
    def any_month_day(self) -> bool:
        return self.month_days == _MONTH

    @property
    def any_week_day(self) -> bool:
        return self.week_days == _WEEK


def moments_of(fields: str) -> Moments:
    """Of five fields that cronsim has accepted."""
    known = CronSim(fields, _ANY_DAY)
    days, week = set(known.days), set(known.weekdays)
    return Moments(
        minutes=frozenset(known.minutes),
        hours=frozenset(known.hours),
        month_days=frozenset(day for day in days if day > 0),
        last=CronSim.LAST in days,
        last_weekday=CronSim.LAST_WEEKDAY in days,
        months=frozenset(known.months),
        week_days=frozenset(day % 7 for day in week if isinstance(day, int)),
        nth=frozenset((day[0] % 7, day[1]) for day in week if isinstance(day, tuple)),
        both=known.day_and,
    )


def portable(fields: str) -> str | None:
    """Five fields of digits, `,`, `-` and lone stars that every cron understands as ours does, or None."""
    found = moments_of(fields)
    if found.last or found.last_weekday or found.nth:
        return None
    month_days, week_days = _field(found.month_days, 1, 31), _field(found.week_days, 0, 6)
    if "*" in (month_days, week_days) and not found.both:
        month_days = week_days = "*"  # one that always holds is enough
    elif found.both and "*" not in (month_days, week_days):
        return None
    starred = [text.startswith("*") for text in fields.split()]  # crons treat a leap of the clock by it
    minutes, hours = _field(found.minutes, 0, 59, starred[0]), _field(found.hours, 0, 23, starred[1])
    return " ".join([minutes, hours, month_days, _field(found.months, 1, 12), week_days])


def clock_notes(schedule: Cron, why: str) -> tuple[Note, ...]:
    """Of times that a change of the clock may leap over or show twice; `why` is what the scheduler does then."""
    zone = ZoneInfo(schedule.timezone)
    year = [datetime(2025, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)]
    if len(set(year)) == 1 or not moments_of(schedule.expression).hours & _CLOCK_CHANGES:
        return ()
    return (
        Note(
            what=f"the nights in which the clocks of {schedule.timezone} change",
            why=why,
            do="choose an hour after 4, or --tz UTC, where that matters",
        ),
    )


def _field(values: Iterable[int], first: int, last: int, starred: bool = False) -> str:
    """As a star, as ranges with or without steps, or as a list."""
    known = sorted(values)
    if known == list(range(first, last + 1)):
        return "*"
    step = known[1] - known[0] if len(known) > 2 else 1
    if step > 1 and known == list(range(known[0], last + 1, step)):
        return f"*/{step}" if starred and known[0] == first else f"{known[0]}-{last}/{step}"
    return ",".join(_ranges(known))


def _ranges(known: list[int]) -> Iterable[str]:
    start = 0
    for place in range(1, len(known) + 1):
        if place < len(known) and known[place] == known[place - 1] + 1:
            continue
        run = known[start:place]
        yield from [f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run)
        start = place
