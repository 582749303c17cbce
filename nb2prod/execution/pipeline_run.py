"""A project's pipeline in a process of its own: what it imports, changes or breaks is not ours."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import NotAProject, ParameterRefused
from nb2prod.runtime.errors import ParameterError, ProjectError
from nb2prod.runtime.files import read_json
from nb2prod.runtime.parameters import coerce, specs_of_source
from nb2prod.runtime.project import LOCK, SETTINGS, Settings, read_settings
from nb2prod.runtime.record import close_record, new_run_id, recorded_parameters

__all__ = ["PipelineRun", "run_pipeline"]

_GRACE = 10.0  # seconds between asking the process to end and ending it
_TIMEOUT, _DIED, _INTERRUPTED = 4, 5, 130
_STATUS = {_TIMEOUT: "timeout", _DIED: "died", _INTERRUPTED: "interrupted"}


@dataclass(frozen=True, kw_only=True)
class PipelineRun:
    """How a run ended. `record` is its run.json, or None when nothing was started. The pipeline has said the rest."""

    exit_code: int
    status: str
    run: str
    record: Path | None
    message: str = ""


def run_pipeline(
    project: Path,
    parameters: Mapping[str, str],
    *,
    runs: Path | None = None,
    resume: str | None = None,
    cache: bool = True,
    timeout: float | None = None,
) -> PipelineRun:
    """Run a project once, its output passed through. Raises NotAProject and ParameterRefused before it starts."""
    settings = _settings(project)
    records = runs.resolve() if runs else settings.runs
    _check(settings, parameters, records, resume)
    run = new_run_id()
    called = shlex.join(["nb2prod", "run", str(project)])
    command = [sys.executable, "-m", "nb2prod.runtime", str(project), "--run-id", run, "--called", called]
    command += [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    command += ["--runs", str(runs)] if runs else []
    command += ["--resume", resume] if resume else []
    command += ["--timeout", str(timeout)] if timeout else []
    command += [] if cache else ["--no-cache"]
    code = _wait(command, settings.timeout if timeout is None else timeout)
    unsaid = close_record(records / run, _STATUS.get(code, "failed"))  # a process that was killed says nothing
    record = records / run / "run.json"
    return PipelineRun(
        exit_code=code,
        status=read_json(record, dict).get("status", "refused"),
        run=run,
        record=record if record.is_file() else None,
        message=f"the process was ended ({_STATUS.get(code, 'failed')}); the record is {record}" if unsaid else "",
    )


def _settings(project: Path) -> Settings:
    for name in (SETTINGS, LOCK):
        if not (project / name).is_file():
            raise NotAProject(project, f"it has no {name}; make one with nb2prod convert NOTEBOOK -o {project}")
    try:
        return read_settings(project)
    except ProjectError as error:
        raise NotAProject(project, str(error)) from error


def _check(settings: Settings, parameters: Mapping[str, str], runs: Path, resume: str | None) -> None:
    """From the text of parameters.py: nothing of the project is imported here."""
    path = settings.root / "src" / settings.package / "parameters.py"
    try:
        specs = specs_of_source(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise NotAProject(settings.root, f"its {path.name} cannot be read: {error}") from error
    try:
        coerce(parameters, specs)
        if resume:
            recorded_parameters(runs, resume)
    except ParameterError as error:
        raise ParameterRefused(str(error)) from error


def _wait(command: list[str], timeout: float | None) -> int:
    """The exit code. The runtime ends itself in time; a process that cannot is killed, with all that it started."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0) as process, _forwarded(process):
        try:
            code = process.wait(None if timeout is None else timeout + _GRACE)
        except subprocess.TimeoutExpired:
            _kill(process)
            return _TIMEOUT
        except KeyboardInterrupt:
            _end(process)
            return _INTERRUPTED
        finally:
            if process.poll() is None:
                _kill(process)
    return _DIED if code < 0 else code


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask, as Ctrl-C does; a second Ctrl-C is impatience."""
    _signal(process, signal.SIGINT)
    try:
        process.wait(_GRACE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return  # it ended meanwhile


@contextmanager
def _forwarded(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Who ends us with SIGTERM means the pipeline too."""

    def forward(*_: object) -> None:
        _signal(process, signal.SIGTERM)

    try:
        before = signal.signal(signal.SIGTERM, forward)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
