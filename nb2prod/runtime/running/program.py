"""`python -m churn` and `python -m nb2prod.runtime PROJECT`: from a command line to the exit code of a run.

0 completed   2 nothing was started   3 a step failed   4 a timeout   130 interrupted
"""

import argparse
import os
import random  # noqa: F401 - loaded before any step, so that its state is seen
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any  # the package's Parameters and what pipeline.run gives

from nb2prod.runtime.data import outgoing
from nb2prod.runtime.data.tables import data_of
from nb2prod.runtime.errors import ParameterError, ProjectError, RecordNotWritten, ResultsNotKept, RuntimeTrouble
from nb2prod.runtime.export.json_lines import is_wanted, write_line
from nb2prod.runtime.failures.circuit import circuit_of
from nb2prod.runtime.failures.failure import place_of, reason_of, traceback_of
from nb2prod.runtime.failures.handlers import check_handlers
from nb2prod.runtime.files import read_json
from nb2prod.runtime.parameters import Spec, coerce, specs_of
from nb2prod.runtime.project import Settings, read_settings
from nb2prod.runtime.results.artifacts import open_artifacts
from nb2prod.runtime.results.collecting import Limits, collect, limits_of
from nb2prod.runtime.running.command_line import assigned, described, environment_in, joined, parser_of
from nb2prod.runtime.running.executors import HERE, check_executor, open_executor
from nb2prod.runtime.running.graph import graph_of
from nb2prod.runtime.running.runner import Runner
from nb2prod.runtime.running.selection import select
from nb2prod.runtime.running.workplace import artifacts_of, cache_of, enter, import_module, root_of
from nb2prod.runtime.steps.performing import FAULTS
from nb2prod.runtime.telling.record import Record, decode, encode, new_run_id, recorded_parameters, versions

__all__ = ["run_package", "run_project"]

_INTERRUPTED = 130
_STATUS = {4: "timeout"}


def run_package(package: str, arguments: Sequence[str] | None = None) -> int:
    """Run a package that can be imported. Its project is the folder that holds its `src`."""
    command = shlex.join([Path(sys.executable).name, "-m", package])
    return _guarded(lambda: _run_package(package, arguments, command))


def run_project(arguments: Sequence[str] | None = None) -> int:
    """Run the project of a folder, whose package need not be installed."""
    return _guarded(lambda: _run_project(arguments))


def _guarded(run: Callable[[], int]) -> int:
    """Trouble as a message and an exit code."""
    try:
        with _terminated_as_interrupted():
            return run()
    except SystemExit as stopped:  # argparse has said what was wrong
        return stopped.code if isinstance(stopped.code, int) else 2
    except RuntimeTrouble as trouble:
        _tell(f"error: {trouble}")
        return trouble.exit_code
    except KeyboardInterrupt:
        _tell("interrupted")
        return _INTERRUPTED


def _run_package(package: str, arguments: Sequence[str] | None, command: str) -> int:
    root = root_of(package)
    words = list(sys.argv[1:] if arguments is None else arguments)
    settings = read_settings(root, package, environment_in(words))
    module = import_module(f"{package}.parameters", settings)
    specs = described(specs_of(module.Parameters), module)
    parser = parser_of(specs, prog=command)
    options = parser.parse_args(joined(words, specs))
    given = {
        spec.name: text for spec in specs if (text := getattr(options, f"parameter {spec.name}", None)) is not None
    }
    return _run(settings, options, {**assigned(options.parameter), **given}, specs, command)


def _run_project(arguments: Sequence[str] | None) -> int:
    parser = parser_of((), prog="python -m nb2prod.runtime")
    parser.add_argument("project", type=Path, help="the project's folder")
    options = parser.parse_args(arguments)
    settings = read_settings(options.project, environment=options.env)
    if options.workdir:
        settings = replace(settings, workdir=options.workdir)
    sys.path.insert(0, str(settings.root / "src"))
    specs = specs_of(import_module(f"{settings.package}.parameters", settings).Parameters)
    command = shlex.join(["python", "-m", "nb2prod.runtime", str(options.project)])
    return _run(settings, options, assigned(options.parameter), specs, command)


def _run(
    settings: Settings, options: argparse.Namespace, given: Mapping[str, object], specs: Sequence[Spec], command: str
) -> int:
    runs = Path(options.runs).resolve() if options.runs else settings.runs
    settings = _overridden(settings, options, runs)
    _check(settings)
    limits = limits_of(settings.tables)
    chosen = _chosen(runs, options, given, specs)
    enter(settings)
    parameters = import_module(f"{settings.package}.parameters", settings).Parameters(**chosen)
    head = {
        "pipeline": settings.name,
        "package": settings.package,
        "notebook": settings.notebook,
        "workdir": str(settings.workdir),
        "project": str(settings.root),
        "parameters": {spec.name: encode(getattr(parameters, spec.name)) for spec in specs},
        "resumed": options.resume,
        "environment": settings.environment,
        "executor": settings.executor,
        "artifacts": artifacts_of(settings, runs),
    }
    run = options.run_id or new_run_id()
    where = ["--runs", options.runs] if options.runs else []
    where += ["--env", settings.environment] if settings.environment else []
    where += _as_given(options)
    resume = f"{options.called or command} {shlex.join([*where, '--resume', run])}"
    record = _record(runs / run, {**head, "resume": resume})
    runner = Runner(
        settings,
        record,
        timeout=settings.timeout if options.timeout is None else options.timeout,
        tell=_tell,
        resume=resume,
    )
    code = _go(parameters, runner, runs, options)
    _collect(settings, runs, record, limits)
    return code


def _check(settings: Settings) -> None:
    """What would stop the run later, before anything is started. Raises ProjectError."""
    check_handlers(settings)
    circuit_of(settings)
    data_of(settings.tables)
    check_executor(settings.executor)
    if FAULTS in os.environ:
        from nb2prod.runtime.failures.faults import parse

        parse(os.environ[FAULTS])


def _chosen(
    runs: Path, options: argparse.Namespace, given: Mapping[str, object], specs: Sequence[Spec]
) -> dict[str, object]:
    """The parameters of the run that is resumed, under those that are given now. Everything is checked here."""
    recorded = recorded_parameters(runs, options.resume) if options.resume else {}
    gone = sorted(recorded.keys() - {spec.name for spec in specs})
    if gone:
        raise ParameterError(f"run '{options.resume}' has the parameter '{gone[0]}', which the pipeline has no more")
    if options.timeout is not None and not options.timeout > 0:
        raise ParameterError(f"the timeout is {options.timeout:g}; it must be more than 0 seconds")
    return {**recorded, **_checked_before(options, specs), **coerce(given, specs)}


def _checked_before(options: argparse.Namespace, specs: Sequence[Spec]) -> dict[str, object]:
    """Values of their types, as a parent that has checked them writes them. Raises ParameterError."""
    if not options.given:
        return {}
    values = {name: decode(name, value) for name, value in read_json(options.given, dict).items()}
    unknown = sorted(values.keys() - {spec.name for spec in specs})
    if unknown:
        raise ParameterError(f"there is no parameter '{unknown[0]}'")
    return values


def _overridden(settings: Settings, options: argparse.Namespace, runs: Path) -> Settings:
    """The settings, under what the command line says."""
    here = {"executor": options.executor, "on_error": options.on_error, "runs": runs}
    given = {name: value for name, value in here.items() if value}
    if options.artifacts:
        given["artifacts"] = options.artifacts if "://" in options.artifacts else str(Path(options.artifacts).resolve())
    return replace(settings, **given)


def _as_given(options: argparse.Namespace) -> list[str]:
    """Options that a resumed run must have too."""
    named = {"--executor": options.executor, "--address": options.address, "--artifacts": options.artifacts}
    return [word for name, value in named.items() if value for word in (name, value)]


def _executor_options(options: argparse.Namespace) -> dict[str, object]:
    return {name: value for name in ("address", "jobs") if (value := getattr(options, name)) is not None}


def _prepared(runner: Runner, runs: Path, options: argparse.Namespace) -> Any:
    """The package's pipeline, when all is checked and whoever carries its steps out is there. Raises ProjectError."""
    settings, record = runner.settings, runner.record
    where, use_cache, resumed = artifacts_of(settings, runs), not options.no_cache, options.resume or ""
    if settings.executor != HERE:  # first: its processes import the package while this one does
        executor = open_executor(settings.executor, settings, _executor_options(options))
        runner.use(executor, artifacts=where, use_cache=use_cache, resumed=resumed)
    pipeline = import_module(f"{settings.package}.pipeline", settings)
    outgoing.check(settings, pipeline)
    record.head["versions"] = versions()
    runner.plan.hidden = getattr(pipeline, "HIDDEN_STATE", {})
    if options.start or options.only:
        steps = graph_of(settings).steps
        decisions = select(steps, start=options.start or "", only=options.only or "", use_cache=use_cache)
        runner.choose(decisions, options.only or "")
    if settings.executor == HERE:
        runner.cache = cache_of(settings, runs, pipeline, where, use=use_cache, run=record.run, resumed=resumed)
    return pipeline


def _go(parameters: Any, runner: Runner, runs: Path, options: argparse.Namespace) -> int:
    """Whatever happens, the record says how it ended."""
    record, settings = runner.record, runner.settings
    try:
        with runner:
            with runner.in_time("the imports"):
                pipeline = _prepared(runner, runs, options)
            results = pipeline.run(parameters, runner)
            runner.finish()
            published = {} if options.only else outgoing.publish(results, settings)
        if runner.ledger.not_kept:
            raise ResultsNotKept(pipeline=settings.name, reasons=runner.ledger.not_kept, resume=runner.resume)
    except RuntimeTrouble as trouble:
        _finish(record, _STATUS.get(trouble.exit_code, "failed"), _error_of(record, trouble))
        _tell(f"error: {trouble}\n  record: {record.folder}")
        return trouble.exit_code
    except KeyboardInterrupt:
        _finish(record, "interrupted")
        _tell(f"interrupted; to resume: {runner.resume}\n  record: {record.folder}")
        return _INTERRUPTED
    except Exception as error:
        place = place_of(error, settings)
        message = f"pipeline '{settings.name}' failed between its steps, in {place}: {reason_of(error)}"
        _finish(record, "failed", {"message": message, "traceback": traceback_of(error)})
        _tell(f"error: {message}\n  to resume: {runner.resume}\n  record: {record.folder}")
        return 3
    record.finish("completed")
    for name, value in record.metrics.items():
        _tell(f"{name} = {value:.6g}")
    for name, address in published.items():
        _tell(f"{name} written to {address}")
    _tell(f"completed; record: {record.folder}")
    return 0


def _finish(record: Record, status: str, error: Mapping[str, object] | None = None) -> None:
    """What ended the run is told, also when its record cannot have it."""
    try:
        record.finish(status, error)
    except RecordNotWritten as trouble:
        _tell(f"error: {trouble}")


def _collect(settings: Settings, runs: Path, record: Record, limits: Limits) -> None:
    """What is over the limits of [cache] goes; if it cannot, the run has ended as it did all the same."""
    try:
        collect(open_artifacts(artifacts_of(settings, runs)), limits, record.folder)
    except (OSError, ProjectError) as error:
        _tell(f"warning: {error}")


def _error_of(record: Record, trouble: RuntimeTrouble) -> Mapping[str, object]:
    """The failed step's, else what can be said."""
    failed = [step["error"] for step in record.steps if step.get("error")]
    return failed[0] if failed else {"message": str(trouble)}


def _record(folder: Path, head: Mapping[str, object]) -> Record:
    try:
        return Record(folder, head)
    except OSError as error:
        raise ProjectError(
            f"cannot write the record to {folder}: {error.strerror}; choose another place with --runs"
        ) from error


@contextmanager
def _terminated_as_interrupted() -> Any:
    """SIGTERM is how schedulers and containers interrupt."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(line: str) -> None:
    if is_wanted():
        write_line("told", message=line)
        return
    with suppress(OSError, ValueError):  # the terminal went away; the record has it
        print(line, file=sys.__stderr__, flush=True)
