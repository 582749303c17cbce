"""Calls of the steps in steps.py, and an executor that carries them out by the stand-in for the worker."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from nb2prod.execution.steps.local import LocalSteps
from nb2prod.execution.steps.room import Room
from nb2prod.execution.steps.warm import Wanted
from nb2prod.runtime.steps.calls import Outcome, StepCall, StepExecutor

TESTS = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TESTS)}
WORKER = "executors.standin"
_PATIENCE = 60.0
_NUMBERS = count()


def call(function: str, *, step: str = "", attempt: int = 1, **options: Any) -> StepCall:
    """`values` are the inputs; other options are the call's."""
    values = options.pop("values", {})
    step = step or f"{function.rpartition(':')[2]}-{next(_NUMBERS)}"
    return StepCall(
        run=options.pop("run", "a-run"),
        step=step,
        attempt=attempt,
        project="",
        package="executors",
        function=function if ":" in function else f"executors.steps:{function}",
        inputs={name: {"value": value} for name, value in values.items()} | options.pop("inputs", {}),
        artifacts="",
        **options,
    )


@contextmanager
def local_steps(
    *, jobs: int = 2, memory: int = 8 << 30, fresh: bool = False, package: str = "executors"
) -> Iterator[LocalSteps]:
    wanted = Wanted(project="", package=package, worker=WORKER)
    room = Room(jobs=jobs, memory=memory)
    executor = LocalSteps(wanted, room, budget=memory, fresh=fresh, environment=ENVIRONMENT)
    try:
        yield executor
    finally:
        executor.close()


def outcome_of(executor: StepExecutor, asked: StepCall) -> Outcome:
    executor.submit(asked)
    return next_outcome(executor)


def next_outcome(executor: StepExecutor) -> Outcome:
    (outcome,) = executor.wait(_PATIENCE)
    return outcome


def carry_out_all(executor: StepExecutor, calls: list[StepCall]) -> dict[str, Outcome]:
    """As a runner does with steps that need nothing of one another."""
    waiting, found = list(calls), dict[str, Outcome]()
    ends = time.monotonic() + _PATIENCE
    while len(found) < len(calls):
        while waiting and executor.capacity(waiting[0]):
            executor.submit(waiting.pop(0))
        found |= {outcome.ticket.step: outcome for outcome in executor.wait(1)}
        assert time.monotonic() < ends
    return found


def result(outcome: Outcome) -> Any:
    assert outcome.answer is not None, outcome.ending
    return outcome.answer.outputs["result"]


def reason(outcome: Outcome) -> str:
    assert outcome.ending is not None, outcome.answer
    return outcome.ending.reason


def marked(run: str) -> list[str]:
    """The processes that a run has."""
    mark = f"NB2PROD_RUN={run}".encode()
    return [each.name for each in Path("/proc").iterdir() if each.name.isdigit() and mark in _environment(each)]


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def eventually(happened: Callable[[], bool], seconds: float = 60.0) -> bool:
    ends = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def is_alive(pid: int) -> bool:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z"
