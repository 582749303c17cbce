"""How attempts and runs end."""

from datetime import timedelta

import pytest
from store.given import BROKEN, NOON, FakeClock, define, edit, started, submitted

from nb2prod.model.job import AttemptStatus, Failure, FailureKind, JobSettings, Progress, Retry, RunStatus, Usage
from nb2prod.store import Store, Superseded

LOST = Failure(kind=FailureKind.LOST, message="the supervisor is gone")
GONE = "its worker was not heard of until its lease ended: its process or its host is gone"


def kinds(store: Store, run_id: str) -> list[str]:
    return [event.kind for event in store.events(run_id=run_id)]


def test_a_completed_run(store: Store, clock: FakeClock) -> None:
    run = started(store, define(store))
    clock.forward(5)
    ended = store.finish(
        run.id,
        1,
        RunStatus.COMPLETED,
        usage=Usage(seconds=4.5, cpu=3.25, memory=2**35),
        progress=Progress(done=3, total=3),
    )
    assert (ended.status, ended.finished_at, ended.lease_until) == (RunStatus.COMPLETED, clock.now, None)
    assert (ended.failure, ended.progress) == (None, Progress(done=3, total=3))
    attempt = store.attempts(run.id)[0]
    assert (attempt.status, attempt.finished_at) == (AttemptStatus.COMPLETED, clock.now)
    assert attempt.usage == Usage(seconds=4.5, cpu=3.25, memory=2**35)
    assert kinds(store, run.id) == ["run.queued", "attempt.started", "attempt.completed", "run.completed"]


def test_a_failed_run_says_why(store: Store) -> None:
    run = started(store, define(store))
    assert store.finish(run.id, 1, RunStatus.FAILED, BROKEN).failure == BROKEN
    assert store.run(run.id).status == RunStatus.FAILED
    assert store.attempts(run.id)[0].failure == BROKEN
    assert store.events(run_id=run.id)[-1].data == {"failure": "cell_error", "message": "ValueError: no"}


def test_said_twice_it_is_written_once(store: Store) -> None:
    run = started(store, define(store))
    ended = store.finish(run.id, 1, RunStatus.FAILED, BROKEN)
    events = store.events()
    assert store.finish(run.id, 1, RunStatus.FAILED, BROKEN) == ended
    assert store.events() == events
    with pytest.raises(Superseded, match="the run is failed"):
        store.finish(run.id, 1, RunStatus.COMPLETED)


def test_retries_wait_longer_each_time(store: Store, clock: FakeClock) -> None:
    settings = JobSettings(retry=Retry(limit=3, delay=10, factor=3, maximum=60))
    run = started(store, define(store, settings=settings))
    pauses = []
    for attempt in (1, 2, 3):
        store.log_metrics(run.id, attempt, {"auc": 0.5})
        again = store.finish(run.id, attempt, RunStatus.FAILED, BROKEN)
        assert (again.status, again.failure, again.finished_at) == (RunStatus.QUEUED, BROKEN, None)
        assert again.not_before is not None
        pauses.append((again.not_before - clock.now).total_seconds())
        assert store.claim("d", lease=9) == []
        clock.forward(pauses[-1])
        claimed = store.claim("d", lease=9)[0]
        assert (claimed.attempt, claimed.metrics, claimed.failure) == (attempt + 1, {}, None)
    assert pauses == [10, 30, 60]
    ended = store.finish(run.id, 4, RunStatus.FAILED, BROKEN)
    assert (ended.status, ended.started_at) == (RunStatus.FAILED, NOON)
    assert [attempt.status for attempt in store.attempts(run.id)] == [AttemptStatus.FAILED] * 4


def test_only_what_is_worth_it_is_tried_again(store: Store) -> None:
    settings = JobSettings(retry=Retry(limit=3, on=(FailureKind.IO,)))
    run = started(store, define(store, settings=settings))
    assert store.finish(run.id, 1, RunStatus.FAILED, BROKEN).status == RunStatus.FAILED


def test_a_lost_attempt_is_tried_again_at_once(store: Store, clock: FakeClock) -> None:
    run = started(store, define(store, settings=JobSettings(retry=Retry(lost=2))), lease=10)
    for attempt in (1, 2):
        clock.forward(10)
        assert store.expire_leases() == []  # it lasts to its end
        clock.forward(0.001)
        assert [(each.id, each.status) for each in store.expire_leases()] == [(run.id, RunStatus.QUEUED)]
        assert store.expire_leases() == []
        assert store.claim("d2", lease=10)[0].attempt == attempt + 1
    clock.forward(11)
    ended = store.expire_leases()[0]
    assert (ended.status, ended.failure) == (RunStatus.FAILED, Failure(kind=FailureKind.LOST, message=GONE))
    assert [attempt.status for attempt in store.attempts(run.id)] == [AttemptStatus.LOST] * 3
    assert kinds(store, run.id)[-3:] == ["attempt.started", "attempt.lost", "run.failed"]


def test_who_sees_a_worker_die_need_not_wait_for_its_lease(store: Store) -> None:
    run = started(store, define(store, settings=JobSettings(retry=Retry(limit=1, delay=60, lost=1))))
    again = store.finish(run.id, 1, RunStatus.FAILED, LOST)
    assert (again.status, again.not_before) == (RunStatus.QUEUED, None)
    assert store.attempts(run.id)[0].status == AttemptStatus.LOST
    with pytest.raises(Superseded):
        store.finish(run.id, 1, RunStatus.FAILED, LOST)
    store.claim("d", lease=9)
    assert store.finish(run.id, 2, RunStatus.FAILED, BROKEN).status == RunStatus.QUEUED  # lost ones do not count
    store_now = store.run(run.id).not_before
    assert store_now == NOON + timedelta(seconds=60)


def test_cancelling_what_waits_ends_it(store: Store) -> None:
    run = submitted(store, define(store))[0]
    ended = store.cancel(run.id, "ann")
    assert (ended.status, ended.cancel_requested, ended.finished_at) == (RunStatus.CANCELLED, "ann", NOON)
    assert ended.failure == Failure(kind=FailureKind.CANCELLED, message="cancelled by ann")
    assert store.claim("d", lease=9) == []
    assert store.cancel(run.id, "bob") == ended
    assert kinds(store, run.id) == ["run.queued", "run.cancel_requested", "run.cancelled"]


def test_cancelling_what_runs_asks_it_to_end(store: Store) -> None:
    run = started(store, define(store))
    assert store.cancel(run.id, "ann").status == RunStatus.RUNNING
    assert store.cancel(run.id, "bob").cancel_requested == "ann"
    ended = store.finish(run.id, 1, RunStatus.CANCELLED)
    assert (ended.status, ended.failure) == (
        RunStatus.CANCELLED,
        Failure(kind=FailureKind.CANCELLED, message="cancelled by ann"),
    )
    assert store.cancel(run.id, "bob") == ended


def test_what_shall_be_cancelled_is_not_tried_again(store: Store, clock: FakeClock) -> None:
    definition = define(store, settings=JobSettings(retry=Retry(limit=5)))
    lost, failed, completed = (started(store, definition, lease=10) for _ in range(3))
    for run in (lost, failed, completed):
        store.cancel(run.id, "ann")
    assert store.finish(failed.id, 1, RunStatus.FAILED, BROKEN).status == RunStatus.FAILED
    assert store.finish(completed.id, 1, RunStatus.COMPLETED).status == RunStatus.COMPLETED
    clock.forward(11)
    ended = store.expire_leases()[0]
    assert (ended.id, ended.status) == (lost.id, RunStatus.CANCELLED)
    assert store.attempts(lost.id)[0].status == AttemptStatus.LOST


def test_a_run_ends_though_its_definition_is_broken(store: Store) -> None:
    run = started(store, define(store))
    edit(store, "UPDATE definition SET settings = 'x'")
    assert store.finish(run.id, 1, RunStatus.FAILED, BROKEN).status == RunStatus.FAILED


def test_a_failure_that_says_nothing(store: Store) -> None:
    run = started(store, define(store))
    failure = store.finish(run.id, 1, RunStatus.FAILED).failure
    assert failure == Failure(kind=FailureKind.INTERNAL, message="the attempt failed and did not say why")
