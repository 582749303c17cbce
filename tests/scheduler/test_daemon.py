"""One daemon step by step, with a clock of the test's and an executor that starts nothing."""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from scheduler.conftest import NOON, Bench, FakeClock, define
from sqlalchemy import create_engine, text

from nb2prod.model.job import (
    Cron,
    Every,
    JobSettings,
    Misfire,
    Once,
    Overlap,
    Run,
    RunStatus,
    Schedule,
    Trigger,
)
from nb2prod.scheduler.daemon import Keep, Scheduler
from nb2prod.scheduler.occurrences import first_due
from nb2prod.store import Store, open_store

MINUTELY = Cron(expression="* * * * *")


def scheduler(store: Store, bench: Bench | None = None, **options: object) -> Scheduler:
    given = {"jobs": 100, "lease": 30.0, "name": "one", **options}
    return Scheduler(store, bench or Bench(), **given)  # type: ignore[arg-type]


def add(store: Store, trigger: Trigger = MINUTELY, name: str = "job", **policies: object) -> Schedule:
    job = define(store)
    due = first_due(trigger, store.now())
    return store.add_schedule(name=name, definition_id=job.id, trigger=trigger, next_due=due, **policies)  # type: ignore[arg-type]


def kinds(store: Store) -> Counter[str]:
    return Counter(event.kind for event in store.events(limit=10_000))


def test_a_due_occurrence_becomes_a_run_and_starts(store: Store, clock: FakeClock) -> None:
    add(store)
    bench = Bench()
    one = scheduler(store, bench)
    clock.pass_by(-1)
    assert one.step().claimed == ()
    clock.pass_by(1)
    (run,) = one.step().claimed
    assert (run.due_at, run.reason, run.attempt, bench.submitted) == (NOON, "schedule", 1, [(run.id, 1)])
    assert one.step().claimed == ()
    assert store.schedule("job").next_due == NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("misfire", "counts"),
    [
        (Misfire.SKIP, {"skipped": 2, "queued": 1}),
        (Misfire.LATEST, {"skipped": 2, "queued": 1}),
        (Misfire.ALL, {"queued": 3}),
    ],
)
def test_a_daemon_that_was_down_for_130_seconds(
    store: Store, clock: FakeClock, misfire: Misfire, counts: dict[str, int]
) -> None:
    add(store, misfire=misfire)
    clock.pass_by(130)  # 12:00 and 12:01 are over a minute late, 12:02 is not
    scheduler(store, jobs=0).step()
    runs = store.runs(schedule="job")
    assert Counter(run.status.value for run in runs) == counts
    assert {run.reason for run in runs if run.status is RunStatus.SKIPPED} <= {"misfire"}
    assert [run.due_at for run in runs] == [NOON + timedelta(minutes=n) for n in (2, 1, 0)]


@pytest.mark.slow
def test_a_minutely_job_over_a_weekend_and_a_year(store: Store, clock: FakeClock) -> None:
    add(store)
    clock.pass_by(60 * 3600)
    assert (scheduler(store, jobs=0).step().skipped, kinds(store)["schedule.passed"]) == (3600, 0)
    clock.pass_by(365 * 86400)
    scheduler(store, jobs=0).step()
    assert kinds(store)["schedule.passed"] == 1
    (told,) = [event for event in store.events(limit=100_000) if event.kind == "schedule.passed"]
    assert told.data["first"] == (NOON + timedelta(hours=60, minutes=1)).isoformat()


def test_a_broken_row_puts_only_itself_out_of_action(store: Store, clock: FakeClock) -> None:
    names = ("trigger", "kind", "zone", "time", "sound")
    made = {name: add(store, name=name) for name in names}
    broken = {
        "trigger": ("trigger", "{not json"),
        "kind": ("trigger", '{"kind": "moon"}'),
        "zone": ("trigger", '{"kind": "cron", "expression": "* * * * *", "timezone": "Europe/Atlantis"}'),
        "time": ("next_due", "noon"),
    }
    engine = create_engine(store.url)
    with engine.begin() as connection:
        for name, (column, value) in broken.items():
            change = text(f"UPDATE schedule SET {column} = :value WHERE id = :id")
            connection.execute(change, {"value": value, "id": made[name].id})
    engine.dispose()
    clock.pass_by(1)
    one = scheduler(store)
    assert until_done(one) == [made["sound"].id]
    clock.pass_by(60)
    assert until_done(one) == []  # the first still runs: overlap
    shown = {schedule.name: schedule.disabled for schedule in store.schedules()}
    assert [name for name, reason in shown.items() if not reason] == ["sound"]
    assert "no time zone 'Europe/Atlantis'" in shown["zone"]
    assert kinds(store)["schedule.disabled"] == 4


def until_done(one: Scheduler) -> list[int | None]:
    """The schedules of what was claimed, when nothing that is due is left."""
    steps = [one.step()]
    while not steps[-1].is_done:
        steps.append(one.step())
    return [run.schedule_id for step in steps for run in step.claimed]


@pytest.mark.slow
def test_never_more_than_the_limit_of_the_pool(store: Store) -> None:
    job = define(store, settings=JobSettings(pool="few"))
    store.set_pool("few", 5)
    for _ in range(200):
        store.submit(definition_id=job.id, parameters={}, pool="few")
    bench = Bench(places=500)
    one, two = scheduler(store, bench, jobs=500), scheduler(store, bench, jobs=500, name="two")
    most = done = 0
    while done < 200:
        one.step()
        two.step()
        running = store.runs(status=(RunStatus.RUNNING,), limit=500)
        most = max(most, len(running))
        for run in running:
            store.finish(run.id, run.attempt, RunStatus.COMPLETED)
            bench.leave(run.id, run.attempt)
            done += 1
    assert (most, len(bench.submitted), len(set(bench.submitted))) == (5, 200, 200)


def test_jobs_and_places_bound_what_is_claimed(store: Store) -> None:
    job = define(store)
    for _ in range(10):
        store.submit(definition_id=job.id, parameters={})
    assert len(scheduler(store, Bench(places=3), jobs=5).step().claimed) == 3
    bench = Bench()
    one = scheduler(store, bench, jobs=2)
    first = one.step().claimed
    assert (len(first), one.step().claimed) == (2, ())
    store.finish(first[0].id, 1, RunStatus.COMPLETED)
    bench.leave(first[0].id, 1)
    assert len(one.step().claimed) == 1


def test_priorities_then_age(store: Store) -> None:
    job = define(store)
    made = [store.submit(definition_id=job.id, parameters={}, priority=n)[0] for n in (0, 5, 0, 9)]
    claimed = scheduler(store).step().claimed
    assert [run.id for run in claimed] == [made[n].id for n in (3, 1, 0, 2)]


def test_overlap_skip_and_replace(store: Store, clock: FakeClock) -> None:
    add(store, name="skips", overlap=Overlap.SKIP)
    add(store, name="replaces", overlap=Overlap.REPLACE)
    one = scheduler(store)
    until_done(one)
    clock.pass_by(60)
    until_done(one)
    assert [(run.status.value, run.reason) for run in store.runs(schedule="skips")] == [
        ("skipped", "overlap"),
        ("running", "schedule"),
    ]
    new, old = store.runs(schedule="replaces")
    assert (new.cancel_requested, old.cancel_requested) == ("", "the next run of schedule 'replaces'")


def test_jitter_delays_the_run_and_not_its_due_time(store: Store, clock: FakeClock) -> None:
    add(store, Once(at=NOON), jitter=600.0)
    one = scheduler(store)
    assert (one.step().queued, len(one.step().claimed)) == (1, 0)
    clock.pass_by(600)
    (run,) = one.step().claimed
    assert (run.due_at, store.schedule("job").next_due) == (NOON, None)


def test_a_supervisor_that_left_without_a_word_is_lost_at_once(store: Store) -> None:
    run, _ = store.submit(definition_id=define(store).id, parameters={})
    bench = Bench()
    one = scheduler(store, bench)
    one.step()
    bench.leave(run.id, 1, "exit code -9")
    stepped = one.step()
    assert (stepped.ended, [(r.id, r.attempt) for r in stepped.claimed]) == (1, [(run.id, 2)])
    assert [attempt.status.value for attempt in store.attempts(run.id)] == ["lost", "running"]
    failure = store.attempts(run.id)[0].failure
    assert failure is not None
    assert failure.message == "its supervisor is gone: exit code -9"


def test_what_the_executor_refuses_is_tried_again_and_given_up(store: Store) -> None:
    run, _ = store.submit(definition_id=define(store).id, parameters={})
    one = scheduler(store, Bench(refuses=True))
    for _ in range(6):
        one.step()
    ended = store.run(run.id)
    assert (ended.status.value, ended.attempt) == ("failed", 4)
    assert ended.failure is not None
    assert "the bench is closed" in ended.failure.message


def test_a_lease_that_ended_is_noticed_by_another_daemon(store: Store, clock: FakeClock) -> None:
    run, _ = store.submit(definition_id=define(store).id, parameters={})
    scheduler(store, lease=2.0).step()
    clock.pass_by(2.5)
    bench = Bench()
    other = scheduler(store, bench, lease=2.0, name="other")
    assert (other.step().lost, bench.submitted) == (1, [(run.id, 2)])


def test_runs_that_a_dead_daemon_left_here_take_their_place(store: Store, clock: FakeClock) -> None:
    job = define(store)
    for _ in range(3):
        store.submit(definition_id=job.id, parameters={})
    (left,) = scheduler(store, jobs=1, name="dead").step().claimed
    store.note_attempt(left.id, 1, host=socket.gethostname(), pid=os.getpid(), folder="")
    clock.pass_by(20)
    store.beat(left.id, 1, lease=60)
    clock.pass_by(20)
    heir = scheduler(store, jobs=2, name="heir")
    assert len(heir.step().claimed) == 1
    store.finish(left.id, 1, RunStatus.COMPLETED)
    assert wait_for(lambda: heir.step().claimed != (), 60)


def wait_for(happened: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.05)
    return False


def test_a_late_run_is_told_once(store: Store, clock: FakeClock) -> None:
    add(store, overlap=Overlap.QUEUE, grace=30.0)
    scheduler(store, jobs=0).step()
    clock.pass_by(29)
    scheduler(store, jobs=0, name="a").step()
    assert kinds(store)["run.late"] == 0
    clock.pass_by(2)
    for name in ("b", "c"):
        scheduler(store, jobs=0, name=name).step()
    (told,) = [event for event in store.events() if event.kind == "run.late"]
    assert (told.run_id, told.data["seconds"]) == (store.runs()[0].id, 31.0)


def finish_some(store: Store, definition_id: int, clock: FakeClock, seconds: float) -> list[Run]:
    ended = []
    for _ in range(3):
        run, _ = store.submit(definition_id=definition_id, parameters={})
        store.claim("hand", lease=1000, run_id=run.id)
        clock.pass_by(seconds)
        ended.append(store.finish(run.id, 1, RunStatus.COMPLETED))
    return ended


def test_a_run_that_takes_long_is_told_once(store: Store, clock: FakeClock) -> None:
    job = define(store)
    finish_some(store, job.id, clock, seconds=40)
    run, _ = store.submit(definition_id=job.id, parameters={})
    scheduler(store, lease=1000.0).step()
    clock.pass_by(79)
    scheduler(store, name="a").step()
    assert kinds(store)["run.long"] == 0
    clock.pass_by(2)
    scheduler(store, name="b").step()
    scheduler(store, name="c").step()
    (told,) = [event for event in store.events() if event.kind == "run.long"]
    assert (told.run_id, told.data) == (run.id, {"seconds": 81.0, "usual": 40.0})


def test_retention(store: Store, clock: FakeClock) -> None:
    ended = finish_some(store, define(store).id, clock, seconds=1)
    clock.pass_by(10 * 86400)
    removed: list[object] = []
    keep = Keep(older_than=timedelta(days=7), last=1, remove=removed.append)
    scheduler(store, keep=keep).step()
    assert ([run.id for run in store.runs()], len(removed)) == ([ended[-1].id], 1)


def test_daemons_show_themselves(store: Store) -> None:
    one = scheduler(store)
    one.step()
    assert [daemon.name for daemon in store.daemons()] == ["one"]
    assert kinds(store)["daemon.started"] == 1
    one.stop()
    one.run(signals=False)
    assert (store.daemons(), kinds(store)["daemon.stopped"]) == ([], 1)


def test_thousands_due_at_once_do_not_hold_up_what_is_queued(store: Store) -> None:
    job = define(store)
    for number in range(80):
        store.add_schedule(
            name=f"s{number}", definition_id=job.id, trigger=Every(seconds=60, anchor=NOON), next_due=NOON
        )
    one = scheduler(store, jobs=1000)
    stepped = [one.step()]
    while not stepped[-1].is_done:
        stepped.append(one.step())
    assert sum(step.queued for step in stepped) == 80
    assert {run.due_at for run in store.runs(limit=1000)} == {NOON}


def test_a_store_that_goes_away_is_waited_for(sqlite_url: str, clock: FakeClock) -> None:
    """Its file is no database for a while: the loop says so, waits, and goes on."""
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with open_store(sqlite_url, now=clock) as store:
        add(store)
        clock.pass_by(-10)
        one = scheduler(store, poll=0.05)
        loop = threading.Thread(target=one.run, kwargs={"signals": False})
        loop.start()
        try:
            assert wait_for(lambda: store.daemons() != [], 60)
            store.close()
            for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
                if name.exists():
                    name.rename(name.with_name(name.name + ".away"))
            file.write_bytes(b"this is no database" * 100)
            clock.pass_by(20)
            store.close()
            assert not wait_for(lambda: not loop.is_alive(), 0.5)
            file.unlink()
            for name in file.parent.glob("*.away"):
                name.rename(name.with_name(name.name.removesuffix(".away")))
            store.close()
            assert wait_for(lambda: len(store.runs()) == 1, 60)
        finally:
            one.stop()
            loop.join(60)
