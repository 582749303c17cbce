"""Runs of a project on a Dask cluster whose workers and scheduler are killed under it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from connectors.servers import s3_server
from dask_cluster import DaskCluster
from executors.calls import eventually, marked
from executors.eventful import ENVIRONMENT, Eventful

pytestmark = pytest.mark.slow
# those beside a step that kills workers are lost with it, each time
BESIDE = ("load", "broken", "after_broken", "flaky", "fragile", "left", "right", "join", "draw", "draw_more")
POLICIES = {"sleepy": {"lost": 3}, "holder": {"lost": 3}, **{name: {"lost": 3, "retries": 1} for name in BESIDE}}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path, nanny=True)
    made.start()
    yield made
    made.stop()


def project(root: Path, cluster: DaskCluster) -> Eventful:
    made = Eventful(root=root, executor=["dask", "--address", cluster.address]).write()
    return made.settle(POLICIES)


def test_a_run_outlives_a_worker_and_stops_at_a_step_that_kills_them(cluster: DaskCluster, tmp_path: Path) -> None:
    eventful = project(tmp_path / "project", cluster)
    (eventful.notes / "mended").write_text("")
    with subprocess.Popen(eventful.command(), stderr=subprocess.PIPE, env=ENVIRONMENT) as runner:
        assert eventually(lambda: len(eventful.noted("sleepy")) == 1)
        (eventful.notes / "fixed").write_text("")
        os.kill(_worker_of(eventful.noted("sleepy")[0]), signal.SIGKILL)
        _, said = runner.communicate(timeout=120)
    assert runner.returncode == 0, said.decode()
    assert len(eventful.noted("sleepy")) == 2
    assert max(len(eventful.noted(step)) for step in ("load", "left", "right", "join", "draw", "draw_more")) <= 2

    (eventful.notes / "kill-workers").write_text("")
    ran = eventful.run("-p", "rows=6")
    assert (ran.code, ran.steps("status")["deadly"], ran.steps("status")["join"]) == (3, "failed", "completed")
    assert "step 'deadly' of pipeline 'eventful' failed in its process: its Dask worker is gone" in ran.err
    assert len(eventful.noted("deadly")) == 1 + 2
    (eventful.notes / "kill-workers").unlink()
    again = eventful.run("--resume", ran.record["run"])
    assert (again.code, again.steps("cached")["join"]) == (0, True)


def test_a_run_whose_scheduler_is_killed_goes_on_with_another_cluster(cluster: DaskCluster, tmp_path: Path) -> None:
    eventful = project(tmp_path / "project", cluster)
    with subprocess.Popen(eventful.command(), stderr=subprocess.PIPE, env=ENVIRONMENT) as runner:
        assert eventually(lambda: len(eventful.noted("sleepy")) == 1 and len(eventful.noted("join")) == 1)
        assert cluster.scheduler is not None
        cluster.scheduler.kill()
        _, said = runner.communicate(timeout=120)
    assert runner.returncode == 3
    assert f"error: the scheduler of the Dask cluster at {cluster.address} is gone" in said.decode()
    (record,) = eventful.records()
    assert f"--resume {record.parent.name}" in said.decode()
    assert eventually(lambda: marked(record.parent.name) == [])
    cluster.stop()

    cluster.start()
    (eventful.notes / "fixed").write_text("")
    eventful.executor = ["dask", "--address", cluster.address]
    resumed = eventful.run("--resume", record.parent.name)
    assert resumed.code == 0, resumed.err
    cached = resumed.steps("cached")
    assert (cached["load"], cached["left"], cached["join"], cached["sleepy"]) == (True, True, True, False)


def _worker_of(pid: int) -> int:
    """Above the step, its keeper and the server."""
    for _ in range(3):
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def test_results_in_an_object_store_outlive_the_cluster(tmp_path: Path) -> None:
    """What was made on one executor is known on another, and what a worker has made it need not fetch."""
    with s3_server() as store:
        store.empty()
        keys = store.ENVIRONMENT
        env = {"AWS_ENDPOINT_URL": store.url, "AWS_ACCESS_KEY_ID": keys["LAKE_KEY"]}
        env |= {"AWS_SECRET_ACCESS_KEY": keys["LAKE_SECRET"], "AWS_DEFAULT_REGION": "us-east-1"}
        cluster = DaskCluster(tmp_path, environment=env)
        cluster.start()
        try:
            eventful = Eventful(root=tmp_path / "project", executor=["dask", "--address", cluster.address]).write()
            there = ["--artifacts", f"s3://{store.BUCKET}/results"]
            ran = eventful.run(*there, env=env)
            made = {name for name, status in ran.steps("status").items() if status == "completed"}
            assert made == {"load", "flaky", "fragile", "deadly", "left", "right", "join", "draw", "draw_more"}
            assert ran.steps("moved_bytes")["load"] > 100
            assert list(tmp_path.glob("*/worker-*/nb2prod-near/blobs/*")) or list(tmp_path.rglob("nb2prod-near"))
        finally:
            cluster.stop()
        (eventful.notes / "fixed").write_text("")
        eventful.executor = ["local"]
        resumed = eventful.run(*there, "--resume", ran.record["run"], env=env)
        assert resumed.code == 0, resumed.err
        assert {name for name, cached in resumed.steps("cached").items() if cached} == made
        assert resumed.record["metrics"] == {"result": 68}
