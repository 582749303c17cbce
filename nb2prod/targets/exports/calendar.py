"""Cron fields as OnCalendar= lines of systemd.

    DAYS-OF-WEEK YEAR-MONTH-DAY HOUR:MINUTE:SECOND ZONE        several lines: at the times of any of them

A `~` in the place of the last `-` counts a month's days from its end: `*-*~01` is the last one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cronsim import CronSim

from nb2prod.errors import InvalidOption
from nb2prod.model.job import Cron
from nb2prod.targets.exports.times import Moments, moments_of

__all__ = ["calendar_lines"]

_NAMES = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_WEEK = frozenset(range(7))
_WORKDAYS = frozenset(range(1, 6))
_FRIDAY = frozenset({5})
_MONTH = frozenset(range(1, 32))


@dataclass(frozen=True)
class _Days:
    """Days of a month that are one of `week`, and one of `month` or, where it is given, `end`."""

    week: frozenset[int] = _WEEK
    month: frozenset[int] = _MONTH
    end: str = ""

    def __str__(self) -> str:
        return self.end or f"-{_numbers(self.month, _MONTH)}"


def calendar_lines(schedule: Cron) -> list[str]:
    """Raises InvalidOption for the few that no line can say."""
    found = moments_of(schedule.expression)
    try:
        days = list(_both(found)) if found.both else [*_by_month(found), *_by_week(found)]
    except ValueError:
        raise InvalidOption(
            "--schedule",
            f"systemd cannot say {schedule.expression!r}: a day of the month together with the last one of a weekday",
        ) from None
    clock = f"{_numbers(found.hours, range(24))}:{_numbers(found.minutes, range(60))}:00"
    months = _numbers(found.months, range(1, 13))
    lines = (f"{_names(each.week)}*-{months}{each} {clock} {schedule.timezone}" for each in days)
    return list(dict.fromkeys(lines))


def _both(found: Moments) -> Iterator[_Days]:
    for one in _by_month(found):
        for other in _by_week(found):
            joined = _joined(one, other)
            if joined.week and joined.month:
                yield joined


def _joined(one: _Days, other: _Days) -> _Days:
    ends = {each.end for each in (one, other) if each.end}
    month = one.month & other.month
    if len(ends) > 1 or (ends and month != _MONTH):
        raise ValueError("they cannot be said together")
    return _Days(one.week & other.week, month, "".join(ends))


def _by_month(found: Moments) -> Iterator[_Days]:
    if found.month_days:
        yield _Days(month=found.month_days)
    if found.last:
        yield _Days(end="~01")
    if found.last_weekday:
        yield from (_Days(_WORKDAYS, end="~01"), _Days(_FRIDAY, end="~02"), _Days(_FRIDAY, end="~03"))


def _by_week(found: Moments) -> Iterator[_Days]:
    if found.week_days:
        yield _Days(found.week_days)
    for day, which in sorted(found.nth):
        if which == CronSim.LAST:
            yield _Days(frozenset({day}), end="~07/1")
        else:
            yield _Days(frozenset({day}), frozenset(range(7 * which - 6, 7 * which + 1)) & _MONTH)


def _names(days: frozenset[int]) -> str:
    return "" if days == _WEEK else f"{','.join(_NAMES[day] for day in sorted(days))} "


def _numbers(values: Iterable[int], all_of_them: Iterable[int]) -> str:
    known = sorted(values)
    return "*" if known == sorted(all_of_them) else ",".join(f"{value:02d}" for value in known)
