"""Schedules: checked whole before anything is stored, changed, paused and chained."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jobs_given import ROWS, Clock, notebook

from nb2prod.api.readings import duration, read_trigger
from nb2prod.api.schedules import history, next_times, pause, remove, resume, run_now, update_schedule
from nb2prod.api.scheduling import schedule_path, update_path
from nb2prod.errors import InvalidOption, Nb2ProdError, ParameterRefused
from nb2prod.model.job import Cron, Every, JobSettings, Once, RunAfter, RunStatus, Trigger, WhenThere
from nb2prod.scheduler.cron import BadTrigger
from nb2prod.store import NotInStore, ScheduleExists, Store, open_store

DAILY = Cron(expression="0 6 * * *", timezone="Europe/Berlin")
CLOCK = Clock()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, now=CLOCK) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return notebook(tmp_path / "in" / "a.ipynb")


def test_a_schedule_with_its_first_time(store: Store, path: Path) -> None:
    made = schedule_path(store, path, trigger=DAILY, parameters={"n": "7"}, priority=2)
    assert (made.name, made.trigger, made.parameters, made.priority) == ("a", DAILY, {"n": 7}, 2)
    assert made.next_due == at("2026-11-26T05:00")
    assert next_times(store, "a", 2) == [at("2026-11-26T05:00"), at("2026-11-27T05:00")]


@pytest.mark.parametrize(
    ("trigger", "more", "kind", "said"),
    [
        (Cron(expression="61 * * * *"), {}, BadTrigger, "minute"),
        (Cron(expression="0 6 * * *", timezone="Berlin"), {}, BadTrigger, "did you mean 'Europe/Berlin'?"),
        (Every(seconds=0, anchor=CLOCK.time), {}, BadTrigger, "0 seconds"),
        (Once(at=at("2026-11-25T11:59")), {}, InvalidOption, "is past"),
        (RunAfter(schedule="gone"), {}, BadTrigger, "no such schedule"),
        (RunAfter(schedule="a"), {}, BadTrigger, "after itself"),
        (WhenThere(url="in/*.csv", parameter="fil"), {}, ParameterRefused, "there is no parameter 'fil'"),
        (DAILY, {"end_at": at("2026-11-25T13:00")}, InvalidOption, "never becomes due"),
        (DAILY, {"end_at": CLOCK.time, "start_at": CLOCK.time}, InvalidOption, "is not after the start"),
        (DAILY, {"grace": -1}, InvalidOption, "--grace"),
        (DAILY, {"jitter": float("nan")}, InvalidOption, "--jitter"),
        (DAILY, {"parameters": {"m": 1, "n": "x"}}, ParameterRefused, "there is no parameter 'm'"),
        (DAILY, {"name": "a b"}, Nb2ProdError, "cannot be used as a name"),
        (DAILY, {"settings": JobSettings(notify=("team",))}, InvalidOption, "no channel"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_stored(
    trigger: Trigger, more: dict[str, object], kind: type[Exception], said: str, store: Store, path: Path
) -> None:
    with pytest.raises(kind) as refused:
        schedule_path(store, path, trigger=trigger, **more)  # type: ignore[arg-type]
    assert said in str(refused.value)
    assert (store.definitions(), store.schedules()) == ([], [])


def test_a_name_is_used_once(store: Store, path: Path) -> None:
    schedule_path(store, path, trigger=DAILY)
    notebook(path, *ROWS, ("1", ""))
    with pytest.raises(ScheduleExists):
        schedule_path(store, path, trigger=DAILY)
    assert len(store.definitions()) == 1


def test_an_update_changes_what_is_given(store: Store, path: Path) -> None:
    first = schedule_path(store, path, trigger=DAILY, parameters={"n": 1}, priority=1)
    later = update_path(store, "a", trigger=replace(DAILY, expression="0 7 * * *"))
    assert (later.next_due, later.priority, later.parameters) == (at("2026-11-26T06:00"), 1, {"n": 1})
    assert later.definition_id == first.definition_id
    given = update_path(store, "a", parameters={"region": "US"}, priority=0)
    assert (given.parameters, given.priority, given.next_due) == ({"region": "US"}, 0, later.next_due)
    assert given.definition_id == first.definition_id
    slow = update_path(store, "a", settings=JobSettings(pool="slow"))
    assert store.definition(slow.definition_id).version == 2


def test_a_new_notebook_must_take_the_parameters_that_are_kept(store: Store, path: Path) -> None:
    schedule_path(store, path, trigger=DAILY, parameters={"n": 1})
    notebook(path, ("rows = 1", "parameters"))
    with pytest.raises(ParameterRefused, match="there is no parameter 'n'"):
        update_path(store, "a", path)
    assert len(store.definitions()) == 1
    updated = update_path(store, "a", path, parameters={"rows": 2})
    assert (store.definition(updated.definition_id).version, updated.parameters) == (2, {"rows": 2})


def test_paused_and_resumed_from_then_on(store: Store, path: Path) -> None:
    schedule_path(store, path, trigger=Every(seconds=60, anchor=CLOCK.time))
    assert pause(store, "a").paused
    CLOCK.time += timedelta(minutes=10, seconds=30)
    try:
        again = resume(store, "a")
        assert (again.paused, again.next_due) == (False, at("2026-11-25T12:11"))
    finally:
        CLOCK.time -= timedelta(minutes=10, seconds=30)


def test_one_that_others_wait_for_stays(store: Store, path: Path) -> None:
    schedule_path(store, path, trigger=DAILY)
    schedule_path(store, path, name="b", trigger=RunAfter(schedule="a"))
    with pytest.raises(InvalidOption, match="b runs after it"):
        remove(store, "a")
    with pytest.raises(BadTrigger, match="a after b after a"):
        update_schedule(store, "a", trigger=RunAfter(schedule="b"))
    remove(store, "b")
    remove(store, "a")
    with pytest.raises(NotInStore):
        remove(store, "a")


def test_run_now_and_history(store: Store, path: Path) -> None:
    schedule_path(store, path, trigger=DAILY, parameters={"n": 2}, priority=3, settings=JobSettings(pool="slow"))
    run = run_now(store, "a", by="ann@here")
    assert (run.status, run.parameters, run.priority, run.pool, run.cause, run.due_at) == (
        RunStatus.QUEUED,
        {"n": 2},
        3,
        "slow",
        "ann@here",
        None,
    )
    assert history(store, "a") == [run]
    with pytest.raises(NotInStore, match="did you mean 'a'"):
        history(store, "aa")


def test_secrets_stay_references(store: Store, path: Path) -> None:
    made = schedule_path(store, path, trigger=DAILY, parameters={"region": "secret:env:REGION"})
    assert made.parameters == {"region": {"secret": "env:REGION"}}
    assert update_schedule(store, "a", priority=1).parameters == made.parameters


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (DAILY, "at 06:00 every day, Europe/Berlin"),
        (Cron(expression="@hourly"), "at the start of every hour, UTC"),
        (Every(seconds=900, anchor=CLOCK.time), "every 15 minutes, counted from 2026-11-25 12:00:00 UTC"),
        (Every(seconds=3600, anchor=CLOCK.time), "every hour, counted from 2026-11-25 12:00:00 UTC"),
        (Every(seconds=90000, anchor=CLOCK.time), "every 1 day 1 hour, counted from 2026-11-25 12:00:00 UTC"),
        (Once(at=CLOCK.time), "once, at 2026-11-25 12:00:00 UTC"),
        (RunAfter(schedule="load", on="ended"), "after each run of load that has ended"),
        (WhenThere(url="s3://in/*.csv"), "when a file appears or changes at s3://in/*.csv"),
    ],
)
def test_in_words(trigger: Trigger, words: str) -> None:
    assert read_trigger(trigger) == words


def test_durations_in_words() -> None:
    assert [duration(s) for s in (0, 1, 0.5, 61, 86400 * 2)] == [
        "0 seconds",
        "1 second",
        "0.5 seconds",
        "1 minute 1 second",
        "2 days",
    ]
