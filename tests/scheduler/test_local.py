"""The local executor with real processes: warm starts, exits that are noticed, and going on without a nursery."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from scheduler.conftest import define

from nb2prod.execution.executors.executor import (
    AttemptState,
    Executor,
    ExecutorOrder,
    UnknownExecutor,
    executor_kinds,
    open_executor,
)
from nb2prod.execution.executors.local import LocalExecutor
from nb2prod.store import Store, open_store

pytestmark = pytest.mark.slow
FAKE = "scheduler.fake_supervisor"


def wait(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def real_store(sqlite_url: str, fake_environment: Path) -> Iterator[Store]:  # noqa: ARG001
    with open_store(sqlite_url) as store:
        yield store


@pytest.fixture
def executor(real_store: Store) -> Iterator[Executor]:
    opened = open_executor("local", ExecutorOrder(store_url=real_store.url, jobs=4, supervisor=FAKE))
    assert opened.capacity() == 0
    wait(lambda: opened.capacity() == 4)  # it is warm
    yield opened
    opened.close()


def claimed(store: Store, **parameters: object) -> tuple[str, int]:
    run, _ = store.submit(definition_id=define(store).id, parameters=parameters)
    (started,) = store.claim("test", lease=30, run_id=run.id)
    return started.id, started.attempt


def lines(log: Path, word: str) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines() if line.startswith(word)]


def test_a_supervisor_starts_in_milliseconds_when_the_nursery_is_warm(
    real_store: Store, executor: Executor, fake_environment: Path
) -> None:
    executor.submit(*claimed(real_store))
    wait(lambda: bool(executor.ended()))
    took = []
    for _ in range(5):
        key = claimed(real_store)
        before = time.monotonic()
        executor.submit(*key)
        wait(lambda: executor.poll(*key) is AttemptState.ENDED)  # noqa: B023
        took.append(time.monotonic() - before)
    assert len(lines(fake_environment, "end")) == 6
    assert min(took) < 1.0, took  # a new Python takes longer, whatever the machine has to do
    sessions = {line[3] for line in lines(fake_environment, "start")}
    assert len(sessions) == 6


def test_the_same_attempt_is_started_once(real_store: Store, executor: Executor, fake_environment: Path) -> None:
    key = claimed(real_store, seconds=0.3)
    for _ in range(3):
        executor.submit(*key)
    assert executor.capacity() == 3
    wait(lambda: executor.poll(*key) is AttemptState.ENDED)
    executor.submit(*key)
    assert ([end.how for end in executor.ended()], executor.capacity()) == (["exit code 0"], 4)
    assert len(lines(fake_environment, "start")) == 1
    assert executor.poll("another", 1) is AttemptState.UNKNOWN


def test_how_a_supervisor_left_is_noticed(real_store: Store, executor: Executor, fake_environment: Path) -> None:
    executor.submit(*claimed(real_store, exit=7))
    wait(lambda: executor.capacity() == 4)
    killed = claimed(real_store, seconds=30)
    executor.submit(*killed)
    wait(lambda: len(lines(fake_environment, "start")) == 2)
    os.kill(int(lines(fake_environment, "start")[1][3]), signal.SIGKILL)
    wait(lambda: executor.capacity() == 4)
    assert [end.how for end in executor.ended()] == ["exit code 7", "exit code -9"]


def test_supervisors_outlive_the_executor_and_their_nursery(
    real_store: Store, executor: Executor, fake_environment: Path
) -> None:
    assert isinstance(executor, LocalExecutor)
    first, second = claimed(real_store, seconds=1.0), claimed(real_store, seconds=1.0)
    executor.submit(*first)
    wait(lambda: len(lines(fake_environment, "start")) == 1)
    nursery = psutil.Process(int(lines(fake_environment, "start")[0][3])).parent()
    assert nursery is not None
    nursery.kill()
    wait(lambda: not nursery.is_running())
    executor.submit(*second)  # from a new one
    wait(lambda: len(lines(fake_environment, "end")) == 2)
    wait(lambda: executor.capacity() == 4)
    assert sorted(real_store.run(key[0]).status.value for key in (first, second)) == ["completed", "completed"]


def test_without_a_nursery_each_is_started_anew(real_store: Store, fake_environment: Path) -> None:
    """A module that runs as a program and cannot be imported: its nursery dies before it is ready."""
    changes: list[str] = []
    order = ExecutorOrder(
        store_url=real_store.url,
        jobs=2,
        supervisor="scheduler.unimportable_supervisor",
        changed=lambda: changes.append("changed"),
    )
    executor = open_executor("local", order)
    key = claimed(real_store)
    executor.submit(*key)
    wait(lambda: executor.poll(*key) is AttemptState.ENDED)
    assert real_store.run(key[0]).status.value == "completed"
    assert (len(lines(fake_environment, "end")), bool(changes)) == (1, True)
    executor.close()


def test_no_process_is_left_when_it_is_closed(real_store: Store, fake_environment: Path) -> None:  # noqa: ARG001
    executor = open_executor("local", ExecutorOrder(store_url=real_store.url, jobs=2, supervisor=FAKE))
    key = claimed(real_store)
    executor.submit(*key)
    wait(lambda: executor.poll(*key) is AttemptState.ENDED)
    executor.close()
    wait(lambda: not [each for each in psutil.Process().children() if "nursery" in " ".join(each.cmdline())])


def test_executors_by_name() -> None:
    assert {"local", "dask"} <= set(executor_kinds())
    with pytest.raises(UnknownExecutor, match="no executor is called 'locl'; did you mean 'local'"):
        open_executor("locl", ExecutorOrder(store_url="", jobs=1))
