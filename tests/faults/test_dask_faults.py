"""Faults of steps on a real Dask cluster, whose workers have the fault in their environment."""

from collections.abc import Iterator, Mapping

import pytest
from dask_cluster import DaskCluster
from faults.prices import Prices, raised_plainly
from faults.ten import MISSING, Ten

from nb2prod.cli.main import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    faults = {"NB2PROD_FAULTS": "join:kill,times=1"}
    made = DaskCluster(tmp_path_factory.mktemp("dask"), environment=faults)
    made.start()
    yield made
    made.stop()


def on(cluster: DaskCluster) -> list[str]:
    return ["--executor", "dask", "--address", cluster.address]


def test_a_step_whose_process_was_killed_is_tried_again(
    cluster: DaskCluster, ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    ten.policy("join", retry_delay=0.01)
    ran = ten.run(*on(cluster))
    assert (ran.code, ran.metrics) == (0, undisturbed), ran.err
    assert ran.step("join")["attempts"] == 2


def test_what_lasts_is_told_and_resumed_elsewhere(
    cluster: DaskCluster, ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    ten.policy("join", lost=0)
    ran = ten.run(*on(cluster))
    assert (ran.code, ran.step("join")["error"]["reason"]) == (3, "its process was killed by SIGKILL")
    resumed = ten.run("--executor", "local", "--resume", ran.run)
    assert (resumed.code, resumed.metrics) == (0, undisturbed), resumed.err
    assert set(resumed.computed()) == MISSING


def test_a_step_that_failed_there_is_replayed_here(cluster: DaskCluster, prices: Prices) -> None:
    failed = prices.run(*on(cluster))
    assert failed.code == 3
    path = prices.root / "there.ipynb"
    assert main(["replay", str(failed.folder), "score", "-o", str(path)]) == 0
    assert raised_plainly(path) == ("ValueError", failed.step("score")["error"]["reason"].partition(": ")[2])
