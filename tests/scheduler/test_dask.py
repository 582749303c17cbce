"""Runs on a real Dask cluster on this machine: a scheduler and two workers, each a process of its own."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from dask_cluster import DaskCluster, wait
from scheduler.conftest import define

from nb2prod.errors import InvalidOption
from nb2prod.execution.executors.dask import StoreAddress
from nb2prod.execution.executors.executor import Executor, ExecutorOrder, open_executor
from nb2prod.model.job import JobSettings, Retry, RunStatus
from nb2prod.scheduler.daemon import Scheduler
from nb2prod.store import Store, open_store

pytestmark = pytest.mark.slow
LEASE = 6.0


@pytest.fixture
def cluster(tmp_path: Path, fake_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaskCluster]:  # noqa: ARG001
    monkeypatch.setenv("NB2PROD_FAKE_LEASE", str(LEASE))
    made = DaskCluster(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def real_store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url) as store:
        yield store


@contextlib.contextmanager
def scheduling(store: Store, address: str) -> Iterator[tuple[Scheduler, Executor]]:
    order = ExecutorOrder(store_url=store.url, jobs=8, address=address, supervisor="scheduler.fake_supervisor")
    executor = open_executor("dask", order)
    try:
        yield Scheduler(store, executor, jobs=8, lease=LEASE), executor
    finally:
        executor.close()


def lines(log: Path, word: str) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines() if line.startswith(word)]


def submit(store: Store, **parameters: object) -> str:
    job = define(store, settings=JobSettings(retry=Retry(lost=20)))
    return store.submit(definition_id=job.id, parameters=parameters)[0].id


def stepped(one: Scheduler, happened: Callable[[], bool]) -> Callable[[], bool]:
    def step() -> bool:
        one.step()
        return happened()

    return step


def worker_of(pid: int) -> psutil.Process:
    """Its supervisor's parent is the nursery, whose parent is the worker."""
    return next(each for each in psutil.Process(pid).parents() if "dask_worker" in " ".join(each.cmdline()))


def test_runs_survive_workers_and_clusters(real_store: Store, cluster: DaskCluster, fake_environment: Path) -> None:
    log = fake_environment
    with scheduling(real_store, cluster.address) as (one, executor):
        several = [submit(real_store, seconds=0.5) for _ in range(6)]
        wait(stepped(one, lambda: all(real_store.run(each).status is RunStatus.COMPLETED for each in several)))
        assert len({line[1] for line in lines(log, "end")}) == len(lines(log, "end")) == 6
        assert real_store.attempts(several[0])[-1].host != ""

        # a host dies: the worker and what it had started
        hit = submit(real_store, seconds=3)
        wait(stepped(one, lambda: started(log, hit)))
        worker, supervisor = worker_of(pid_of(log, hit)), pid_of(log, hit)
        for pid in (worker.pid, supervisor):
            os.kill(pid, signal.SIGKILL)
        wait(stepped(one, lambda: real_store.run(hit).status is RunStatus.COMPLETED))
        assert ends(real_store, hit)[0] == "lost"

        # the whole cluster dies, and comes again where it was
        hit = submit(real_store, seconds=3)
        wait(stepped(one, lambda: started(log, hit)))
        port = int(cluster.address.rpartition(":")[2])
        cluster.stop()
        os.kill(pid_of(log, hit), signal.SIGKILL)
        later = submit(real_store)
        wait(stepped(one, lambda: executor.capacity() == 0))
        cluster.start(port)
        wait(stepped(one, lambda: all(real_store.run(each).status is RunStatus.COMPLETED for each in (hit, later))), 90)
        assert ends(real_store, hit)[0] == "lost"
        assert len({line[1] for line in lines(log, "end")}) == len(lines(log, "end")) == 9


def started(log: Path, run_id: str) -> bool:
    return any(line[1] == run_id for line in lines(log, "start"))


def pid_of(log: Path, run_id: str) -> int:
    return next(int(line[3]) for line in reversed(lines(log, "start")) if line[1] == run_id)


def ends(store: Store, run_id: str) -> list[str]:
    return [attempt.status.value for attempt in store.attempts(run_id)]


def test_dask_is_not_shown_the_password() -> None:
    assert repr(StoreAddress("postgresql://me:secret@host/db")) == "StoreAddress(…)"


def test_a_cluster_needs_an_address() -> None:
    with pytest.raises(InvalidOption, match="executor dask: say the address of the scheduler"):
        open_executor("dask", ExecutorOrder(store_url="", jobs=1))


def test_a_cluster_out_of_reach_takes_nothing(real_store: Store, fake_environment: Path) -> None:
    run_id = submit(real_store)
    with scheduling(real_store, "tcp://127.0.0.1:9") as (one, executor):
        for _ in range(5):
            one.step()
        assert executor.capacity() == 0
    assert (real_store.run(run_id).status.value, lines(fake_environment, "start")) == ("queued", [])
