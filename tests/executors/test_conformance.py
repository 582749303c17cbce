"""One project on every executor: the same results, retries, deadlines and resumption, and nothing left behind."""

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from dask_cluster import DaskCluster
from executors.calls import eventually, is_alive, marked
from executors.eventful import ENVIRONMENT, Eventful, Ran

from nb2prod.cli.commands.compare import COMMAND
from nb2prod.runtime.results.artifacts import open_artifacts

pytestmark = pytest.mark.slow

SMALL = int(os.environ.get("NB2PROD_SMALL_STEPS", "60"))  # 1,000 by `make soak-steps`
GOLDEN = Path(__file__).parents[1] / "golden" / "state" / "expected"
DONE = ("load", "flaky", "fragile", "deadly", "left", "right", "join", "draw", "draw_more")
MISSING = ("sleepy", "holder", "broken", "after_broken")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path_factory.mktemp("dask"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module", params=["in-process", "local", "dask"])
def eventful(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Eventful:
    executor: Sequence[str] = [request.param]
    if request.param == "dask":
        executor = ["dask", "--address", request.getfixturevalue("cluster").address]
    return Eventful(root=tmp_path_factory.mktemp(request.param), executor=executor).write()


@pytest.fixture(scope="module")
def troubled(eventful: Eventful) -> Ran:
    """A first run, in which much goes wrong."""
    return eventful.run()


@pytest.fixture(scope="module")
def resumed(eventful: Eventful, troubled: Ran) -> Ran:
    """After the repair."""
    (eventful.notes / "fixed").write_text("")
    return eventful.run("--resume", troubled.record["run"])


def test_what_needs_nothing_of_a_failed_step_is_done(troubled: Ran) -> None:
    assert troubled.code in (3, 4)
    assert troubled.steps("status") == {
        **dict.fromkeys(DONE, "completed"),
        "sleepy": "timeout",
        "holder": "timeout",
        "broken": "failed",
        "after_broken": "skipped",
    }


def test_a_failure_says_where(troubled: Ran) -> None:
    found = troubled.steps("error")
    assert found["broken"]["reason"] == "ValueError: no such column: 'age'"
    assert found["broken"]["file"] == "eventful/steps/events.py"
    assert f"--resume {troubled.record['run']}" in troubled.err


def test_a_passing_failure_and_a_lost_process_are_tried_again(eventful: Eventful, troubled: Ran) -> None:
    attempts = troubled.steps("attempts")
    assert (attempts["flaky"], attempts["fragile"]) == (2, 2)
    assert (len(eventful.noted("flaky")), len(eventful.noted("fragile"))) == (2, 2)


def test_a_deadline_leaves_nothing(eventful: Eventful, troubled: Ran) -> None:
    assert 1 < troubled.steps("seconds")["holder"] < 20
    (orphan,) = eventful.noted("orphan")
    assert not is_alive(orphan)
    assert marked(troubled.record["run"]) == []


def test_what_a_step_prints_is_in_its_log(troubled: Ran) -> None:
    assert (troubled.folder / "logs" / "load.log").read_text() == "loaded 4\n"


def test_resuming_runs_what_is_missing(eventful: Eventful, resumed: Ran) -> None:
    assert resumed.code == 0, resumed.err
    assert resumed.steps("cached") == {**dict.fromkeys(DONE, True), **dict.fromkeys(MISSING, False)}
    assert len(eventful.noted("load")) == 1


def test_the_results_are_the_same(resumed: Ran) -> None:
    artifacts, bundles = open_artifacts(resumed.record["artifacts"]), resumed.steps("bundle")
    generator = random.Random(7)
    assert resumed.record["metrics"] == {"result": 68}
    assert artifacts.get_value(bundles["draw_more"]) == [generator.random(), generator.random()]
    assert artifacts.get_value(bundles["left"]) == {"table": [0, 1, 2, 3], "sum": 6}
    assert artifacts.get_value(bundles["right"]) == [4, "a"]


def test_what_is_known_is_not_run(eventful: Eventful, resumed: Ran) -> None:
    before = {path.name: path.read_text() for path in eventful.notes.iterdir()}
    again = eventful.run()
    assert set(again.steps("cached").values()) == {True}
    assert again.record["metrics"] == resumed.record["metrics"]
    assert {path.name: path.read_text() for path in eventful.notes.iterdir()} == before


def test_small_steps(eventful: Eventful, resumed: Ran) -> None:  # noqa: ARG001 - all else is known
    many = eventful.run("-p", f"small={SMALL}")
    assert many.code == 0, many.err
    assert list(many.steps("status").values()) == ["completed"] * (13 + SMALL)


def test_a_run_that_is_ended_leaves_nothing_and_can_be_resumed(eventful: Eventful, resumed: Ran) -> None:  # noqa: ARG001
    (eventful.notes / "fixed").unlink()
    command = eventful.command("-p", "rows=5", "--on-error", "stop")
    eventful.settle({"sleepy": {"process": True}})  # without its deadline
    before = set(eventful.records())
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, env=ENVIRONMENT) as runner:
        assert eventually(lambda: len(eventful.noted("sleepy")) == 3, 30)
        runner.send_signal(signal.SIGTERM)
        _, said = runner.communicate(timeout=120)
    assert (runner.returncode, b"to resume:" in said) == (130, True)
    (record,) = set(eventful.records()) - before
    assert eventually(lambda: marked(record.parent.name) == [])
    assert not is_alive(eventful.noted("sleepy")[-1])
    (eventful.notes / "fixed").write_text("")
    again = eventful.run("--resume", record.parent.name)
    assert (again.code, again.steps("cached")["load"]) == (0, True)


def test_a_converted_notebook_draws_the_same_on_each(cluster: DaskCluster, tmp_path: Path) -> None:
    """Its generators go from step to step, into processes and out of them."""
    project, page = tmp_path / "state", tmp_path / "compared.html"
    shutil.copytree(GOLDEN, project)
    with (project / "pipeline.toml").open("a") as file:
        file.write('\n[prices]\ncurrency = "EUR"\ncpu_hour = 36\n')
    asked = [str(project), "--executors", "in-process,local,dask", "--address", cluster.address, "-o", str(page)]
    done = CliRunner().invoke(COMMAND, asked, standalone_mode=False)
    lines = done.stdout.splitlines()
    assert done.return_value == 0, done.output
    assert [line.split()[0] for line in lines] == ["executor", "in-process", "local", "dask", "wrote"]
    assert [line.rpartition("  ")[2] for line in lines[:4]] == ["results", "the first", "the same", "the same"]
    assert " EUR" in lines[1]
    assert "6 outputs of 4 steps, in 3 runs" in page.read_text()
