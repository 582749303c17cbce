"""Steps where there are no keepers, as on macOS: the same endings, as far as can be seen from outside."""

import queue
from pathlib import Path

import pytest
from executors.calls import ENVIRONMENT, WORKER, call, is_alive, reason, result

from nb2prod.execution.steps.guarded import Guarded
from nb2prod.execution.steps.warm import Wanted, WarmProject
from nb2prod.runtime.steps.calls import Outcome, StepCall

pytestmark = pytest.mark.slow


def outcome_of(asked: StepCall, *, cancelled: bool = False) -> Outcome:
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    warm = WarmProject(Wanted(project="", package="executors", worker=WORKER), ENVIRONMENT)
    step = Guarded(asked, warm, lambda _, outcome: outcomes.put(outcome), kept=False)
    if cancelled:
        step.cancel(0.2)
    outcome = outcomes.get(timeout=60)
    assert not is_alive(outcome.pid)
    return outcome


def test_a_step_answers() -> None:
    assert result(outcome_of(call("add", values={"a": 1, "b": 2}))) == 3


def test_a_deadline_ends_what_it_started_too(tmp_path: Path) -> None:
    note = tmp_path / "note"
    outcome = outcome_of(call("start_program", values={"note": str(note)}, timeout=2.0))
    assert outcome.answer is not None
    assert outcome.answer.status == "timeout"
    assert not is_alive(int(note.read_text()))


def test_a_death_a_memory_limit_and_an_end() -> None:
    assert reason(outcome_of(call("kill", values={"number": 9}))) == "died"
    assert reason(outcome_of(call("take_memory", values={"size": 400 << 20}, memory=150_000_000))) == "memory"
    assert reason(outcome_of(call("sleep", values={"seconds": 60}), cancelled=True)) == "cancelled"
