"""A pipeline's attempt: the runtime of its project under a keeper, progress and end from the record that it writes."""

import shlex
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON

from nb2prod.errors import ParameterRefused
from nb2prod.execution.attempt import Attempt, Ended, Product
from nb2prod.execution.environments import python_of
from nb2prod.execution.following import EventLines
from nb2prod.execution.job_parameters import from_store, refuse_secrets, to_store
from nb2prod.execution.kernels.keeping import inherited, keep
from nb2prod.execution.kernels.leash import Leash
from nb2prod.execution.kernels.order import Ending
from nb2prod.execution.notebook_job import STATUS
from nb2prod.model.job import Failure, FailureKind, Progress, Usage
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.files import read_json, write_json
from nb2prod.runtime.project import LOCK, read_settings
from nb2prod.runtime.telling.record import close_record

__all__ = ["run_pipeline_attempt"]

_LOOK = 0.2
_OWN_TIMEOUT = 1.0  # seconds in which the runtime ends itself after its deadline, and says where it was
_GRACE = 5.0
_MARGIN = 3.0
_NOTED = ("event", "alert", "kpi")
_CODES = {2: FailureKind.PARAMETERS, 3: FailureKind.CELL_ERROR, 7: FailureKind.IO, 130: FailureKind.INTERRUPTED}


def run_pipeline_attempt(attempt: Attempt) -> Ended:
    """Run it. Raises OSError where the run's folder cannot be written, InvalidOption for a Python that is not there."""
    values = from_store(attempt.run.parameters)
    try:
        refuse_secrets(values)
    except ParameterRefused as refused:
        return _failed(FailureKind.PARAMETERS, str(refused))
    python, _ = python_of(attempt.definition.settings.environment)
    place = attempt.in_place
    project = place.project if place else _made(attempt)
    given = attempt.folder / "given.json"
    write_json(given, to_store(values))
    leash = _kept(_command(attempt, python, project, given), Path.cwd() if place else project, attempt)
    _follow(attempt, leash, project)
    leash.ended.wait(_GRACE)
    given.unlink(missing_ok=True)
    return _end(attempt, leash)


def _made(attempt: Attempt) -> Path:
    """The project as it was when it was defined; a snapshot has no empty folders, such as the one it works in."""
    project = attempt.materialise()
    try:
        workdir = read_settings(project).workdir
    except ProjectError:
        return project  # the runtime will say it
    if workdir.is_relative_to(project):
        workdir.mkdir(parents=True, exist_ok=True)
    return project


def _command(attempt: Attempt, python: str, project: Path, given: Path) -> list[str]:
    command = [python, "-m", "nb2prod.runtime", str(project), "--given", str(given)]
    command += ["--run-id", attempt.folder.name, "--runs", str(attempt.folder.parent)]
    limits, workdir = attempt.definition.settings.limits, attempt.definition.settings.workdir
    command += ["--timeout", str(limits.run)] if limits.run else []
    if attempt.in_place is None:
        return command + (["--workdir", workdir] if workdir else [])
    command += ["--called", shlex.join(["nb2prod", "run", str(project)])]
    return [*command, *attempt.in_place.words]


def _kept(command: Sequence[str], cwd: Path, attempt: Attempt) -> Leash:
    """Under a keeper of its own, which ends all below it when this process does."""
    limits = attempt.definition.settings.limits
    left = attempt.heart.left
    order = {
        "argv": list(command),
        "cwd": str(cwd),
        "env": attempt.environment,
        **inherited(),
        "memory": limits.memory,
        "cpu_seconds": limits.cpu_seconds,
        "cpus": limits.cpus,
        "deadline": None if left is None else left + _MARGIN,
    }
    return keep(order, [1, 2])


def _follow(attempt: Attempt, leash: Leash, project: Path) -> None:
    """Until it has ended, by itself or because it must."""
    asked = threading.Event()
    attempt.stops.tell(lambda _kind, _message: asked.set())
    events = _Events(attempt, total=len(read_json(project / LOCK, dict).get("steps", ())))
    while not leash.exited.wait(_LOOK):
        events.read()
        if asked.is_set() and attempt.stops.asked:
            late = attempt.stops.asked[0] is FailureKind.RUN_TIMEOUT
            if not (late and leash.exited.wait(_OWN_TIMEOUT)):
                leash.end(0.4 if late else _GRACE)
                leash.exited.wait()
    events.read()


class _Events:
    """The lines that were added to events.jsonl, told to the store as progress."""

    def __init__(self, attempt: Attempt, total: int) -> None:
        self._attempt, self._total = attempt, total
        self._lines, self._done = EventLines(attempt.folder / "events.jsonl"), 0

    def read(self) -> None:
        for entry in self._lines.new():
            self._tell(entry)

    def _tell(self, entry: Mapping[str, Any]) -> None:
        name, step = entry.get("event", ""), entry.get("step", "")
        if name in _NOTED:
            self._attempt.heart.event(name, **{k: v for k, v in entry.items() if k not in ("event", "run", "time")})
        if not name.startswith("step."):
            return
        self._done += name in ("step.completed", "step.cached")
        self._attempt.heart.event(name, **{k: v for k, v in entry.items() if k not in ("event", "run", "time")})
        self._attempt.heart.at(Progress(done=self._done, total=self._total, label=step))
        if name == "step.started":
            self._attempt.progress(f"step {step}")


def _end(attempt: Attempt, leash: Leash) -> Ended:
    ending = leash.ending or Ending(signal=9, reason="killed")
    failure = _failure(attempt, ending)
    if failure is not None:
        status = STATUS.get(failure.kind, "failed")
        close_record(attempt.folder, status, failure.message)  # one that was killed says nothing
    path = attempt.folder / "run.json"
    record = read_json(path, dict)
    attempt.heart.metrics({k: float(v) for k, v in record.get("metrics", {}).items() if isinstance(v, int | float)})
    usage = Usage(seconds=attempt.heart.seconds, cpu=ending.cpu, memory=ending.memory)
    products = (Product(kind="file", path=path, suffix=".json"),) if record else ()
    return Ended(failure=failure, usage=usage, products=products)


def _failure(attempt: Attempt, ending: Ending) -> Failure | None:
    record = read_json(attempt.folder / "run.json", dict)
    error = record.get("error") or {}
    if attempt.stops.asked is not None:
        kind, message = attempt.stops.asked
        return Failure(kind=kind, message=message)
    if ending.reason == "exited" and ending.code == 0:
        return None
    if ending.reason == "memory":
        return Failure(kind=FailureKind.MEMORY, message="it was ended: it took more memory than it may")
    if ending.reason == "deadline":
        return Failure(kind=FailureKind.RUN_TIMEOUT, message="it ran for too long")
    if ending.signal:
        return Failure(kind=FailureKind.KERNEL_DIED, message=f"its process was ended by signal {ending.signal}")
    kind = _CODES.get(ending.code, FailureKind.KERNEL_DIED)
    if ending.code == 4:
        late = attempt.heart.left == 0.0
        kind = FailureKind.RUN_TIMEOUT if late else FailureKind.CELL_TIMEOUT
    return Failure(
        kind=kind,
        message=str(error.get("message") or f"its process ended with code {ending.code}; see the log"),
        cell=_number(error.get("cell")),
        line=_number(error.get("line")),
        traceback=str(error.get("traceback") or ""),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _failed(kind: FailureKind, message: str) -> Ended:
    return Ended(failure=Failure(kind=kind, message=message))
