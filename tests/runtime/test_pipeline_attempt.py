"""A project as a job of the store: defined, claimed, supervised."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from execution.stage import Job, Stage, wait_for
from runtime.tiny import Project

from nb2prod.api.definitions import define
from nb2prod.api.runs import submit
from nb2prod.model.job import FailureKind, JobSettings, Limits, RunStatus

pytestmark = pytest.mark.slow

Score = Callable[..., None]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage.at(tmp_path)
    yield made
    made.close()


def start(stage: Stage, project: Project, limits: Limits | None = None, **parameters: object) -> Job:
    definition = define(stage.store, project.root, settings=JobSettings(limits=limits or Limits()))
    run, _ = submit(stage.store, definition, parameters)
    (run,) = stage.store.claim("a test", lease=10, run_id=run.id)
    return stage.supervise(run)


def test_it_runs_with_its_parameters_and_its_metrics_are_kept(stage: Stage, project: Project) -> None:
    project.settings()
    job = start(stage, project, rows=2)
    assert job.wait() == 0
    run = stage.store.run(job.run.id)
    assert (run.status, run.metrics) == (RunStatus.COMPLETED, {"total": 3.0})
    assert (run.progress.done, run.progress.label) == (2, "score")
    kinds = [event.kind for event in stage.store.events(run_id=run.id)]
    assert [kind for kind in kinds if kind.startswith("step.")] == ["step.started", "step.completed"] * 2
    assert [artifact.kind for artifact in stage.store.artifacts(run.id)] == ["file", "log"]
    assert "loaded 2" in (job.folder / "run.log").read_text(encoding="utf-8")
    assert project.records() == []  # the project itself is left alone


ENDS = {
    "an error": ("raise ValueError('x')", Limits(), FailureKind.CELL_ERROR, 3),
    "kill -9": ("import os; os.kill(os.getpid(), 9)", Limits(), FailureKind.KERNEL_DIED, 0),
    "the GIL": ("import re; re.match(r'(a+)+$', 'a' * 40 + 'b')", Limits(run=5), FailureKind.RUN_TIMEOUT, 0),
    "memory": ("x = [bytearray(10**7) for _ in range(200)]", Limits(memory=500_000_000), FailureKind.MEMORY, 0),
}


@pytest.mark.parametrize("name", ENDS)
def test_its_end_is_told(name: str, stage: Stage, project: Project, score: Score) -> None:
    body, limits, kind, cell = ENDS[name]
    score(body, "total = 1")
    project.settings()
    job = start(stage, project, limits)
    assert job.wait() == kind.exit_code
    failure = stage.failure(job)
    assert (failure.kind, failure.cell) == (kind, cell)
    assert job.survivors() == []


def test_a_cancel_ends_it(stage: Stage, project: Project, score: Score) -> None:
    score("import time; open('there', 'w').close(); time.sleep(300)", "total = 1")
    project.settings()
    job = start(stage, project)
    wait_for(lambda: stage.store.run(job.run.id).progress.label == "score")
    stage.store.cancel(job.run.id, "Ann")
    assert job.wait() == FailureKind.CANCELLED.exit_code
    assert stage.store.run(job.run.id).status is RunStatus.CANCELLED
    assert job.survivors() == []


def test_a_secret_is_refused(stage: Stage, project: Project) -> None:
    project.settings()
    job = start(stage, project, label="secret:env:HOME")
    assert job.wait() == 2
    assert "is a secret, and a pipeline keeps what its steps are given" in stage.failure(job).message
