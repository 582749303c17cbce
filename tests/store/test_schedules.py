"""Schedules: what is due, going on from there, and rows that were edited by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store.given import MINUTELY, NOON, FakeClock, define, edit, minutes, scheduled

from nb2prod.model.job import (
    Cron,
    Every,
    JobSettings,
    Misfire,
    Once,
    Overlap,
    RunAfter,
    RunStatus,
    Schedule,
    Trigger,
    WhenThere,
)
from nb2prod.store import NotInStore, Occurrence, ScheduleExists, Store

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "trigger",
    [
        Cron(expression="0 6 * * 1-5", timezone="Europe/Berlin"),
        Every(seconds=90.5, anchor=NOON),
        Once(at=NOON),
        RunAfter(schedule="load", on="ended"),
        WhenThere(url="s3://in/*.csv", settle=2.0, parameter="path"),
    ],
)
def test_a_schedule_comes_back_as_it_was_added(store: Store, trigger: Trigger) -> None:
    added = store.add_schedule(
        name="nightly",
        definition_id=define(store).id,
        trigger=trigger,
        next_due=NOON,
        parameters={"region": "EU", "key": {"secret": "env:KEY"}},
        misfire=Misfire.ALL,
        overlap=Overlap.QUEUE,
        grace=5.0,
        priority=-3,
        jitter=1.5,
        start_at=NOON - MINUTE,
        end_at=NOON + MINUTE,
        paused=True,
    )
    assert (added.trigger, added.jitter, added.start_at, added.created_at) == (trigger, 1.5, NOON - MINUTE, NOON)
    assert store.schedule("nightly") == added == store.schedule_by_id(added.id)
    assert store.schedules() == [added]


def test_names_are_used_once(store: Store) -> None:
    definition = define(store)
    scheduled(store, definition, "a")
    other = scheduled(store, definition, "b")
    with pytest.raises(ScheduleExists, match="there is a schedule 'a' already"):
        scheduled(store, definition, "a")
    with pytest.raises(ScheduleExists):
        store.replace_schedule(replace(other, name="a"))


def test_a_schedule_needs_its_definition(store: Store) -> None:
    with pytest.raises(NotInStore, match="the store has no definition 7"):
        store.add_schedule(name="a", definition_id=7, trigger=MINUTELY, next_due=None)
    assert store.count_schedules() == 0


def test_replacing_tells_what_changed(store: Store, clock: FakeClock) -> None:
    before = scheduled(store, define(store))
    clock.forward(1)
    after = store.replace_schedule(replace(before, paused=True, grace=1.0))
    assert after == store.schedule("nightly") == replace(before, paused=True, grace=1.0, updated_at=clock.now)
    last = store.events()[-1]
    assert (last.kind, last.schedule_id) == ("schedule.paused", before.id)
    assert last.data == {"name": "nightly", "changed": ["grace", "paused"]}


def test_removing_keeps_the_history(store: Store) -> None:
    schedule = scheduled(store, define(store))
    store.mark_watched(schedule.id, {"a.csv": "1:2"})
    run = store.advance(schedule, minutes(1), None)[0]
    store.remove_schedule("nightly")
    with pytest.raises(NotInStore, match="the store has no schedule 'nightly'"):
        store.schedule("nightly")
    assert store.run(run.id).schedule_id == schedule.id
    assert scheduled(store, define(store)).id != schedule.id  # so no other's history becomes its own


def test_pages_by_name_and_search(store: Store) -> None:
    definition = define(store)
    for name in ("b_2", "a", "B_1", "c%"):
        scheduled(store, definition, name)
    first = store.schedules(limit=2)
    rest = store.schedules(limit=9, after=first[-1].name)
    assert sorted(each.name for each in [*first, *rest]) == ["B_1", "a", "b_2", "c%"]
    assert sorted(each.name for each in store.schedules(search="b_")) == ["B_1", "b_2"]
    assert [each.name for each in store.schedules(search="%")] == ["c%"]
    assert (store.count_schedules(), store.count_schedules("B")) == (4, 2)


def test_due_are_those_whose_time_has_come(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    late = scheduled(store, definition, "late")
    soon = replace(scheduled(store, definition, "soon"), next_due=NOON + MINUTE)
    store.replace_schedule(soon)
    store.replace_schedule(replace(scheduled(store, definition, "paused"), paused=True))
    store.replace_schedule(replace(scheduled(store, definition, "never"), next_due=None))
    store.disable_schedule(scheduled(store, definition, "broken").id, "no such zone")
    assert [each.name for each in store.due()] == ["late"]
    clock.forward(60)
    assert [each.name for each in store.due()] == ["late", "soon"]
    assert [each.name for each in store.due(limit=1)] == ["late"]
    store.advance(late, [], None)
    assert store.next_due_at() == NOON + MINUTE
    store.advance(soon, [], None)
    assert store.next_due_at() is None


def test_advancing_makes_runs_and_goes_on_in_one_step(store: Store) -> None:
    schedule = scheduled(
        store, define(store, settings=JobSettings(pool="gpu")), parameters={"region": "EU"}, priority=4
    )
    skipped = Occurrence(due_at=NOON, status=RunStatus.SKIPPED, reason="misfire")
    queued = Occurrence(due_at=NOON + MINUTE, not_before=NOON + 2 * MINUTE)
    runs = store.advance(schedule, [skipped, queued], NOON + 2 * MINUTE)
    assert [(run.due_at, run.status, run.reason) for run in runs] == [
        (NOON, RunStatus.SKIPPED, "misfire"),
        (NOON + MINUTE, RunStatus.QUEUED, "schedule"),
    ]
    assert (runs[1].pool, runs[1].priority, runs[1].parameters) == ("gpu", 4, {"region": "EU"})
    assert (runs[1].not_before, runs[0].finished_at) == (NOON + 2 * MINUTE, NOON)
    assert store.schedule("nightly").next_due == NOON + 2 * MINUTE
    assert [event.kind for event in store.events()] == ["schedule.added", "run.skipped", "run.queued"]
    assert store.active_runs_of(schedule.id) == [runs[1]]


def test_who_comes_second_makes_nothing(store: Store) -> None:
    schedule = scheduled(store, define(store))
    assert len(store.advance(schedule, minutes(2), NOON + MINUTE)) == 2
    assert store.advance(schedule, minutes(2), NOON + 5 * MINUTE) == []
    assert store.schedule("nightly").next_due == NOON + MINUTE
    assert len(store.runs()) == 2


def test_an_occurrence_has_one_run_even_when_time_is_set_back(store: Store) -> None:
    schedule = scheduled(store, define(store))
    store.advance(schedule, minutes(3), None)
    back = store.replace_schedule(replace(schedule, next_due=NOON))
    assert [run.due_at for run in store.advance(back, minutes(4), None)] == [NOON + 3 * MINUTE]
    assert len(store.runs()) == 4


@pytest.mark.parametrize("change", [{"paused": True}, {"disabled": "no"}])
def test_who_was_paused_meanwhile_does_not_go_on(store: Store, change: dict[str, object]) -> None:
    schedule = scheduled(store, define(store))
    store.replace_schedule(replace(schedule, **change))  # type: ignore[arg-type]
    assert store.advance(schedule, minutes(1), None) == []
    assert store.runs() == []


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("trigger", "{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("trigger", "[]", "[] is not a mapping"),
        (
            "trigger",
            '{"kind":"moon"}',
            "no trigger is of the kind 'moon'; the kinds are cron, every, once, after, when",
        ),
        ("trigger", '{"kind":"cron","expression":5}', "expression cannot be 5"),
        ("trigger", '{"kind":"once","at":"soon"}', "Invalid isoformat string: 'soon'"),
        ("trigger", '{"kind":"every","seconds":true,"anchor":"2026-01-01"}', "seconds cannot be True"),
        ("parameters", "null", "None is not a mapping"),
        ("overlap", "perhaps", "'perhaps' is not a valid Overlap"),
        ("end_at", 9 * 10**18, "date value out of range"),
    ],
)
def test_a_broken_row_disables_itself_alone(store: Store, column: str, value: object, reason: str) -> None:
    definition = define(store, settings=JobSettings(notify=("ops",)))
    broken, sound = (scheduled(store, definition, name) for name in ("broken", "sound"))
    edit(store, f'UPDATE schedule SET "{column}" = :value WHERE id = :id', value=value, id=broken.id)
    told = f"the row of schedule 'broken' cannot be read: {reason}"
    assert store.due() == [sound]
    assert store.schedule("broken").disabled == told
    last = store.events()[-1]
    assert (last.kind, last.schedule_id, last.data) == ("schedule.disabled", broken.id, {"reason": told})
    note = store.pending_notifications()[0]
    assert (note.kind, note.channel) == ("schedule.disabled", "ops")
    assert note.data == {"schedule_id": broken.id, "reason": told}
    assert store.due() == [sound]  # and says so once
    assert store.events()[-1] == last


def test_a_broken_row_is_listed_and_can_be_mended(store: Store) -> None:
    schedule = scheduled(store, define(store))
    edit(store, "UPDATE schedule SET \"trigger\" = 'gone'")
    shown = store.schedules()[0]
    assert (shown.name, shown.trigger, shown.id) == ("nightly", Cron(expression="gone"), schedule.id)
    assert shown.disabled.startswith("the row of schedule 'nightly' cannot be read")
    store.replace_schedule(schedule)
    assert [each.name for each in store.due()] == ["nightly"]


def test_a_text_for_a_time_is_seen_in_sqlite(sqlite_url: str, clock: FakeClock) -> None:
    from nb2prod.store import open_store

    with open_store(sqlite_url, now=clock) as store:
        scheduled(store, define(store), "broken")
        edit(store, "UPDATE schedule SET next_due = 'tomorrow'")
        assert store.next_due_at() is not None
        assert store.due() == []
        assert "'tomorrow' is not a time in microseconds" in store.schedule("broken").disabled
        assert store.next_due_at() is None


def test_files_that_were_seen(store: Store) -> None:
    schedule: Schedule = scheduled(store, define(store))
    store.mark_watched(schedule.id, {"a.csv": "1", "b.csv": "2"})
    store.mark_watched(schedule.id, {"a.csv": "3"})
    store.forget_watched(schedule.id, ["b.csv", "c.csv"])
    assert store.watched(schedule.id) == {"a.csv": "3"}
    with pytest.raises(NotInStore):
        store.mark_watched(99, {"a.csv": "3"})
