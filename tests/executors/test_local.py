"""Steps in processes of this machine: what they give, how they end, and that nothing of them is left."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from executors.calls import (
    ENVIRONMENT,
    call,
    carry_out_all,
    eventually,
    is_alive,
    local_steps,
    marked,
    next_outcome,
    outcome_of,
    reason,
    result,
)

from nb2prod.execution.steps.local import LocalSteps
from nb2prod.runtime.steps.calls import Ending, Ticket

pytestmark = pytest.mark.slow
SMALL = int(os.environ.get("NB2PROD_SMALL_STEPS", "200"))  # 1,000 by `make soak-steps`


@pytest.fixture(scope="module")
def local() -> Iterator[LocalSteps]:
    with local_steps() as executor:
        yield executor


@pytest.fixture(params=["fork", "fresh"])
def either(request: pytest.FixtureRequest, local: LocalSteps) -> Iterator[LocalSteps]:
    if request.param == "fork":
        yield local
        return
    with local_steps(fresh=True) as executor:
        yield executor


def test_a_step_answers(either: LocalSteps) -> None:
    outcome = outcome_of(either, call("add", step="sum", attempt=2, values={"a": 1, "b": 2}))
    assert (result(outcome), outcome.ticket) == (3, Ticket("sum", 2))
    assert outcome.memory > 5_000_000
    assert 0 < outcome.cpu < 10
    assert not is_alive(outcome.pid)


def test_a_failure_is_an_answer_too(local: LocalSteps) -> None:
    outcome = outcome_of(local, call("fail", values={"text": "no such table"}))
    assert outcome.answer is not None
    assert outcome.answer.error == {"type": "OSError", "reason": "no such table"}


def test_what_the_worker_refuses_is_told(local: LocalSteps) -> None:
    outcome = outcome_of(local, call("nowhere:nothing"))
    assert outcome.ending == Ending(reason="refused", message="there is no such project")


@pytest.mark.parametrize("step", ["hold_the_gil", "stubborn"])
def test_a_deadline_holds_whatever_the_step_does(local: LocalSteps, step: str) -> None:
    started = time.monotonic()
    outcome = outcome_of(local, call(step, timeout=0.3))
    assert outcome.ending == Ending(reason="timeout", message="it was ended after 0.3 s")
    assert time.monotonic() - started < 30
    assert not is_alive(outcome.pid)


def test_a_deadline_is_of_the_step_alone(local: LocalSteps) -> None:
    """Reading what goes in and keeping what comes out may take longer; so may the start of an interpreter."""
    outcome = outcome_of(local, call("sleep", values={"seconds": 60}, timeout=0.3))
    assert (outcome.ending, outcome.answer and outcome.answer.status) == (None, "timeout")
    assert result(outcome_of(local, call("die_after_answering", timeout=0.01))) == 1
    with local_steps(fresh=True) as executor:
        assert reason(outcome_of(executor, call("hold_the_gil", timeout=0.3))) == "timeout"


def test_a_memory_limit(local: LocalSteps) -> None:
    outcome = outcome_of(local, call("take_memory", values={"size": 400 << 20}, memory=150_000_000))
    assert outcome.ending == Ending(reason="memory", signal=9, message="it took more than its memory of 150 MB")


@pytest.mark.parametrize(
    ("step", "values", "ending"),
    [
        (
            "leave",
            {"code": 3},
            Ending(reason="died", code=3, message="its process ended with exit code 3 before the step had"),
        ),
        ("leave", {"code": 0}, Ending(reason="died", message="its process ended with exit code 0 before the step had")),
        ("kill", {"number": 9}, Ending(reason="died", signal=9, message="its process was killed by SIGKILL")),
        ("kill", {"number": 11}, Ending(reason="died", signal=11, message="its process was killed by SIGSEGV")),
    ],
)
def test_a_death(local: LocalSteps, step: str, values: dict[str, int], ending: Ending) -> None:
    assert outcome_of(local, call(step, values=values)).ending == ending


def test_what_was_answered_counts_though_the_process_died_then(local: LocalSteps) -> None:
    assert result(outcome_of(local, call("die_after_answering"))) == 1


def test_cancelled(local: LocalSteps) -> None:
    local.submit(call("sleep", step="slow", values={"seconds": 60}))
    local.cancel(Ticket("slow", 1))
    outcome = next_outcome(local)
    assert outcome.ending == Ending(reason="cancelled", message="it was cancelled")
    assert not is_alive(outcome.pid)


def test_siblings_draw_different_numbers(either: LocalSteps) -> None:
    drawn = [result(outcome_of(either, call("draw", step=f"draw-{number}"))) for number in range(2)]
    assert len({number for pair in drawn for number in pair}) == 4


def test_a_step_finds_itself_where_it_should_be(either: LocalSteps, tmp_path: Path) -> None:
    found = result(outcome_of(either, call("where", run="run-7", workdir=str(tmp_path), cpus=1)))
    assert (found["run"], found["cwd"], found["cores"], found["jupyter"]) == ("run-7", str(tmp_path), 1, False)
    assert found["session"] == found["pid"]


def test_what_a_step_leaves_behind_ends_with_it(local: LocalSteps, tmp_path: Path) -> None:
    pid = result(outcome_of(local, call("daemonize", values={"note": str(tmp_path / "note")})))
    assert not is_alive(pid)


@pytest.mark.parametrize("step", ["daemonize_and_hang", "start_program"])
def test_a_deadline_ends_what_a_step_started_too(local: LocalSteps, tmp_path: Path, step: str) -> None:
    note = tmp_path / "note"
    outcome = outcome_of(local, call(step, values={"note": str(note)}, timeout=1.0))
    assert outcome.answer is not None
    assert outcome.answer.status == "timeout"
    assert not is_alive(int(note.read_text()))


def test_libraries_with_threads_are_sound_in_one_step_after_the_other() -> None:
    steps = [("forest", {"trees": 8}), ("boosting", {}), ("forest", {"trees": 8}), ("boosting", {})]
    calls = [call(step, step=f"{step}-{number}", values=values) for number, (step, values) in enumerate(steps)]
    with local_steps(package="executors.learning") as executor:
        scores = [result(outcome_of(executor, each)) for each in calls]
    assert scores[:2] == scores[2:]
    assert min(scores) > 0.8


def test_what_a_step_prints_is_seen_while_it_runs(local: LocalSteps, capfd: pytest.CaptureFixture[str]) -> None:
    local.submit(call("say", values={"text": "half way"}))
    seen: list[str] = []

    def said() -> bool:
        seen.extend(capfd.readouterr())
        return "".join(seen).count("half way") == 2

    assert eventually(said)
    assert local.wait(0) == []
    assert next_outcome(local).answer is not None


def test_steps_that_need_nothing_of_one_another_run_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "note"
    with local_steps(jobs=2) as executor:
        for number in range(2):
            each = call("note", step=f"note-{number}", values={"path": str(path), "seconds": 600})
            assert executor.capacity(each)
            executor.submit(each)
        assert not executor.capacity(call("add"))
        assert eventually(lambda: path.exists() and path.read_text().count("\n") == 2)


def test_many_small_steps(local: LocalSteps) -> None:
    calls = [call("add", step=f"add-{number}", values={"a": number, "b": 1}) for number in range(SMALL)]
    found = carry_out_all(local, calls)
    assert [result(found[each.step]) for each in calls] == list(range(1, SMALL + 1))


def test_nothing_runs_when_it_is_closed() -> None:
    with local_steps() as executor:
        first = outcome_of(executor, call("where"))
        executor.submit(call("stubborn"))
        assert executor.wait(0.5) == []
        server, keeper = executor.server, result(first)["parent"]
        assert is_alive(server)
    assert not is_alive(server)
    assert not is_alive(keeper)


def test_it_goes_on_when_its_server_dies() -> None:
    with local_steps() as executor:
        outcome_of(executor, call("add", values={"a": 1, "b": 1}))
        executor.submit(call("sleep", values={"seconds": 1}))
        assert executor.wait(0.3) == []
        os.kill(executor.server, signal.SIGKILL)
        assert result(next_outcome(executor)) == "slept"
        assert result(outcome_of(executor, call("add", values={"a": 1, "b": 1}))) == 2


def test_a_server_that_always_dies_is_done_without() -> None:
    with local_steps() as executor:
        for number in range(5):
            assert result(outcome_of(executor, call("add", step=f"add-{number}", values={"a": 1, "b": 1}))) == 2
            if executor.server:
                os.kill(executor.server, signal.SIGKILL)
            assert eventually(lambda: not executor.server)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_runner_dies(tmp_path: Path, number: int) -> None:
    program = f"""
        import sys
        from executors.calls import call, local_steps, outcome_of
        with local_steps() as executor:
            executor.submit(call("daemonize_and_hang", values={{"note": {str(tmp_path / "note")!r}}}, run="r-{number}"))
            print("begun", flush=True)
            executor.wait(1000)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, start_new_session=True) as runner:
        assert eventually(lambda: (tmp_path / "note").exists() and (tmp_path / "note").read_text() != "")
        server = _children(runner.pid)
        runner.send_signal(number)
        runner.wait(60)
    assert eventually(lambda: not any(map(is_alive, [*server, int((tmp_path / "note").read_text())])))
    assert eventually(lambda: marked(f"r-{number}") == [])


def _children(pid: int) -> list[int]:
    found = [task.joinpath("children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    return [int(child) for children in found for child in children if is_alive(int(child))]
