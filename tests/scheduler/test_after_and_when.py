"""Runs after runs, and runs when a file appears: once for each, however often and by how many it is seen."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from scheduler.conftest import NOON, Bench, FakeClock, define

from nb2prod.model.job import Cron, Failure, FailureKind, Overlap, Run, RunAfter, RunStatus, Schedule, WhenThere
from nb2prod.scheduler.daemon import Scheduler
from nb2prod.scheduler.watch import Seen, files_at, settled
from nb2prod.store import Store


def scheduler(store: Store, name: str = "one") -> Scheduler:
    """Ready: it has looked through the schedules."""
    made = Scheduler(store, Bench(), jobs=100, lease=1000.0, name=name)
    for _ in range(3):
        made.step()
    return made


def after(store: Store, name: str, first: str, on: str = "completed", overlap: Overlap = Overlap.SKIP) -> Schedule:
    trigger = RunAfter(schedule=first, on=on)
    return store.add_schedule(
        name=name, definition_id=define(store).id, trigger=trigger, next_due=None, overlap=overlap
    )


@pytest.fixture
def first(store: Store) -> Schedule:
    trigger = Cron(expression="0 0 1 1 *")
    return store.add_schedule(name="first", definition_id=define(store).id, trigger=trigger, next_due=None)


def run_of(store: Store, schedule: Schedule, status: RunStatus = RunStatus.COMPLETED) -> Run:
    run, _ = store.submit(definition_id=schedule.definition_id, parameters={}, schedule_id=schedule.id)
    store.claim("hand", lease=1000, run_id=run.id)
    failure = Failure(kind=FailureKind.CELL_ERROR, message="x") if status is RunStatus.FAILED else None
    return store.finish(run.id, 1, status, failure)


def test_a_run_starts_its_followers_once(store: Store, first: Schedule) -> None:
    after(store, "good", "first")
    after(store, "bad", "first", on="failed")
    after(store, "either", "first", on="ended")
    one, two = scheduler(store), scheduler(store, "two")
    ended = run_of(store, first)
    for each in (one, two, one):
        each.step()
    assert [(run.reason, run.cause) for run in store.runs(schedule="good")] == [("after", ended.id)]
    assert [run.cause for run in store.runs(schedule="either")] == [ended.id]
    assert store.runs(schedule="bad") == []
    failed = run_of(store, first, RunStatus.FAILED)
    two.step()
    one.step()
    assert [run.cause for run in store.runs(schedule="bad")] == [failed.id]


def test_a_chain_goes_on_to_its_end(store: Store, first: Schedule) -> None:
    after(store, "second", "first")
    after(store, "third", "second")
    one = scheduler(store)
    run_of(store, first)
    one.step()
    (second,) = store.runs(schedule="second")
    store.finish(second.id, second.attempt, RunStatus.COMPLETED)
    one.step()
    assert [run.cause for run in store.runs(schedule="third")] == [second.id]


def test_what_ended_while_no_daemon_was_there_is_followed(store: Store, first: Schedule, clock: FakeClock) -> None:
    before = run_of(store, first)
    clock.pass_by(1)
    after(store, "second", "first", overlap=Overlap.ALLOW)
    clock.pass_by(1)
    ended = [run_of(store, first).id]
    scheduler(store)
    assert [run.cause for run in store.runs(schedule="second")] == ended
    ended += [run_of(store, first).id for _ in range(3)]
    scheduler(store, "later")
    causes = [run.cause for run in store.runs(schedule="second")]
    assert (sorted(causes), before.id in causes) == (sorted(ended), False)


def test_overlap_of_followers(store: Store, first: Schedule, clock: FakeClock) -> None:
    after(store, "skips", "first")
    after(store, "replaces", "first", overlap=Overlap.REPLACE)
    one = scheduler(store)
    for _ in range(2):
        clock.pass_by(1)
        run_of(store, first)
        one.step()
    assert [(run.status.value, run.reason) for run in store.runs(schedule="skips")] == [
        ("skipped", "overlap"),
        ("running", "after"),
    ]
    assert [bool(run.cancel_requested) for run in store.runs(schedule="replaces")] == [False, True]


def test_a_paused_or_removed_follower_does_not_follow(store: Store, first: Schedule) -> None:
    paused = after(store, "paused", "first")
    after(store, "removed", "first")
    one = scheduler(store)
    store.replace_schedule(replace(paused, paused=True))
    store.remove_schedule("removed")
    one.step()
    run_of(store, first)
    one.step()
    assert store.runs(schedule="paused") == []


def test_settled() -> None:
    there = {"new": "1", "changing": "2", "calm": "1", "done": "1", "again": "2"}
    seen = {"changing": Seen("1", 0.0), "calm": Seen("1", 0.0)}
    ready, kept = settled(there, seen, {"done": "1", "again": "1"}, 5.0, 5.0)
    assert ready == ["calm"]
    assert kept == {"new": Seen("1", 5.0), "changing": Seen("2", 5.0), "again": Seen("2", 5.0)}


def until(one: Scheduler, happened: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        one.step()
        time.sleep(0.05)


def when(store: Store, url: str, **options: object) -> Schedule:
    trigger = WhenThere(url=url, settle=0.2, parameter="path")
    job = define(store)
    return store.add_schedule(
        name="when",
        definition_id=job.id,
        trigger=trigger,
        next_due=None,
        overlap=Overlap.ALLOW,
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.slow
def test_a_run_for_each_new_or_changed_file(store: Store, tmp_path: Path) -> None:
    when(store, f"{tmp_path}/in/*.csv")
    (tmp_path / "in").mkdir()
    one = scheduler(store)
    (tmp_path / "in" / "a.csv").write_text("1")
    (tmp_path / "in" / "b.txt").write_text("1")
    until(one, lambda: len(store.runs()) == 1)
    (run,) = store.runs()
    file = str(tmp_path / "in" / "a.csv")
    assert (run.reason, run.cause, run.parameters) == ("when", file, {"path": file})
    (tmp_path / "in" / "b.csv").write_text("1")
    (tmp_path / "in" / "a.csv").write_text("22")
    until(one, lambda: len(store.runs()) == 3)
    two = scheduler(store, "two")
    for _ in range(30):
        one.step()
        two.step()
        time.sleep(0.05)
    assert len(store.runs()) == 3


@pytest.mark.slow
def test_a_folder_that_appears(store: Store, tmp_path: Path) -> None:
    when(store, f"file://{tmp_path}/day=1")
    one = scheduler(store)
    (tmp_path / "day=1").mkdir()
    (tmp_path / "day=1" / "part").write_text("1")
    until(one, lambda: len(store.runs()) == 1)
    assert store.runs()[0].cause == str(tmp_path / "day=1")


@pytest.mark.slow
def test_dates_bound_when_files_are_looked_for(store: Store, tmp_path: Path, clock: FakeClock) -> None:
    when(store, f"{tmp_path}/x", start_at=NOON + timedelta(hours=1))
    (tmp_path / "x").write_text("1")
    one = scheduler(store)
    for _ in range(20):
        one.step()
        time.sleep(0.05)
    assert store.runs() == []
    clock.pass_by(3600)
    until(one, lambda: len(store.runs()) == 1)


class Remote(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A place that can be out of reach."""

    protocol = "remote"
    is_there = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("remote://").lstrip("/")

    def info(self, path: str, **options: object) -> object:
        if not Remote.is_there:
            raise ConnectionError("no route to host")
        return super().info(path, **options)


def kinds(store: Store) -> list[str]:
    return [event.kind for event in store.events(limit=1000) if "reachable" in event.kind]


def test_a_remote_out_of_reach_is_an_event_and_stops_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("remote", Remote, clobber=True)
    when(store, "remote://bucket/data.csv")
    one = scheduler(store)
    until(one, lambda: kinds(store) == ["schedule.unreachable"])
    Remote().pipe("/bucket/data.csv", b"1")
    monkeypatch.setattr(Remote, "is_there", True)
    until(one, lambda: len(store.runs()) == 1)
    assert kinds(store) == ["schedule.unreachable", "schedule.reachable"]
    assert store.runs()[0].parameters == {"path": "remote:///bucket/data.csv"}


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert files_at(f"{tmp_path}/none") == {}
    assert files_at(f"{tmp_path}/none/*") == {}
    (tmp_path / "x").write_text("1")
    before = files_at(f"{tmp_path}/x")
    os.utime(tmp_path / "x", (1, 1))
    assert (list(before), files_at(f"{tmp_path}/x") == before) == ([str(tmp_path / "x")], False)
