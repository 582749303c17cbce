"""Some steps of a run alone: --from and --only."""

import pytest
from runtime.tiny import Project

EXECUTORS = pytest.mark.parametrize("executor", ["in-process", pytest.param("local", marks=pytest.mark.slow)])


@EXECUTORS
def test_from_a_step_runs_it_and_what_needs_it(project: Project, executor: str) -> None:
    assert project.run("--executor", executor).code == 0
    again = project.run("--executor", executor, "--from", "score")
    assert (again.code, again.steps("cached")) == (0, {"load": True, "score": False})
    first = project.run("--executor", executor, "--from", "load")
    assert first.steps("cached") == {"load": False, "score": False}


@EXECUTORS
def test_only_a_step_takes_what_it_needs_as_known(project: Project, executor: str) -> None:
    unknown = project.run("--executor", executor, "--only", "score")
    assert unknown.code == 2
    assert "step 'score' cannot be run alone: it needs what 'load' gave" in unknown.err
    assert project.run("--executor", executor).code == 0
    known = project.run("--executor", executor, "--only", "score")
    assert (known.code, known.steps("cached")) == (0, {"load": True, "score": False})
    first = project.run("--executor", executor, "--only", "load")
    assert (first.code, first.steps("status")) == (0, {"load": "completed"})


def test_a_step_that_is_not_there_is_refused_by_its_closest_name(project: Project) -> None:
    done = project.run("--from", "scoer")
    assert (done.code, "did you mean 'score'?" in done.err) == (2, True)
    both = project.run("--from", "score", "--only", "load")
    assert (both.code, "give one of them" in both.err) == (2, True)
