"""When cron expressions are due: tables for the days on which clocks change, and what is wrong with a bad one."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.model.job import Cron
from nb2prod.scheduler.cron import NICKNAMES, BadTrigger, describe, parse


def due(expression: str, zone: str, start: str, count: int) -> list[str]:
    """The next `count` times as the clock on the wall there shows them, day and offset included."""
    moment = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    times = islice(parse(Cron(expression=expression, timezone=zone)).after(moment), count)
    return [time.astimezone(ZoneInfo(zone)).strftime("%d %H:%M %z") for time in times]


# zone, expression, from (wall clock, first reading), what is due
CHANGES = [
    # New York: 2026-03-08 02:00 becomes 03:00
    ("America/New_York", "30 2 * * *", "2026-03-07T00:00", ["07 02:30 -0500", "08 03:00 -0400", "09 02:30 -0400"]),
    ("America/New_York", "0,30 2 * * *", "2026-03-08T00:00", ["08 03:00 -0400", "09 02:00 -0400", "09 02:30 -0400"]),
    ("America/New_York", "0 3 * * *", "2026-03-08T00:00", ["08 03:00 -0400", "09 03:00 -0400"]),
    ("America/New_York", "0 * * * *", "2026-03-08T00:30", ["08 01:00 -0500", "08 03:00 -0400", "08 04:00 -0400"]),
    ("America/New_York", "*/30 * * * *", "2026-03-08T01:10", ["08 01:30 -0500", "08 03:00 -0400", "08 03:30 -0400"]),
    # and 2026-11-01 02:00 becomes 01:00
    ("America/New_York", "30 1 * * *", "2026-10-31T02:00", ["01 01:30 -0400", "02 01:30 -0500", "03 01:30 -0500"]),
    (
        "America/New_York",
        "30 * * * *",
        "2026-11-01T00:10",
        ["01 00:30 -0400", "01 01:30 -0400", "01 01:30 -0500", "01 02:30 -0500"],
    ),
    (
        "America/New_York",
        "*/30 1 * * *",
        "2026-11-01T00:10",
        ["01 01:00 -0400", "01 01:30 -0400", "01 01:00 -0500", "01 01:30 -0500", "02 01:00 -0500"],
    ),
    # Lord Howe moves by half an hour: 2026-10-04 02:00 becomes 02:30
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00", ["03 02:15 +1030", "04 02:30 +1100", "05 02:15 +1100"]),
    ("Australia/Lord_Howe", "45 2 * * *", "2026-10-04T00:00", ["04 02:45 +1100", "05 02:45 +1100"]),
    ("Australia/Lord_Howe", "30 * * * *", "2026-10-04T01:00", ["04 01:30 +1030", "04 02:30 +1100", "04 03:30 +1100"]),
    ("Australia/Lord_Howe", "0 * * * *", "2026-10-04T00:30", ["04 01:00 +1030", "04 03:00 +1100", "04 04:00 +1100"]),
    # and 2026-04-05 02:00 becomes 01:30
    ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00", ["05 01:45 +1100", "06 01:45 +1030"]),
    (
        "Australia/Lord_Howe",
        "45 * * * *",
        "2026-04-05T00:50",
        ["05 01:45 +1100", "05 01:45 +1030", "05 02:45 +1030", "05 03:45 +1030"],
    ),
    ("Australia/Lord_Howe", "0 * * * *", "2026-04-05T00:30", ["05 01:00 +1100", "05 02:00 +1030", "05 03:00 +1030"]),
    # London: 2026-03-29 01:00 becomes 02:00
    ("Europe/London", "15 1 * * *", "2026-03-28T12:00", ["29 02:00 +0100", "30 01:15 +0100"]),
    ("Europe/London", "0 * * * *", "2026-03-28T23:30", ["29 00:00 +0000", "29 02:00 +0100", "29 03:00 +0100"]),
    # and 2026-10-25 02:00 becomes 01:00
    ("Europe/London", "15 1 * * *", "2026-10-24T12:00", ["25 01:15 +0100", "26 01:15 +0000"]),
    (
        "Europe/London",
        "0 * * * *",
        "2026-10-25T00:30",
        ["25 01:00 +0100", "25 01:00 +0000", "25 02:00 +0000", "25 03:00 +0000"],
    ),
    # the clock leaps over midnight
    ("Africa/Cairo", "0 0 * * *", "2026-04-23T12:00", ["24 01:00 +0300", "25 00:00 +0300"]),
]


@pytest.mark.parametrize(("zone", "expression", "start", "expected"), CHANGES)
def test_days_on_which_the_clock_changes(zone: str, expression: str, start: str, expected: list[str]) -> None:
    assert due(expression, zone, start, len(expected)) == expected


ZONES = ["America/New_York", "Australia/Lord_Howe", "Europe/London", "Africa/Cairo", "America/St_Johns", "UTC"]
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("expression", ["0 * * * *", "*/15 * * * *", "* 2 * * *", "* 0 * * *", "45 */2 * * *"])
def test_a_job_with_a_star_runs_at_every_real_moment_that_reads_so(zone: str, expression: str) -> None:
    """Beside a count of all minutes around each change of the clock in a year."""
    for change in changes(zone):
        start, end = change - timedelta(hours=30), change + timedelta(hours=30)
        minutes = (start + timedelta(minutes=n) for n in range(1, 60 * 60))
        expected = [minute for minute in minutes if reads(expression, minute.astimezone(ZoneInfo(zone)))]
        times = parse(Cron(expression=expression, timezone=zone)).after(start)
        assert list(takewhile(lambda time, end=end: time < end, times)) == expected  # type: ignore[misc]


def changes(zone: str) -> list[datetime]:
    clock = ZoneInfo(zone)
    hours = [YEAR + timedelta(hours=n) for n in range(365 * 24)]
    offsets = [hour.astimezone(clock).utcoffset() for hour in hours]
    return [hour for hour, old, new in zip(hours[1:], offsets, offsets[1:], strict=False) if old != new]


def reads(expression: str, clock: datetime) -> bool:
    def has(text: str, number: int) -> bool:
        return number % int(text[2:] or 1) == 0 if text.startswith("*") else number == int(text)

    minute, hour = expression.split()[:2]
    return has(minute.replace("*", "*/", 1).replace("//", "/"), clock.minute) and has(
        hour.replace("*", "*/", 1).replace("//", "/"), clock.hour
    )


EXPRESSIONS = [
    ("0 0 L 2 *", ["2026-02-28", "2027-02-28", "2028-02-29"]),
    ("0 0 LW * *", ["2026-01-30", "2026-02-27", "2026-03-31"]),
    ("0 0 * * 5L", ["2026-01-30", "2026-02-27", "2026-03-27"]),
    ("0 0 * * MON#2", ["2026-01-12", "2026-02-09", "2026-03-09"]),
    ("0 0 29 2 *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
    ("0 0 13 * 5", ["2026-01-02", "2026-01-09", "2026-01-13"]),  # the thirteenth, and each Friday
    ("0 0 * * 1", ["2026-01-05", "2026-01-12", "2026-01-19"]),
    ("0 0 1-7 * */7", ["2026-01-04", "2026-02-01", "2026-03-01"]),  # a Sunday in the first week
    ("@weekly", ["2026-01-04", "2026-01-11", "2026-01-18"]),
    ("@monthly", ["2026-02-01", "2026-03-01", "2026-04-01"]),
    ("@yearly", ["2027-01-01", "2028-01-01", "2029-01-01"]),
    ("@Daily", ["2026-01-02", "2026-01-03", "2026-01-04"]),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_calendar(expression: str, expected: list[str]) -> None:
    times = islice(parse(Cron(expression=expression)).after(YEAR), 3)
    assert [time.isoformat() for time in times] == [f"{day}T00:00:00+00:00" for day in expected]


def test_every_nickname_is_known() -> None:
    for nickname, fields in NICKNAMES.items():
        assert parse(Cron(expression=nickname)) == parse(Cron(expression=fields))


WRONG = [
    ("0 25 * * *", "UTC", "hour", "has the hour '25', which is none; it takes 0 to 23"),
    ("61 * * * *", "UTC", "minute", "has the minute '61'"),
    ("*/0 * * * *", "UTC", "minute", "has the minute '*/0'"),
    ("0 0 5-1 * *", "UTC", "day-of-month", "has the day-of-month '5-1'"),
    ("0 0 * JUM *", "UTC", "month", "takes 1 to 12, JAN to DEC"),
    ("0 0 * * MUN", "UTC", "day-of-week", "0 and 7 are Sunday"),
    ("0 0 30 2 *", "UTC", "day-of-month", "month 2 has no day 30; L is the last day of a month"),
    ("1 1 */100 * MON#4", "UTC", "day-of-month", "days that never come together"),
    ("0 6 * *", "UTC", "expression", "has 4 fields where five are needed"),
    ("0 0 6 * * *", "UTC", "expression", "has 6 fields where five are needed"),
    ("", "UTC", "expression", "has 0 fields"),
    ("@dayly", "UTC", "expression", "did you mean '@daily'?"),
    ("@x", "UTC", "expression", "write one of @hourly"),
    ("@daily", "Europe/Berln", "timezone", "there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
    ("@daily", "new york", "timezone", "did you mean 'America/New_York'?"),
    ("@daily", "../passwd", "timezone", "write one as 'Europe/Berlin' or 'UTC'"),
    ("@daily", "Europe", "timezone", "there is no time zone 'Europe'"),
]


@pytest.mark.parametrize(("expression", "zone", "field", "text"), WRONG)
def test_what_is_wrong_with_a_bad_one(expression: str, zone: str, field: str, text: str) -> None:
    with pytest.raises(BadTrigger) as refused:
        parse(Cron(expression=expression, timezone=zone))
    assert (refused.value.field, text in str(refused.value)) == (field, True), str(refused.value)


def test_in_words() -> None:
    words = {
        "0 6 * * 1-5": "at 06:00 on Monday to Friday, Europe/Berlin",
        "@daily": "at 00:00 every day, Europe/Berlin",
        "*/5 * * * *": "every fifth minute of every hour, Europe/Berlin",
        "0 0 L * *": "at 00:00 on the last day of every month, Europe/Berlin",
    }
    assert {text: describe(Cron(expression=text, timezone="Europe/Berlin")) for text in words} == words


@settings(max_examples=150, deadline=None)
@given(
    minute=st.sampled_from(["0", "*", "*/7", "1,31", "59"]),
    hour=st.sampled_from(["*", "*/5", "1", "2,3", "0-4"]),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),
)
def test_each_is_strictly_after_the_one_before(minute: str, hour: str, zone: str, start: datetime) -> None:
    moment = start.replace(tzinfo=UTC)
    cron = parse(Cron(expression=f"{minute} {hour} * * *", timezone=zone))
    times = list(islice(cron.after(moment), 20))
    assert all(later > earlier for earlier, later in zip([moment, *times], times, strict=False))
    # asked one by one, with each answer as the next question, the same come
    one_by_one = [moment]
    for _ in times:
        one_by_one.append(next(cron.after(one_by_one[-1])))
    assert one_by_one[1:] == times
