"""Retention: what goes, what stays, and what is said of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store.given import BROKEN, FakeClock, ask, define, minutes, scheduled, started, submitted

from nb2prod.errors import InvalidOption
from nb2prod.model.job import Definition, JobSettings, RunStatus
from nb2prod.store import Delivery, NotInStore, Store

DAY = timedelta(days=1)


def ended(store: Store, definition: Definition, status: RunStatus = RunStatus.COMPLETED) -> str:
    run = started(store, definition)
    store.note_attempt(run.id, 1, host="node7", pid=1, folder=f"/runs/{run.id}")
    store.add_artifact(
        run_id=run.id, attempt=1, name="out.ipynb", kind="notebook", url=f"s3://out/{run.id}", sha256="0", size=1
    )
    store.finish(run.id, 1, status, BROKEN if status is RunStatus.FAILED else None)
    return run.id


def test_by_age(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    old = ended(store, definition)
    waiting = submitted(store, definition)[0].id
    clock.forward(DAY.total_seconds())
    new = ended(store, definition)
    clock.forward(60)
    gone = store.prune(older_than=DAY)
    assert (gone.runs, gone.artifacts, gone.folders) == ((old,), (f"s3://out/{old}",), (("node7", f"/runs/{old}"),))
    assert [run.id for run in store.runs()] == [new, waiting]
    with pytest.raises(NotInStore):
        store.run(old)
    assert [*store.attempts(old), *store.artifacts(old), *store.events(run_id=old)] == []
    assert len(store.artifacts(new)) == 1


def test_events_of_no_run_go_by_age(store: Store, clock: FakeClock) -> None:
    scheduled(store, define(store))
    clock.forward(DAY.total_seconds())
    store.add_event("daemon.started")
    store.prune(older_than=DAY)
    assert [event.kind for event in store.events()] == ["daemon.started"]


def test_the_last_of_each_definition_stay(store: Store, clock: FakeClock) -> None:
    churn, load = define(store, "churn"), define(store, "load")
    a, b, c = (ended(store, churn) for _ in range(3))
    d = ended(store, load)
    clock.forward(1)
    assert store.prune(keep_last=2).runs == (a,)
    clock.forward(2 * DAY.total_seconds())
    e = ended(store, churn)
    assert store.prune(keep_last=1, older_than=DAY).runs == (b, c)
    assert {run.id for run in store.runs()} == {d, e}


def test_by_status_and_never_what_has_not_ended(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    good, bad = ended(store, definition), ended(store, definition, RunStatus.FAILED)
    running, waiting = started(store, definition).id, submitted(store, definition)[0].id
    clock.forward(1)
    assert store.prune(keep_last=0, statuses=[RunStatus.FAILED, RunStatus.RUNNING]).runs == (bad,)
    assert store.prune(keep_last=0).runs == (good,)
    assert {run.id for run in store.runs()} == {running, waiting}


def test_a_dry_run_says_the_same_and_removes_nothing(store: Store, clock: FakeClock) -> None:
    first = define(store)
    ids = [ended(store, first) for _ in range(3)]
    define(store, source=b"[]")
    clock.forward(2 * DAY.total_seconds())
    told = store.prune(keep_last=0, dry_run=True)
    assert (told.runs, told.definitions, told.blobs, told.dry_run) == (tuple(ids), 1, 1, True)
    assert len(store.runs()) == 3
    done = store.prune(keep_last=0)
    assert (done.runs, done.artifacts, done.definitions, done.blobs) == (told.runs, told.artifacts, 1, 1)
    assert ask(store, "SELECT count(*) FROM run") == [(0,)]


def test_definitions_and_blobs_go_when_nothing_uses_them(store: Store, clock: FakeClock) -> None:
    versions = [define(store, source=source) for source in (b"1", b"2", b"3", b"4")]
    scheduled(store, versions[0])
    run = ended(store, versions[1])
    orphan = store.put_blob(b"orphan")
    assert store.prune(older_than=DAY).blobs == 0  # young ones may be waiting for their definition
    clock.forward(2 * DAY.total_seconds())
    store.submit(definition_id=versions[1].id, parameters={})
    gone = store.prune(older_than=DAY)
    assert (gone.runs, gone.definitions, gone.blobs) == ((run,), 0, 2)
    assert [each.version for each in store.definitions("churn")] == [1, 2, 4]
    with pytest.raises(NotInStore):
        store.blob(orphan)
    for kept in (versions[0], versions[1], versions[3]):
        store.blob(kept.files[0].sha256)


def test_what_is_still_to_be_told_stays(store: Store, clock: FakeClock) -> None:
    definition = define(store, settings=JobSettings(notify=("ops", "mail")))
    ended(store, definition, RunStatus.FAILED)
    store.settle_notification(store.pending_notifications()[0].id, Delivery.SENT)
    clock.forward(1)
    store.prune(keep_last=0)
    assert [note.channel for note in store.notifications()] == ["mail"]


def test_it_must_be_said_what(store: Store) -> None:
    with pytest.raises(InvalidOption, match="prune: say how old a run must be, or how many of each definition to keep"):
        store.prune()


def test_many_at_once(store: Store, clock: FakeClock) -> None:
    schedule = scheduled(store, define(store))
    late = [replace(each, status=RunStatus.SKIPPED, reason="misfire") for each in minutes(1100)]
    assert len(store.advance(schedule, late, None)) == 1100
    clock.forward(1)
    assert len(store.prune(older_than=timedelta(0)).runs) == 1100
    assert ask(store, "SELECT count(*) FROM event WHERE run_id <> ''") == [(0,)]
