"""Runs of a project to be measured: each in a process of its own, with nothing taken from earlier runs."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

from nb2prod.errors import Nb2ProdError
from nb2prod.model.comparison import StepCost, Trial
from nb2prod.runtime.files import read_json
from nb2prod.runtime.proof.fingerprint import Fingerprint
from nb2prod.runtime.telling.record import new_run_id

__all__ = ["TrialFailed", "TrialOrder", "fingerprints_of", "try_on"]

_SHOWN = 15  # lines of what a run said that failed


class TrialFailed(Nb2ProdError):
    def __init__(self, executor: str, code: int, said: str) -> None:
        lines = said.strip().splitlines()[-_SHOWN:]
        super().__init__("\n".join([f"the run on {executor} ended with exit code {code}:", *lines]))
        self.executor, self.code = executor, code


@dataclass(frozen=True, kw_only=True)
class TrialOrder:
    """`options` are those of the executor on the command line; `runs` is where records go."""

    project: Path
    executor: str
    runs: Path
    parameters: Mapping[str, object]
    environment: str = ""
    options: Sequence[str] = ()
    python: str = sys.executable


def try_on(order: TrialOrder) -> tuple[Trial, Path]:
    """The trial, and the folder of its record. Raises TrialFailed."""
    run = new_run_id()
    folder = order.runs / run
    command = [order.python, "-m", "nb2prod.runtime", str(order.project), "--executor", order.executor]
    command += ["--runs", str(order.runs), "--run-id", run, "--no-cache", *order.options]
    command += [word for name, value in order.parameters.items() for word in ("-p", f"{name}={_text(value)}")]
    command += ["--env", order.environment] if order.environment else []
    started = time.monotonic()
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    seconds = time.monotonic() - started
    if done.returncode:
        raise TrialFailed(order.executor, done.returncode, done.stdout)
    return _trial(order.executor, run, seconds, read_json(folder / "run.json", dict)), folder


def fingerprints_of(folder: Path, python: str = sys.executable) -> dict[str, dict[str, Fingerprint]]:
    """By step and output, of a run's record. Raises TrialFailed when what it gave cannot be opened."""
    command = [python, "-m", "nb2prod.runtime.steps.fingerprints", str(folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TrialFailed(f"the results of {folder.name}", done.returncode, done.stderr)
    found: dict[str, dict[str, Fingerprint]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def _trial(executor: str, run: str, seconds: float, record: Mapping[str, Any]) -> Trial:
    return Trial(
        executor=executor,
        run=run,
        seconds=seconds,
        steps=tuple(_cost(step) for step in record.get("steps", ())),
        metrics=record.get("metrics", {}),
    )


def _cost(step: Mapping[str, Any]) -> StepCost:
    return StepCost(
        name=step["name"],
        seconds=step.get("seconds", 0.0),
        cpu=step.get("process_cpu_seconds", step.get("cpu_seconds", 0.0)),
        memory=step.get("peak_memory_bytes") or 0,
        moved=step.get("moved_bytes", 0),
    )
