"""A step of a run in one process that has a process of its own: `process = true`."""

from collections.abc import Callable

import pytest
from runtime.tiny import LOAD, SCORE, Project

pytestmark = pytest.mark.slow


def test_what_cannot_leave_a_process_is_said_of_the_step(project: Project) -> None:
    project.policies = {"score": {"process": True}}
    project.write("steps/load.py", LOAD.replace("[number for number in range(rows)]", "(n for n in range(rows))"))
    into = project.run()
    assert (into.code, into.steps("status")["score"]) == (3, "failed")
    told = "step 'score' of pipeline 'tiny' failed in its process: what it needs cannot leave this process: "
    assert told + "TypeError: cannot pickle 'generator' object; leave out its process = true" in into.err
    project.write("steps/load.py", LOAD)
    project.write("steps/score.py", SCORE.replace("total = sum(table) * scale", "total = (n for n in table)"))
    out = project.run()
    assert (out.code, out.steps("status")["score"]) == (3, "failed")
    assert "what it gives cannot leave its process: its result cannot be pickled" in out.err


def test_a_resumed_run_takes_what_only_that_run_may_use(project: Project, score: Callable[..., None]) -> None:
    project.policies = {"load": {"process": True, "cache": False}}
    score("table.append(1)", "total = int('x')")
    failed = project.run()
    assert failed.code == 3
    project.write("steps/score.py", SCORE)
    resumed = project.run("--resume", failed.folder.name)
    assert (resumed.code, resumed.steps("cached")) == (0, {"load": True, "score": False})
    assert project.run().steps("cached")["load"] is False
