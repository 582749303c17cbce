"""What becomes of each due occurrence: misfire, overlap, jitter, dates and downtimes."""

import random
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.model.job import (
    Cron,
    Every,
    Misfire,
    Once,
    Overlap,
    RunAfter,
    RunStatus,
    Schedule,
    Trigger,
    WhenThere,
)
from nb2prod.scheduler.chains import check_chain, follows
from nb2prod.scheduler.cron import BadTrigger
from nb2prod.scheduler.occurrences import CAP, Passed, Plan, check_trigger, first_due, next_times, plan

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MINUTELY = Cron(expression="* * * * *")


def schedule(trigger: Trigger = MINUTELY, **policies: object) -> Schedule:
    given = {"next_due": NOON, "misfire": Misfire.LATEST, "overlap": Overlap.ALLOW, **policies}
    return Schedule(id=1, name="s", definition_id=1, trigger=trigger, created_at=NOON, updated_at=NOON, **given)  # type: ignore[arg-type]


def told(decided: Plan) -> list[str]:
    """As "12:01 schedule" for one that runs and "12:00 (misfire)" for one that does not."""
    return [
        f"{item.due_at:%H:%M} {item.reason if item.status is RunStatus.QUEUED else f'({item.reason})'}"
        for item in decided.occurrences
    ]


DOWN_130 = NOON + timedelta(seconds=130)  # a minutely job: 12:00, 12:01 and 12:02 are due


@pytest.mark.parametrize(
    ("misfire", "grace", "expected"),
    [
        ("skip", 60.0, ["12:00 (misfire)", "12:01 (misfire)", "12:02 schedule"]),
        ("latest", 60.0, ["12:00 (misfire)", "12:01 (misfire)", "12:02 schedule"]),
        ("all", 60.0, ["12:00 schedule", "12:01 schedule", "12:02 schedule"]),
        ("skip", 5.0, ["12:00 (misfire)", "12:01 (misfire)", "12:02 (misfire)"]),
        ("latest", 5.0, ["12:00 (misfire)", "12:01 (misfire)", "12:02 schedule"]),
        ("all", 5.0, ["12:00 schedule", "12:01 schedule", "12:02 schedule"]),
        ("latest", 90.0, ["12:00 (misfire)", "12:01 schedule", "12:02 schedule"]),  # two are on time
    ],
)
def test_misfires_of_130_seconds(misfire: str, grace: float, expected: list[str]) -> None:
    decided = plan(schedule(misfire=Misfire(misfire), grace=grace), DOWN_130, 0)
    assert (told(decided), decided.next_due) == (expected, NOON + 3 * MINUTE)


@pytest.mark.parametrize(
    ("overlap", "misfire", "active", "expected"),
    [
        ("allow", "latest", 5, ["12:00 (misfire)", "12:01 (misfire)", "12:02 schedule"]),
        ("queue", "latest", 5, ["12:00 (misfire)", "12:01 (misfire)", "12:02 schedule"]),
        ("skip", "latest", 0, ["12:00 (misfire)", "12:01 (misfire)", "12:02 schedule"]),
        ("skip", "latest", 1, ["12:00 (misfire)", "12:01 (misfire)", "12:02 (overlap)"]),
        ("skip", "all", 0, ["12:00 schedule", "12:01 schedule", "12:02 schedule"]),  # it catches up, one by one
        ("replace", "latest", 1, ["12:00 (misfire)", "12:01 (misfire)", "12:02 schedule"]),
        ("replace", "all", 1, ["12:00 (overlap)", "12:01 (overlap)", "12:02 schedule"]),
    ],
)
def test_overlap(overlap: str, misfire: str, active: int, expected: list[str]) -> None:
    decided = plan(schedule(overlap=Overlap(overlap), misfire=Misfire(misfire)), DOWN_130, active)
    assert (told(decided), decided.replaces) == (expected, overlap == "replace")


def test_of_two_on_time_the_second_waits_for_nobody() -> None:
    quick = schedule(Every(seconds=1, anchor=NOON), overlap=Overlap.SKIP)
    decided = plan(quick, NOON + timedelta(seconds=1), 0)
    assert [(item.status.value, item.reason) for item in decided.occurrences] == [
        ("queued", "schedule"),
        ("skipped", "overlap"),
    ]


def test_nothing_is_replaced_when_nothing_runs() -> None:
    late = schedule(overlap=Overlap.REPLACE, misfire=Misfire.SKIP, grace=1.0)
    assert plan(late, NOON + timedelta(seconds=30), 1).replaces is False
    assert plan(late, NOON, 1).replaces is True


def test_what_is_not_due_stays() -> None:
    assert plan(schedule(), NOON - MINUTE, 0) == Plan(next_due=NOON)
    assert plan(schedule(next_due=None), NOON, 0) == Plan()


def test_dates() -> None:
    ends = schedule(misfire=Misfire.ALL, end_at=NOON + 2 * MINUTE)
    decided = plan(ends, NOON + timedelta(hours=1), 0)
    assert (told(decided), decided.next_due) == (["12:00 schedule", "12:01 schedule"], None)
    assert plan(replace(ends, next_due=NOON + 2 * MINUTE), NOON + timedelta(hours=1), 0) == Plan()
    starts = schedule(misfire=Misfire.ALL, start_at=NOON + 2 * MINUTE)
    assert told(plan(starts, NOON + 2 * MINUTE, 0)) == ["12:02 schedule"]
    assert first_due(MINUTELY, NOON, start_at=NOON + timedelta(seconds=90)) == NOON + 2 * MINUTE
    assert first_due(MINUTELY, NOON, end_at=NOON) is None


def test_first_due() -> None:
    assert first_due(MINUTELY, NOON) == NOON
    assert first_due(Once(at=NOON), NOON) == NOON
    assert first_due(Once(at=NOON), NOON + MINUTE) is None
    assert first_due(RunAfter(schedule="s"), NOON) is None
    assert first_due(WhenThere(url="x"), NOON) is None
    assert first_due(Every(seconds=90, anchor=NOON), NOON + MINUTE) == NOON + timedelta(seconds=90)
    assert first_due(Every(seconds=90, anchor=NOON + MINUTE), NOON) == NOON + MINUTE
    assert next_times(Once(at=NOON), NOON, 3) == [NOON]
    assert next_times(Every(seconds=0.2, anchor=NOON), NOON, 3) == [
        NOON,
        NOON + timedelta(seconds=0.2),
        NOON + timedelta(seconds=0.4),
    ]


def test_jitter_is_chosen_by_id_and_due_time() -> None:
    shaken = schedule(jitter=30.0, misfire=Misfire.ALL)
    first, second = plan(shaken, NOON + MINUTE, 0), plan(replace(shaken, next_due=NOON + MINUTE), NOON + 2 * MINUTE, 0)
    assert first.occurrences[1] == second.occurrences[0]
    waits = [
        item.not_before - item.due_at for item in plan(shaken, NOON + 99 * MINUTE, 0).occurrences if item.not_before
    ]
    assert (len(set(waits)), min(waits) >= timedelta(0), max(waits) < timedelta(seconds=30)) == (100, True, True)
    assert 10 < sum((wait.total_seconds() for wait in waits), 0.0) / 100 < 20


def test_a_weekend_of_a_minutely_job_is_exact() -> None:
    decided = plan(schedule(), NOON + timedelta(hours=60), 0)
    assert Counter(item.status.value for item in decided.occurrences) == {"skipped": 3599, "queued": 2}
    assert decided.passed is None


@pytest.mark.parametrize(
    ("trigger", "count"),
    [(MINUTELY, None), (Every(seconds=0.5, anchor=NOON), 126_144_000), (Cron(expression="* * * 1 *"), None)],
)
def test_of_two_years_the_latest_are_planned_and_the_rest_summed_up(trigger: Trigger, count: int | None) -> None:
    long = schedule(trigger, misfire=Misfire.LATEST, next_due=first_due(trigger, NOON), grace=0.0)
    now = NOON + timedelta(days=730)
    decided = plan(long, now, 0)
    planned = len(decided.occurrences)
    assert 500 <= planned <= CAP
    assert [item.status.value for item in decided.occurrences][-2:] == ["skipped", "queued"]
    assert decided.passed is not None
    assert (decided.passed.first, decided.passed.until) == (long.next_due, decided.occurrences[0].due_at)
    assert decided.passed.count == (count and count - planned + 1)


def test_passed_is_told_by_a_small_cap() -> None:
    decided = plan(schedule(), NOON + 20 * MINUTE, 0, cap=5)
    first = decided.occurrences[0].due_at
    assert decided.passed == Passed(first=NOON, until=first, count=None)
    assert decided.occurrences[-1].due_at == NOON + 20 * MINUTE


TRIGGERS: st.SearchStrategy[Trigger] = st.one_of(
    st.builds(
        Cron,
        expression=st.sampled_from(["* * * * *", "*/7 * * * *", "30 2 * * *", "@hourly", "0 6 * * 1-5"]),
        timezone=st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Europe/London"]),
    ),
    st.builds(Every, seconds=st.sampled_from([60.0, 90.5, 3600.0, 86400.0]), anchor=st.just(NOON)),
)


@settings(max_examples=60, deadline=None)
@given(
    trigger=TRIGGERS,
    misfire=st.sampled_from(Misfire),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    seed=st.integers(0, 10_000),
)
def test_no_occurrence_is_lost_or_doubled_whenever_it_is_looked_at(
    trigger: Trigger, misfire: Misfire, start: datetime, seed: int
) -> None:
    begin = start.replace(tzinfo=UTC)
    end = begin + timedelta(days=2)
    due = first_due(trigger, begin)
    one = plan(schedule(trigger, next_due=due), end, 0)
    looked: list[datetime] = []
    current, now, chance = schedule(trigger, misfire=misfire, next_due=due), begin, random.Random(seed)
    while now < end:
        now = min(end, now + timedelta(seconds=chance.expovariate(1 / 7200)))
        decided = plan(current, now, 0)
        looked += [item.due_at for item in decided.occurrences]
        current = replace(current, next_due=decided.next_due)
    assert looked == [item.due_at for item in one.occurrences]
    assert current.next_due == one.next_due


WRONG: list[tuple[Trigger, str]] = [
    (Cron(expression="0 6 * *"), "five are needed"),
    (Every(seconds=0, anchor=NOON), "cannot run every 0 seconds"),
    (Every(seconds=float("nan"), anchor=NOON), "cannot run every nan seconds"),
    (Every(seconds=60, anchor=datetime(2026, 1, 1)), "says no time zone; add one, as 2026-01-01T00:00:00+00:00"),
    (Once(at=datetime(2026, 1, 1)), "says no time zone"),
    (RunAfter(schedule=""), "must name it"),
    (RunAfter(schedule="a", on="done"), "completed, failed or ended, not 'done'"),
    (WhenThere(url=" "), "must say its path or URL"),
    (WhenThere(url="x", settle=-1), "write 0 or more"),
    (WhenThere(url="x", parameter="a b"), "cannot be the name of a parameter"),
]


@pytest.mark.parametrize(("trigger", "text"), WRONG)
def test_triggers_that_can_never_be_followed(trigger: Trigger, text: str) -> None:
    with pytest.raises(BadTrigger, match=re.escape(text)):
        check_trigger(trigger)


def test_sound_triggers_pass() -> None:
    for trigger in (MINUTELY, Every(seconds=1, anchor=NOON), Once(at=NOON), RunAfter(schedule="a"), WhenThere(url="x")):
        check_trigger(trigger)


def test_a_schedule_never_runs_after_itself() -> None:
    known: dict[str, Trigger] = {"a": MINUTELY, "b": RunAfter(schedule="a"), "c": RunAfter(schedule="b")}
    check_chain("d", RunAfter(schedule="c"), known)
    with pytest.raises(BadTrigger, match="'a' would run after itself: a after c after b after a"):
        check_chain("a", RunAfter(schedule="c"), known)
    with pytest.raises(BadTrigger, match="'x' would run after itself: x after x"):
        check_chain("x", RunAfter(schedule="x"), known)
    with pytest.raises(BadTrigger, match="'d' cannot run after 'cc': there is no such schedule; did you mean 'c'"):
        check_chain("d", RunAfter(schedule="cc"), known)


def test_what_follows_what() -> None:
    ends = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED)
    assert {
        on: [end.value for end in ends if follows(RunAfter(schedule="a", on=on), end)]
        for on in ("completed", "failed", "ended")
    } == {
        "completed": ["completed"],
        "failed": ["failed"],
        "ended": ["completed", "failed", "cancelled"],
    }
