"""Real daemons: a worker that dies is replaced in time, a daemon's end is nobody else's, a cancel outlives it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from scheduler.conftest import define, fake_variables

from nb2prod.model.job import RunStatus
from nb2prod.store import Store, Superseded, open_store

pytestmark = pytest.mark.slow
LEASE = 3.0


def wait(happened: Callable[[], bool], seconds: float = 60.0) -> float:
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - began


@contextmanager
def daemon(url: str, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, str(Path(__file__).with_name("fake_daemon.py")), url, "4", str(LEASE)]
    process = subprocess.Popen(command, env={**os.environ, **fake_variables(log, LEASE)})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def thawed(pid: int) -> Iterator[None]:
    """However the test ends, none stays frozen."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "fake.log"
    file.touch()
    return file


@pytest.fixture
def real_store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as store:
        yield store


def lines(log: Path, word: str) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines() if line.startswith(word)]


def submit(store: Store, **parameters: object) -> str:
    return store.submit(definition_id=define(store).id, parameters=parameters)[0].id


def test_a_host_that_dies_is_noticed_within_two_leases_and_may_write_no_more(real_store: Store, log: Path) -> None:
    """Its daemon is killed, and its supervisor is frozen: so all are silent, and one of them comes back to write."""
    run_id = submit(real_store, seconds=4)
    with daemon(real_store.url, log) as first:
        wait(lambda: len(lines(log, "start")) == 1)
        first.kill()
    frozen = int(lines(log, "start")[0][3])
    os.kill(frozen, signal.SIGSTOP)
    died = time.monotonic()
    with thawed(frozen), daemon(real_store.url, log):
        wait(lambda: len(lines(log, "start")) == 2)
        assert time.monotonic() - died < 2 * LEASE + 60  # a daemon that is started only now, on a machine under load
        os.kill(frozen, signal.SIGCONT)
        wait(lambda: len(lines(log, "superseded")) == 1)
        wait(lambda: real_store.run(run_id).status.is_final)
    ended = real_store.run(run_id)
    attempts = [attempt.status.value for attempt in real_store.attempts(run_id)]
    assert (ended.status.value, attempts[0], attempts[-1]) == ("completed", "lost", "completed")
    with pytest.raises(Superseded):
        real_store.finish(run_id, 1, RunStatus.COMPLETED)


def test_a_worker_that_is_killed_is_replaced_at_once_while_its_daemon_lives(real_store: Store, log: Path) -> None:
    run_id = submit(real_store, seconds=1)
    with daemon(real_store.url, log):
        wait(lambda: len(lines(log, "start")) == 1)
        os.kill(int(lines(log, "start")[0][3]), signal.SIGKILL)
        wait(lambda: real_store.run(run_id).status.is_final)
    assert [attempt.status.value for attempt in real_store.attempts(run_id)] == ["lost", "completed"]


def test_a_daemon_that_ends_leaves_its_supervisors_alone(real_store: Store, log: Path) -> None:
    run_id, waiting = submit(real_store, seconds=2), []
    with daemon(real_store.url, log) as process:
        wait(lambda: len(lines(log, "start")) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        waiting.append(submit(real_store))
    assert real_store.run(run_id).status is RunStatus.RUNNING
    wait(lambda: real_store.run(run_id).status is RunStatus.COMPLETED)
    assert (real_store.run(run_id).attempt, real_store.run(waiting[0]).status.value) == (1, "queued")
    assert real_store.daemons() == []


def test_a_cancel_works_after_the_daemon_was_started_again(real_store: Store, log: Path) -> None:
    run_id = submit(real_store, seconds=60)
    with daemon(real_store.url, log) as first:
        wait(lambda: len(lines(log, "start")) == 1)
        first.kill()
    with daemon(real_store.url, log):
        wait(lambda: real_store.daemons() != [] and len(lines(log, "start")) == 1)
        real_store.cancel(run_id, "somebody")
        wait(lambda: real_store.run(run_id).status is RunStatus.CANCELLED)
    assert [attempt.status.value for attempt in real_store.attempts(run_id)] == ["cancelled"]
