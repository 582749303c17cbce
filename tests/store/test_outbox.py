"""The outbox: written with what it tells of, handed out until it is settled."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store.given import BROKEN, NOON, FakeClock, define, edit, minutes, scheduled, started

from nb2prod.model.job import Failure, FailureKind, JobSettings, Overlap, Retry, RunStatus
from nb2prod.store import Delivery, NotInStore, RowNotReadable, Store

TOLD = JobSettings(notify=("ops", "mail", "ops"))


def told(store: Store) -> list[tuple[str, str, str]]:
    return [(note.kind, note.channel, note.run_id) for note in store.notifications()][::-1]


def test_channels(store: Store, clock: FakeClock) -> None:
    store.add_channel(name="ops", kind="webhook", settings={"url": {"secret": "env:HOOK"}})
    clock.forward(1)
    changed = store.add_channel(name="ops", kind="webhook", settings={"url": "http://localhost:1/"})
    store.add_channel(name="mail", kind="email", settings={})
    assert (changed.settings, changed.created_at) == ({"url": "http://localhost:1/"}, NOON)
    assert [channel.name for channel in store.channels()] == ["mail", "ops"]
    assert store.channel("ops") == changed
    store.remove_channel("ops")
    for ask in (store.channel, store.remove_channel):
        with pytest.raises(NotInStore, match="the store has no channel 'ops'"):
            ask("ops")
    edit(store, "UPDATE channel SET settings = '[]'")
    with pytest.raises(RowNotReadable, match="the row of channel 'mail' cannot be read"):
        store.channel("mail")


def test_of_a_failure_and_of_the_success_after_it(store: Store) -> None:
    definition = define(store, settings=TOLD)
    ends = [
        (RunStatus.COMPLETED, None),
        (RunStatus.FAILED, BROKEN),
        (RunStatus.CANCELLED, Failure(kind=FailureKind.CANCELLED, message="")),
        (RunStatus.COMPLETED, None),
        (RunStatus.COMPLETED, None),
    ]
    runs = [started(store, definition) for _ in ends]
    for run, (status, failure) in zip(runs, ends, strict=True):
        store.finish(run.id, 1, status, failure)
    failed, recovered = runs[1].id, runs[3].id
    assert told(store) == [
        ("run.failed", "ops", failed),
        ("run.failed", "mail", failed),
        ("run.recovered", "ops", recovered),
        ("run.recovered", "mail", recovered),
    ]
    notes = store.notifications(run_id=recovered)
    assert [note.data for note in notes] == [{"failed": failed}] * 2
    assert store.notifications(run_id=failed)[0].data == {"failure": "cell_error", "message": "ValueError: no"}


def test_recovery_is_of_the_same_schedule(store: Store) -> None:
    definition = define(store, settings=TOLD)
    one, other = (scheduled(store, definition, name, overlap=Overlap.ALLOW) for name in ("one", "other"))
    first, second = store.advance(one, minutes(2), None)
    between = store.advance(other, minutes(1), None)[0]
    store.claim("d", lease=9, limit=9)
    store.finish(first.id, 1, RunStatus.FAILED, BROKEN)
    store.finish(between.id, 1, RunStatus.COMPLETED)
    store.finish(second.id, 1, RunStatus.COMPLETED)
    assert [note for note in told(store) if note[1] == "ops"] == [
        ("run.failed", "ops", first.id),
        ("run.recovered", "ops", second.id),
    ]


def test_only_of_a_failure_for_good(store: Store, clock: FakeClock) -> None:
    run = started(store, define(store, settings=JobSettings(notify=("ops",), retry=Retry(limit=1, delay=1))))
    store.finish(run.id, 1, RunStatus.FAILED, BROKEN)
    assert told(store) == []
    clock.forward(5)
    store.claim("d", lease=9)
    store.finish(run.id, 2, RunStatus.FAILED, BROKEN)
    assert told(store) == [("run.failed", "ops", run.id)]


def test_of_many_that_were_skipped_at_once(store: Store) -> None:
    schedule = scheduled(store, define(store, settings=JobSettings(notify=("ops",))))
    late = [replace(each, status=RunStatus.SKIPPED, reason="misfire") for each in minutes(3)]
    skipped = store.advance(schedule, [*late, *minutes(1, NOON + timedelta(minutes=3))], None)[:3]
    assert told(store) == [("run.skipped", "ops", skipped[-1].id)]
    assert store.notifications()[0].data == {"count": 3}


def test_each_thing_is_told_once(store: Store) -> None:
    run = started(store, define(store, settings=TOLD))
    assert store.notify("run.late", run.id, {"seconds": 70}) == 2
    assert store.notify("run.late", run.id, {"seconds": 80}) == 0
    assert store.notify("run.long", run.id) == 2
    with pytest.raises(NotInStore):
        store.notify("run.late", "abc")


def test_handed_out_to_one_until_it_is_settled(store: Store, clock: FakeClock) -> None:
    run = started(store, define(store, settings=TOLD))
    store.notify("run.late", run.id, {"seconds": 70})
    first, second = store.pending_notifications(hold=60)
    assert (first.channel, first.attempts, first.status, first.data) == ("ops", 1, Delivery.PENDING, {"seconds": 70})
    assert store.pending_notifications() == []
    store.settle_notification(first.id, "sent")
    store.settle_notification(second.id, "failed", "refused", retry_at=clock.now + timedelta(seconds=90))
    clock.forward(89)
    assert store.pending_notifications() == []
    clock.forward(1)
    again = store.pending_notifications(hold=60)
    assert [(note.id, note.attempts, note.why) for note in again] == [(second.id, 2, "refused")]
    clock.forward(61)  # whoever had it died
    assert [note.attempts for note in store.pending_notifications()] == [3]
    store.settle_notification(second.id, "failed", "refused for good")
    store.settle_notification(second.id, "sent")  # too late
    clock.forward(1000)
    assert store.pending_notifications() == []
    settled = {note.id: (note.status, note.why, note.settled_at is None) for note in store.notifications()}
    assert settled == {
        first.id: (Delivery.SENT, "", False),
        second.id: (Delivery.FAILED, "refused for good", False),
    }
