"""Steps on a real Dask cluster on this machine: a scheduler and two workers, each a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dask_cluster import DaskCluster
from distributed import Client
from executors.calls import (
    ENVIRONMENT,
    WORKER,
    call,
    carry_out_all,
    eventually,
    is_alive,
    marked,
    next_outcome,
    outcome_of,
    reason,
    result,
)

from nb2prod.execution.steps.dask import PLUGIN, DaskSteps
from nb2prod.runtime.errors import ExecutorLost, ProjectError
from nb2prod.runtime.project import Settings
from nb2prod.runtime.steps.calls import Ending, Outcome

pytestmark = pytest.mark.slow
SMALL = int(os.environ.get("NB2PROD_SMALL_STEPS", "100"))  # 1,000 by `make soak-steps`


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path_factory.mktemp("dask"), environment=ENVIRONMENT)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[DaskCluster]:
    """One of its own, for a test that breaks it; its workers come again."""
    made = DaskCluster(tmp_path, nanny=True, environment=ENVIRONMENT)
    made.start()
    yield made
    made.stop()


@contextlib.contextmanager
def dask_steps(cluster: DaskCluster) -> Iterator[DaskSteps]:
    client: Any = Client(cluster.address, set_as_default=False)  # type: ignore[no-untyped-call]
    executor = DaskSteps(client, worker=WORKER)
    try:
        yield executor
    finally:
        executor.close()


@pytest.fixture(scope="module")
def dask(cluster: DaskCluster) -> Iterator[DaskSteps]:
    with dask_steps(cluster) as executor:
        yield executor


def test_a_step_answers(dask: DaskSteps, cluster: DaskCluster) -> None:
    outcome = outcome_of(dask, call("where", run="r-dask"))
    found = result(outcome)
    assert (found["run"], found["session"]) == ("r-dask", found["pid"])
    assert outcome.host.startswith("tcp://127.0.0.1:")
    assert outcome.host != cluster.address
    assert not is_alive(outcome.pid)


def test_what_was_lost_with_its_worker_as_it_was_done_is_told() -> None:
    """Dask knows such a future as `lost`, and may never have more to tell of it."""

    class Lost:
        status = "lost"

        def exception(self, timeout: float) -> None:
            raise TimeoutError(f"nothing in {timeout} s")

        def add_done_callback(self, told: Callable[["Lost"], None]) -> None:
            told(self)

    loop = SimpleNamespace(add_callback=lambda *_, **__: None)
    scheduler = SimpleNamespace(event_clear=None, identity=None)
    client = SimpleNamespace(
        status="running",
        submit=lambda *_, **__: Lost(),
        sync=lambda *_, **__: {"workers": {}},
        loop=loop,
        scheduler=scheduler,
    )
    outcome = outcome_of(DaskSteps(client), call("add"))
    assert outcome.ending is not None
    assert outcome.ending.reason == "lost"
    assert outcome.ending.message.startswith("its worker left with what it had to tell: nothing in")


def test_a_deadline_holds_though_the_step_holds_the_gil(dask: DaskSteps) -> None:
    outcome = outcome_of(dask, call("hold_the_gil", timeout=0.3))
    assert outcome.ending == Ending(reason="timeout", message="it was ended after 0.3 s")
    assert not is_alive(outcome.pid)


def test_a_memory_limit(dask: DaskSteps) -> None:
    outcome = outcome_of(dask, call("take_memory", values={"size": 400 << 20}, memory=150_000_000))
    assert reason(outcome) == "memory"


def test_a_death_costs_no_worker(dask: DaskSteps) -> None:
    outcome = outcome_of(dask, call("kill", values={"number": 9}))
    assert outcome.ending == Ending(reason="died", signal=9, message="its process was killed by SIGKILL")
    assert result(outcome_of(dask, call("add", values={"a": 1, "b": 2}))) == 3


def test_cancelled_where_it_runs_and_where_it_waits(dask: DaskSteps, tmp_path: Path) -> None:
    note = tmp_path / "note"
    calls = [call("note", step=f"n-{n}", values={"path": str(note), "seconds": 60}) for n in range(6)]
    for each in calls:
        assert dask.capacity(each)
        dask.submit(each)
    assert eventually(lambda: note.exists() and note.read_text().count("\n") == 4)
    for each in calls:
        dask.cancel(each.ticket)
    found: list[Outcome] = []

    def all_told() -> bool:
        found.extend(dask.wait(0.1))
        return len(found) == 6

    assert eventually(all_told)
    assert {reason(outcome) for outcome in found} == {"cancelled"}
    assert not any(is_alive(int(pid)) for pid in note.read_text().split())


def test_a_step_goes_where_what_it_takes_was_made(dask: DaskSteps) -> None:
    makers = [call("add", step=f"make-{n}", values={"a": n, "b": 1}) for n in range(4)]
    made = carry_out_all(dask, makers)
    for each in makers:
        taken = {"value": {"bundle": f"bundle-of-{each.step}", "field": ""}}
        assert outcome_of(dask, call("where", inputs=taken)).host == made[each.step].host


def test_a_graphics_card_that_no_worker_has(dask: DaskSteps) -> None:
    said = "it needs a GPU, and no worker has one: start workers with --resources GPU=1"
    assert outcome_of(dask, call("add", gpus=1)).ending == Ending(reason="refused", message=said)


def test_many_small_steps(dask: DaskSteps) -> None:
    calls = [call("add", step=f"add-{number}", values={"a": number, "b": 1}) for number in range(SMALL)]
    found = carry_out_all(dask, calls)
    assert [result(found[each.step]) for each in calls] == list(range(1, SMALL + 1))
    assert len({outcome.host for outcome in found.values()}) == 2


def test_nothing_is_left_on_the_cluster(cluster: DaskCluster, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with dask_steps(cluster) as executor:
        outcome_of(executor, call("add", values={"a": 1, "b": 2}))
        executor.submit(call("note", run="r-left", values={"path": str(note), "seconds": 60}))
        assert eventually(note.exists)
        session = executor.session
    assert marked("r-left") == []
    assert _servers(cluster, session) == 0
    assert [flag for flag in _flags(cluster) if session in flag] == []


def test_nothing_is_left_when_the_runner_is_killed(cluster: DaskCluster, tmp_path: Path) -> None:
    note = tmp_path / "note"
    program = f"""
        from distributed import Client
        from executors.calls import WORKER, call
        from nb2prod.execution.steps.dask import DaskSteps
        executor = DaskSteps(Client({cluster.address!r}), worker=WORKER)
        executor.submit(call("daemonize_and_hang", values={{"note": {str(note)!r}}}, run="r-killed"))
        executor.wait(1000)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, env=ENVIRONMENT, start_new_session=True) as runner:
        assert eventually(lambda: note.exists() and note.read_text() != "")
        runner.kill()
        runner.wait(60)
    assert eventually(lambda: not is_alive(int(note.read_text())))
    assert eventually(lambda: marked("r-killed") == [])
    assert eventually(lambda: _flags(cluster) == [])


def test_a_worker_that_is_killed_loses_the_step_and_runs_it_once(fragile: DaskCluster, tmp_path: Path) -> None:
    note = tmp_path / "note"
    asked = call("note", values={"path": str(note), "seconds": 2})
    with dask_steps(fragile) as executor:
        executor.submit(asked)
        assert eventually(lambda: note.exists() and note.read_text() != "")
        os.kill(_host_of(int(note.read_text())), signal.SIGKILL)
        assert reason(next_outcome(executor)) == "lost"
        assert note.read_text().count("\n") == 1
        again = call("note", attempt=2, values={"path": str(note), "seconds": 0})
        assert result(outcome_of(executor, again)) == "noted"
        assert note.read_text().count("\n") == 2


def test_a_step_that_kills_its_worker_eats_one_for_each_attempt(fragile: DaskCluster, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with dask_steps(fragile) as executor:
        for attempt in (1, 2):
            outcome = outcome_of(executor, call("kill_host", attempt=attempt, values={"path": str(note)}))
            assert reason(outcome) == "lost"
        assert note.read_text().count("\n") == 2
        assert result(outcome_of(executor, call("add", values={"a": 1, "b": 2}))) == 3


def test_a_scheduler_that_is_killed(fragile: DaskCluster, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with dask_steps(fragile) as executor:
        executor.submit(call("note", run="r-lost", values={"path": str(note), "seconds": 60}))
        assert eventually(note.exists)
        assert fragile.scheduler is not None
        fragile.scheduler.kill()
        with pytest.raises(ExecutorLost, match=r"the scheduler of the Dask cluster at tcp://.* is gone"):
            _wait_for_ever(executor)
    assert eventually(lambda: marked("r-lost") == [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            "executor 'dask' needs a cluster; say the address of its scheduler: --address tcp://HOST:8786, or address",
        ),
        (
            {"adress": "x"},
            "executors.dask.adress is no option of this executor; there are address, scheduler_file, jobs",
        ),
        ({"address": "tcp://h", "jobs": 0}, "executors.dask.jobs is 0; it must be a whole number above 0"),
        ({"scheduler_file": "/nowhere.json"}, "there is no scheduler file /nowhere.json: "),
    ],
)
def test_what_cannot_be_opened(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    settings = Settings(package="tiny", name="tiny", root=tmp_path, workdir=tmp_path, runs=tmp_path)
    with pytest.raises(ProjectError) as raised:
        PLUGIN.open(settings, options)
    assert str(raised.value).startswith(message)


def _wait_for_ever(executor: DaskSteps) -> None:
    while True:
        executor.wait(0.2)


def _host_of(pid: int) -> int:
    """The worker: above the step, its keeper and the server."""
    for _ in range(3):
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def _flags(cluster: DaskCluster) -> list[str]:
    return [str(name) for name in _asked(cluster, "run_on_scheduler", _events)]


def _servers(cluster: DaskCluster, session: str) -> int:
    from nb2prod.execution.steps.site import left_here

    return sum(_asked(cluster, "run", left_here, session).values())


def _events(dask_scheduler: Any) -> list[str]:
    return list(dask_scheduler.extensions["events"]._events)


def _asked(cluster: DaskCluster, how: str, *arguments: Any) -> Any:
    with Client(cluster.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        return getattr(client, how)(*arguments)
