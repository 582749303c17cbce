"""Taking messages from the outbox, looking for what is late or long, and counting what there is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from store.given import BROKEN, NOON, FakeClock, define, minutes, scheduled, started, submitted

from nb2prod.model.job import AttemptStatus, JobSettings, RunStatus
from nb2prod.store import Delivery, Occurrence, Store
from nb2prod.store.posting import Sent, Waiting

NOTIFY = JobSettings(notify=("ops",))
KINDS = ("run.failed", "run.recovered", "schedule.disabled", "run.skipped", "run.late")


def failed(store: Store, count: int) -> list[str]:
    definition = define(store, settings=NOTIFY)
    ids = []
    for _ in range(count):
        run = started(store, definition)
        store.finish(run.id, run.attempt, RunStatus.FAILED, BROKEN)
        ids.append(run.id)
    return ids


def test_a_message_tells_what_was_chosen_and_is_nobody_elses_for_a_while(store: Store, clock: FakeClock) -> None:
    ids = failed(store, 3)
    assert store.waiting_channels() == ["ops"]
    seen: list[tuple[list[str], int]] = []

    def first_two(waiting: Sequence[Waiting], sent: Sent) -> list[int]:
        seen.append(([one.about for one in waiting], sent.count))
        return [one.id for one in waiting[:2]]

    taken = store.take_message("ops", KINDS, first_two, hold=60)
    assert [note.run_id for note in taken] == ids[:2]
    assert seen == [(["definition churn"] * 3, 0)]
    assert [note.status for note in store.notifications()] == [Delivery.PENDING, Delivery.FOLDED, Delivery.PENDING]
    (alone,) = store.take_message("ops", KINDS, first_two, hold=60)
    assert (alone.run_id, alone.attempts) == (ids[2], 1)
    assert seen[-1] == (["definition churn"], 1)
    assert store.take_message("ops", KINDS, first_two, hold=60) == []
    clock.forward(61)  # whoever had it died: all of it is taken again
    again = store.take_message("ops", KINDS, lambda waiting, _: [waiting[0].id], hold=60)
    assert [note.run_id for note in again] == ids[:2]
    store.settle_notification(again[0].id, Delivery.SENT)
    store.take_message("ops", KINDS, first_two, hold=60)
    assert seen[-1] == (["definition churn"], 1)
    clock.forward(3700)
    store.take_message("ops", KINDS, first_two, hold=60)
    assert seen[-1] == (["definition churn"], 0)  # what was sent an hour ago counts no more


def test_what_nobody_wants_is_dropped(store: Store) -> None:
    failed(store, 2)
    assert store.take_message("ops", ("run.late",), lambda waiting, _: [one.id for one in waiting], hold=60) == []
    assert [note.status for note in store.notifications()] == [Delivery.DROPPED] * 2
    failed(store, 1)
    assert store.drop_notifications("ops", "gone") == 1
    assert store.waiting_channels() == []


def test_skipped_occurrences_are_told_once_and_a_disabled_schedule_each_time(store: Store, clock: FakeClock) -> None:
    schedule = scheduled(store, define(store, settings=NOTIFY))
    skipped = [Occurrence(due_at=each.due_at, status=RunStatus.SKIPPED, reason="misfire") for each in minutes(3)]
    runs = store.advance(schedule, skipped, NOON + timedelta(minutes=3))
    store.disable_schedule(schedule.id, "bad")
    store.disable_schedule(schedule.id, "bad, as before")
    told = [(note.kind, note.data) for note in reversed(store.notifications())]
    assert told == [
        ("run.skipped", {"count": 3}),
        ("schedule.disabled", {"schedule_id": schedule.id, "reason": "bad"}),
    ]
    assert store.notifications()[1].run_id == runs[-1].id
    clock.forward(60)
    store.replace_schedule(replace(schedule, disabled=""))
    store.disable_schedule(schedule.id, "again")
    assert [note.data["reason"] for note in store.notifications()[:2]] == ["again", "bad"]


def test_late_and_long_runs_are_found_once_by_when_they_were_to_start(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    running = started(store, definition)
    clock.forward(10)
    waiting = submitted(store, definition)[0]
    later, _ = store.submit(definition_id=definition.id, parameters={}, not_before=NOON + timedelta(seconds=40))
    clock.forward(20)
    late = store.late_runs(NOON, NOON + timedelta(seconds=30))
    assert [(going.run_id, going.since) for going in late] == [(waiting.id, NOON + timedelta(seconds=10))]
    assert [going.run_id for going in store.late_runs(late[0].since, NOON + timedelta(seconds=60))] == [later.id]
    assert [(going.run_id, going.definition_name) for going in store.long_runs(store.now())] == [(running.id, "churn")]
    assert store.long_runs(NOON - timedelta(seconds=1)) == []
    assert store.tell("ops", "run.late", {waiting.id: {"seconds": 20}, later.id: {}}) == 2
    assert store.tell("ops", "run.late", {waiting.id: {"seconds": 25}}) == 0


def test_the_median_is_of_completed_runs_and_none_while_few_have(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    for number, seconds in enumerate((1, 2, 30, 4, 5)):
        assert store.median_seconds("churn") is None, number
        run = started(store, definition)
        clock.forward(seconds)
        store.finish(run.id, run.attempt, RunStatus.COMPLETED)
    assert store.median_seconds("churn") == 4.0


def test_everything_is_counted(store: Store, clock: FakeClock) -> None:
    definition = define(store, settings=NOTIFY)
    scheduled(store, definition)
    scheduled(store, definition, name="paused", paused=True)
    failed(store, 1)
    submitted(store, definition, 2)
    clock.forward(5)
    totals = store.totals()
    assert totals.runs == {RunStatus.FAILED: 1, RunStatus.QUEUED: 2}
    assert totals.attempts == {AttemptStatus.FAILED: 1}
    assert totals.notifications == {Delivery.PENDING: 1}
    assert (totals.schedules, totals.paused, totals.disabled, totals.definitions) == (2, 1, 0, 1)
    assert (totals.next_due, totals.oldest) == (NOON, NOON)
    store.ping()
