"""Cron fields in the words of others: the same times, for random fields, or refused."""

import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import pytest

from nb2prod.errors import InvalidOption
from nb2prod.model.job import Cron
from nb2prod.scheduler import cron
from nb2prod.targets.exports.calendar import calendar_lines
from nb2prod.targets.exports.times import portable

MOMENTS = 5


def schedules(seed: int, count: int) -> Iterator[tuple[Cron, datetime]]:
    """With a moment each; in a zone without changes of the clock, which are each scheduler's own to judge."""
    draw = random.Random(seed)
    while count:
        fields = " ".join(
            [
                _field(draw, 0, 59, 0.1),
                _field(draw, 0, 23, 0.2),
                draw.choice(["L", "LW", "L,15", "1-31"]) if draw.random() < 0.2 else _field(draw, 1, 31, 0.5),
                _field(draw, 1, 12, 0.7),
                draw.choice(["5L", "1#2", "MON-FRI", "7", "0#5", "3L,1"])
                if draw.random() < 0.2
                else _field(draw, 0, 7, 0.5),
            ]
        )
        base = datetime(2026, draw.randint(1, 12), draw.randint(1, 28), draw.randint(0, 23), tzinfo=UTC)
        try:
            times = cron.parse(Cron(expression=fields, timezone=draw.choice(["UTC", "Asia/Kolkata"])))
        except cron.BadTrigger:  # the 31st of February
            continue
        count -= 1
        yield Cron(expression=times.fields, timezone=str(times.zone)), base


def _field(draw: random.Random, first: int, last: int, star: float) -> str:
    if draw.random() < star:
        return "*"
    low, high = sorted((draw.randint(first, last), draw.randint(first, last)))
    forms = [str(low), f"*/{draw.randint(2, 9)}", f"{low}-{high}", f"{low}-{high}/2", f"{low},{high}"]
    return draw.choice(forms)


def due(schedule: Cron, after: datetime) -> list[datetime]:
    return list(islice(cron.parse(schedule).after(after), MOMENTS))


def test_portable_fields_are_due_when_ours_are() -> None:
    refused = 0
    for schedule, base in schedules(1, 1000):
        fields = portable(schedule.expression)
        if fields is None:
            refused += 1
            continue
        assert re.fullmatch(r"[-0-9*/,]+( [-0-9*/,]+){3} (\*|[-0-6,/]+)", fields), fields
        # no star but a lone one between days: that is where crons differ
        assert all("*" not in part or part == "*" for part in fields.split()[2::2])
        assert due(Cron(expression=fields, timezone=schedule.timezone), base) == due(schedule, base), schedule
    assert 200 < refused < 600


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 6 * * mon-fri", "0 6 * * 1-5"),
        ("*/15 * * * *", "*/15 * * * *"),
        ("5/20 */6 1,15 jan 7", "5-59/20 */6 1,15 1 0"),
        ("0 0 1-31 * 1", "0 0 * * *"),
        ("0 0 */2 * 1", None),
        ("0 0 L * *", None),
    ],
)
def test_portable_fields_read_well(fields: str, expected: str | None) -> None:
    assert portable(fields) == expected


def test_systemd_is_due_when_we_are() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return  # the lines are compared with what is written below all the same
    refused = 0
    for schedule, base in schedules(2, 150):
        try:
            lines = calendar_lines(schedule)
        except InvalidOption:
            refused += 1
            continue
        assert elapses(analyze, lines, base) == due(schedule, base), (schedule, lines)
    assert refused < 10


def elapses(analyze: str, lines: list[str], base: datetime) -> list[datetime]:
    command = [analyze, "calendar", f"--iterations={MOMENTS}", f"--base-time={base:%Y-%m-%d %H:%M:%S} UTC", *lines]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "UTC"})
    texts = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ ([-\d]+ [:\d]+) UTC", done.stdout)
    found = {datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for text in texts}
    return sorted(found)[:MOMENTS]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 6 * * 1-5", ["Mon,Tue,Wed,Thu,Fri *-*-* 06:00:00 UTC"]),
        ("*/30 * 1 1,7 *", ["*-01,07-01 *:00,30:00 UTC"]),
        ("0 0 13 * 5", ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]),
        ("0 0 L * *", ["*-*~01 00:00:00 UTC"]),
        (
            "0 0 LW * *",
            [
                "Mon,Tue,Wed,Thu,Fri *-*~01 00:00:00 UTC",
                "Fri *-*~02 00:00:00 UTC",
                "Fri *-*~03 00:00:00 UTC",
            ],
        ),
        ("0 0 * * 5L,1#2", ["Mon *-*-08,09,10,11,12,13,14 00:00:00 UTC", "Fri *-*~07/1 00:00:00 UTC"]),
    ],
)
def test_calendar_lines(fields: str, expected: list[str]) -> None:
    assert calendar_lines(Cron(expression=fields)) == expected


def test_what_no_calendar_line_can_say_is_refused() -> None:
    with pytest.raises(InvalidOption, match="systemd cannot say"):
        calendar_lines(Cron(expression="0 0 */2 * 5L"))
