"""Claiming: in order, within limits, each run by one."""

from datetime import timedelta

import pytest
from store.given import NOON, FakeClock, define, edit, minutes, scheduled, started, submitted

from nb2prod.model.job import AttemptStatus, FailureKind, JobSettings, Overlap, Progress, RunStatus
from nb2prod.store import Pool, Store


def test_a_claim_starts_an_attempt(store: Store, clock: FakeClock) -> None:
    run = submitted(store, define(store))[0]
    clock.forward(5)
    claimed = store.claim("d1", lease=30)
    assert [each.id for each in claimed] == [run.id]
    assert (claimed[0].status, claimed[0].attempt, claimed[0].started_at) == (RunStatus.RUNNING, 1, clock.now)
    assert claimed[0].lease_until == clock.now + timedelta(seconds=30)
    assert store.run(run.id) == claimed[0]
    attempt = store.attempts(run.id)[0]
    assert (attempt.number, attempt.status, attempt.worker) == (1, AttemptStatus.RUNNING, "d1")
    assert store.claim("d2", lease=30) == []


def test_by_priority_then_as_they_were_due(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    schedule = scheduled(store, definition, overlap=Overlap.ALLOW)

    def submit(priority: int) -> str:
        return store.submit(definition_id=definition.id, parameters={}, priority=priority)[0].id

    clock.forward(600)
    low, normal, high = submit(-1), submit(0), submit(5)
    due = [run.id for run in store.advance(schedule, minutes(2), None)]
    other_pool = store.submit(definition_id=definition.id, parameters={}, priority=2, pool="gpu")[0].id
    assert [run.id for run in store.claim("d", lease=9, limit=3)] == [high, other_pool, due[0]]
    assert [run.id for run in store.claim("d", lease=9, limit=9)] == [due[1], normal, low]


def test_not_before_its_time(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    run, _ = store.submit(definition_id=definition.id, parameters={}, not_before=NOON + timedelta(seconds=10))
    assert store.claim("d", lease=9, run_id=run.id) == store.claim("d", lease=9) == []
    clock.forward(10)
    assert [each.id for each in store.claim("d", lease=9)] == [run.id]


def test_that_very_run(store: Store) -> None:
    definition = define(store)
    first, second = submitted(store, definition, 2)
    assert [run.id for run in store.claim("cli", lease=9, run_id=second.id)] == [second.id]
    assert store.claim("cli", lease=9, run_id=second.id) == store.claim("cli", lease=9, run_id="none") == []
    assert store.run(first.id).status == RunStatus.QUEUED


def test_a_pool_is_never_over_its_limit(store: Store) -> None:
    definition = define(store)
    store.set_pool("default", 2)
    runs = submitted(store, definition, 5)
    gpu, _ = store.submit(definition_id=definition.id, parameters={}, pool="gpu", priority=-9)
    assert [run.id for run in store.claim("d1", lease=9, limit=9)] == [runs[0].id, runs[1].id, gpu.id]
    assert store.claim("d2", lease=9, limit=9) == store.claim("d2", lease=9, run_id=runs[4].id) == []
    assert store.pools() == [
        Pool(name="default", limit=2, running=2, queued=3),
        Pool(name="gpu", limit=None, running=1, queued=0),
    ]
    store.finish(runs[0].id, 1, RunStatus.COMPLETED)
    assert [run.id for run in store.claim("d2", lease=9, limit=9)] == [runs[2].id]
    store.set_pool("default", None)
    assert len(store.claim("d2", lease=9, limit=9)) == 2


def test_a_pool_of_nothing_stands_still(store: Store) -> None:
    store.set_pool("default", 0)
    submitted(store, define(store))
    assert store.claim("d", lease=9, limit=9) == []


@pytest.mark.parametrize("overlap", [Overlap.QUEUE, Overlap.SKIP, Overlap.REPLACE])
def test_never_two_of_a_schedule_at_once(store: Store, overlap: Overlap) -> None:
    definition = define(store)
    serial = scheduled(store, definition, "serial", overlap=overlap)
    free = scheduled(store, definition, "free", overlap=Overlap.ALLOW)
    one, two = store.advance(serial, minutes(2), None)
    others = [run.id for run in store.advance(free, minutes(2), None)]
    assert sorted(run.id for run in store.claim("d", lease=9, limit=9)) == sorted([one.id, *others])
    assert store.claim("d", lease=9, limit=9) == store.claim("d", lease=9, run_id=two.id) == []
    store.finish(one.id, 1, RunStatus.FAILED)
    assert [run.id for run in store.claim("d", lease=9, limit=9)] == [two.id]


def test_a_beat_begins_the_lease_anew(store: Store, clock: FakeClock) -> None:
    run = started(store, define(store), lease=10)
    clock.forward(8)
    progress = Progress(done=2, total=5, cell=4, label="train", at=clock.now)
    assert store.beat(run.id, 1, lease=10, progress=progress) is False
    clock.forward(8)
    assert store.expire_leases() == []
    now = store.run(run.id)
    assert (now.lease_until, now.progress) == (NOON + timedelta(seconds=18), progress)
    assert store.attempts(run.id)[0].heartbeat_at == NOON + timedelta(seconds=8)
    store.cancel(run.id, "ann")
    assert store.beat(run.id, 1, lease=10) is True
    assert store.run(run.id).progress == progress


def test_where_an_attempt_runs(store: Store) -> None:
    run = started(store, define(store))
    store.note_attempt(run.id, 1, host="node7", pid=4711, folder="/var/runs/x")
    attempt = store.attempts(run.id)[0]
    assert (attempt.host, attempt.pid, attempt.folder) == ("node7", 4711, "/var/runs/x")


def test_a_run_whose_row_is_broken_ends_and_holds_up_nobody(store: Store) -> None:
    definition = define(store, settings=JobSettings(notify=("ops",)))
    broken, sound = submitted(store, definition, 2)
    edit(store, "UPDATE run SET parameters = '{' WHERE id = :id", id=broken.id)
    assert [run.id for run in store.claim("d", lease=9, limit=5)] == [sound.id]
    edit(store, "UPDATE run SET parameters = '{}' WHERE id = :id", id=broken.id)
    failure = store.run(broken.id).failure
    assert failure is not None
    assert failure.kind == FailureKind.PARAMETERS
    assert failure.message.startswith(f"the row of run '{broken.id}' cannot be read: Expecting property name")
    assert [note.kind for note in store.pending_notifications()] == ["run.failed"]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_claim_of_nothing(store: Store, limit: int) -> None:
    submitted(store, define(store))
    assert store.claim("d", lease=9, limit=limit) == []
