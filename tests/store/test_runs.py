"""Runs: submitting once, paging, and what attempts leave."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from store.given import BROKEN, NOON, FakeClock, define, scheduled, started, submitted

from nb2prod.model.job import Failure, FailureKind, RunStatus
from nb2prod.store import IdempotencyConflict, NotInStore, Store, Superseded

MINUTE = timedelta(minutes=1)


def test_a_run_comes_back_as_it_was_submitted(store: Store) -> None:
    definition = define(store)
    run, is_new = store.submit(
        definition_id=definition.id,
        parameters={"region": "EU", "day": {"python": "date(2026, 1, 1)"}, "rows": [1, 2.5, None, True]},
        reason="batch",
        priority=3,
        pool="gpu",
        idempotency_key="k1",
        batch="b1",
        cause="row 7",
        not_before=NOON + MINUTE,
    )
    assert is_new
    assert (run.status, run.reason, run.priority, run.pool, run.batch) == (RunStatus.QUEUED, "batch", 3, "gpu", "b1")
    assert run.parameters == {"region": "EU", "day": {"python": "date(2026, 1, 1)"}, "rows": [1, 2.5, None, True]}
    assert (run.not_before, run.cause, run.created_at, run.attempt) == (NOON + MINUTE, "row 7", NOON, 0)
    assert store.run(run.id) == run
    event = store.events(run_id=run.id)[0]
    assert (event.kind, event.data["reason"], event.at) == ("run.queued", "batch", NOON)


def test_a_key_has_one_run(store: Store) -> None:
    definition, other = define(store), define(store, "other")
    first, _ = store.submit(definition_id=definition.id, parameters={"a": 1.0}, idempotency_key="k")
    again, is_new = store.submit(definition_id=definition.id, parameters={"a": 1.0}, idempotency_key="k", priority=9)
    assert (again, is_new) == (first, False)
    with pytest.raises(IdempotencyConflict) as refused:
        store.submit(definition_id=definition.id, parameters={"a": 2.0}, idempotency_key="k")
    assert str(refused.value) == (
        f"the idempotency key 'k' belongs to run {first.id}, which has another set of parameters; nothing was submitted"
    )
    with pytest.raises(IdempotencyConflict, match="another definition"):
        store.submit(definition_id=other.id, parameters={"a": 1.0}, idempotency_key="k")
    assert store.runs() == [first]
    assert len(store.events(run_id=first.id)) == 1


def test_an_occurrence_has_one_run(store: Store) -> None:
    schedule = scheduled(store, define(store))
    wanted = {"definition_id": schedule.definition_id, "schedule_id": schedule.id, "due_at": NOON}
    first, _ = store.submit(parameters={}, **wanted)  # type: ignore[arg-type]
    assert store.submit(parameters={"a": 1}, **wanted) == (first, False)  # type: ignore[arg-type]


def test_of_a_definition_that_is_not_there(store: Store) -> None:
    with pytest.raises(NotInStore, match="the store has no definition 5"):
        store.submit(definition_id=5, parameters={})
    assert store.runs() == []


def test_ids_are_in_order_though_the_clock_stands(store: Store, clock: FakeClock) -> None:
    definition = define(store)
    ids = [run.id for run in submitted(store, definition, 20)]
    clock.forward(-100)
    ids += [run.id for run in submitted(store, definition, 5)]
    assert ids == sorted(ids)
    assert len({*ids}) == 25
    assert [run.id for run in store.runs()] == ids[::-1]


def test_paging_misses_none(store: Store) -> None:
    definition = define(store)
    ids = [run.id for run in submitted(store, definition, 7)]
    seen: list[str] = []
    while page := store.runs(before=seen[-1] if seen else "", limit=3):
        seen += [run.id for run in page]
    assert seen == ids[::-1]


def test_runs_by_what_they_are_of(store: Store) -> None:
    churn, load = define(store, "churn"), define(store, "load")
    newer = define(store, "churn", source=b"[]")
    schedule = scheduled(store, churn)
    a = store.submit(definition_id=churn.id, parameters={}, schedule_id=schedule.id)[0].id
    b = store.submit(definition_id=newer.id, parameters={}, batch="b1")[0].id
    c = store.submit(definition_id=load.id, parameters={}, batch="b1")[0].id
    store.claim("daemon", lease=9, run_id=c)
    store.finish(c, 1, RunStatus.COMPLETED)
    store.cancel(b, "ann")

    def ids(**wanted: object) -> list[str]:
        return [run.id for run in store.runs(**wanted)]  # type: ignore[arg-type]

    assert {status: count for status, count in store.totals().runs.items() if count} == {
        RunStatus.QUEUED: 1,
        RunStatus.COMPLETED: 1,
        RunStatus.CANCELLED: 1,
    }
    assert ids(schedule="nightly") == [a]
    assert ids(definition="churn") == [b, a]
    assert ids(batch="b1") == [c, b]
    assert ids(status=[RunStatus.COMPLETED]) == [c]
    assert ids(status=[RunStatus.COMPLETED, RunStatus.QUEUED]) == [c, a]
    assert ids(status=list(RunStatus), limit=2) == [c, b]
    assert ids(status=[RunStatus.CANCELLED], definition="load") == []
    with pytest.raises(NotInStore, match="the store has no schedule 'nihgtly'; did you mean 'nightly'"):
        ids(schedule="nihgtly")


def test_a_run_that_is_not_there(store: Store) -> None:
    with pytest.raises(NotInStore, match="the store has no run 'abc'"):
        store.run("abc")
    for ask in (lambda: store.cancel("abc", "ann"), lambda: store.beat("abc", 1, lease=5)):
        with pytest.raises(NotInStore):
            ask()


def test_artifacts_and_metrics_of_an_attempt(store: Store) -> None:
    run = started(store, define(store))
    facts = {"run_id": run.id, "attempt": 1, "kind": "notebook"}
    store.add_artifact(name="out.ipynb", url="file:///a", sha256="00", size=1, **facts)  # type: ignore[arg-type]
    html = store.add_artifact(name="out.html", url="file:///b", sha256="11", size=2**40, **facts)  # type: ignore[arg-type]
    last = store.add_artifact(name="out.ipynb", url="file:///c", sha256="22", size=3, **facts)  # type: ignore[arg-type]
    assert store.artifacts(run.id) == [last, html]
    store.log_metrics(run.id, 1, {"auc": 0.8, "rows": 10})
    store.log_metrics(run.id, 1, {"auc": 0.9, "loss": float("inf")})
    assert store.run(run.id).metrics == {"auc": 0.9, "rows": 10.0, "loss": float("inf")}
    assert [event.kind for event in store.events(run_id=run.id)].count("artifact.added") == 2


def test_a_late_writer_writes_nothing(store: Store, clock: FakeClock) -> None:
    run = started(store, define(store), lease=10)
    clock.forward(11)
    store.expire_leases()
    writes: dict[str, Callable[[], object]] = {
        "beat": lambda: store.beat(run.id, 1, lease=30),
        "note": lambda: store.note_attempt(run.id, 1, host="h", pid=1, folder="/f"),
        "events": lambda: store.add_events(run.id, 1, [("cell.completed", {})]),
        "metrics": lambda: store.log_metrics(run.id, 1, {"auc": 1.0}),
        "completed": lambda: store.finish(run.id, 1, RunStatus.COMPLETED),
        "failed": lambda: store.finish(run.id, 1, RunStatus.FAILED, BROKEN),
        "lost": lambda: store.finish(run.id, 1, RunStatus.FAILED, Failure(kind=FailureKind.LOST, message="")),
        "artifact": lambda: store.add_artifact(
            run_id=run.id, attempt=1, name="a", kind="file", url="u", sha256="", size=0
        ),
    }
    for step in ("queued again", "running again"):  # first without, then with a newer attempt
        before = (store.run(run.id), store.attempts(run.id), store.events(), store.artifacts(run.id))
        for write in writes.values():
            with pytest.raises(Superseded) as refused:
                write()
            assert refused.value.attempt == 1, step
        assert (store.run(run.id), store.attempts(run.id), store.events(), store.artifacts(run.id)) == before, step
        store.claim("other", lease=30)
    told = f"attempt 1 of run {run.id} may write no more: the run is running, its latest attempt is 2; nothing was"
    with pytest.raises(Superseded, match=told):
        store.beat(run.id, 1, lease=1)


def test_events_go_on_after_the_last_one(store: Store) -> None:
    run = started(store, define(store))
    store.add_events(run.id, 1, [("cell.started", {"cell": 1}), ("cell.completed", {"cell": 1})])
    store.add_event("daemon.started", data={"name": "d1"})
    kinds, last = [], 0
    while page := store.events(after=last, limit=2):
        kinds += [event.kind for event in page]
        last = page[-1].id
    expected = ["run.queued", "attempt.started", "cell.started", "cell.completed"]
    assert kinds == [*expected, "daemon.started"]
    assert [event.kind for event in store.events(run_id=run.id)] == expected
    assert [event.kind for event in store.latest_events(limit=2)] == ["cell.completed", "daemon.started"]


def test_an_output_is_held_by_one_run_until_it_ends(store: Store) -> None:
    definition = define(store)
    first, second = (started(store, definition) for _ in range(2))
    assert store.reserve_output("s3://out/report.ipynb", first.id) == ""
    assert store.reserve_output("s3://out/report.ipynb", first.id) == ""
    assert store.reserve_output("s3://out/report.ipynb", second.id) == first.id
    assert store.reserve_output("s3://out/other.ipynb", second.id) == ""
    store.finish(first.id, 1, RunStatus.COMPLETED)
    assert store.reserve_output("s3://out/report.ipynb", second.id) == ""
