"""`python -m churn` and `python -m nb2prod.runtime PROJECT`: from a command line to the exit code of a run.

0 completed   2 nothing was started   3 a step failed   4 a timeout   130 interrupted
"""

import argparse
import importlib
import os
import random  # noqa: F401 - loaded before any step, so that its state is seen
import shlex
import signal
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any  # the package's Parameters and what pipeline.run gives

from nb2prod.runtime.artifacts import Store
from nb2prod.runtime.cache import StepCache
from nb2prod.runtime.errors import ParameterError, ProjectError, RuntimeTrouble
from nb2prod.runtime.failure import place_of, reason_of, traceback_of
from nb2prod.runtime.files import read_json
from nb2prod.runtime.keys import Code, environment
from nb2prod.runtime.parameters import Spec, coerce, comments_of, specs_of
from nb2prod.runtime.project import Settings, read_settings
from nb2prod.runtime.record import Record, decode, encode, new_run_id, recorded_parameters, versions
from nb2prod.runtime.runner import Runner

__all__ = ["run_package", "run_project"]

_BACKEND = "module://nb2prod.runtime.figures"
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
    root = _root_of(package)
    settings = read_settings(root, package)
    module = _import(f"{package}.parameters", settings)
    specs = _described(specs_of(module.Parameters), module)
    parser = _parser(specs, prog=command)
    options = parser.parse_args(_joined(list(sys.argv[1:] if arguments is None else arguments), specs))
    given = {
        spec.name: text for spec in specs if (text := getattr(options, f"parameter {spec.name}", None)) is not None
    }
    return _run(settings, options, {**_assigned(options.parameter), **given}, specs, command)


def _run_project(arguments: Sequence[str] | None) -> int:
    parser = _parser((), prog="python -m nb2prod.runtime")
    parser.add_argument("project", type=Path, help="the project's folder")
    options = parser.parse_args(arguments)
    settings = read_settings(options.project)
    if options.workdir:
        settings = replace(settings, workdir=options.workdir)
    sys.path.insert(0, str(settings.root / "src"))
    specs = specs_of(_import(f"{settings.package}.parameters", settings).Parameters)
    command = shlex.join(["python", "-m", "nb2prod.runtime", str(options.project)])
    return _run(settings, options, _assigned(options.parameter), specs, command)


def _run(
    settings: Settings, options: argparse.Namespace, given: Mapping[str, object], specs: Sequence[Spec], command: str
) -> int:
    runs = Path(options.runs).resolve() if options.runs else settings.runs
    chosen = _chosen(runs, options, given, specs)
    _enter(settings)
    parameters = _import(f"{settings.package}.parameters", settings).Parameters(**chosen)
    head = {
        "pipeline": settings.name,
        "package": settings.package,
        "notebook": settings.notebook,
        "workdir": str(settings.workdir),
        "parameters": {spec.name: encode(getattr(parameters, spec.name)) for spec in specs},
        "resumed": options.resume,
    }
    record = _record(runs / (options.run_id or new_run_id()), head)
    where = ["--runs", options.runs] if options.runs else []
    runner = Runner(
        settings,
        record,
        timeout=settings.timeout if options.timeout is None else options.timeout,
        tell=_tell,
        resume=f"{options.called or command} {shlex.join([*where, '--resume', record.run])}",
    )
    return _go(parameters, runner, runs, use_cache=not options.no_cache)


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


def _go(parameters: Any, runner: Runner, runs: Path, *, use_cache: bool) -> int:
    """Whatever happens, the record says how it ended."""
    record, settings = runner.record, runner.settings
    try:
        with runner, runner.in_time("the imports"):
            pipeline = _import(f"{settings.package}.pipeline", settings)
            record.head["versions"] = versions()
            runner.cache = _cache(settings, runs, pipeline, use=use_cache)
        with runner:
            pipeline.run(parameters, runner)
    except RuntimeTrouble as trouble:
        record.finish(_STATUS.get(trouble.exit_code, "failed"), _error_of(record, trouble))
        _tell(f"error: {trouble}\n  record: {record.folder}")
        return trouble.exit_code
    except KeyboardInterrupt:
        record.finish("interrupted")
        _tell(f"interrupted; to resume: {runner.resume}\n  record: {record.folder}")
        return _INTERRUPTED
    except Exception as error:
        place = place_of(error, settings)
        message = f"pipeline '{settings.name}' failed between its steps, in {place}: {reason_of(error)}"
        record.finish("failed", {"message": message, "traceback": traceback_of(error)})
        _tell(f"error: {message}\n  record: {record.folder}")
        return 3
    record.finish("completed")
    for name, value in record.metrics.items():
        _tell(f"{name} = {value:.6g}")
    _tell(f"completed; record: {record.folder}")
    return 0


def _error_of(record: Record, trouble: RuntimeTrouble) -> Mapping[str, object]:
    """The failed step's, else what can be said."""
    found: Mapping[str, object] | None = record.steps[-1].get("error") if record.steps else None
    return found or {"message": str(trouble)}


def _parser(specs: Sequence[Spec], prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, allow_abbrev=False, description="Run the pipeline once.")
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter; may be repeated"
    )
    parser.add_argument("--runs", metavar="DIR", help="where the record of the run goes")
    parser.add_argument("--resume", metavar="RUN", help="go on where RUN failed, with its parameters")
    parser.add_argument("--no-cache", action="store_true", help="run every step, also those whose result is known")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="for the whole run")
    parser.add_argument("--run-id", help=argparse.SUPPRESS)  # for a parent that wants to know it
    parser.add_argument("--given", type=Path, help=argparse.SUPPRESS)  # a file of checked parameters
    parser.add_argument("--workdir", type=Path, help=argparse.SUPPRESS)  # of a project that was moved
    parser.add_argument("--called", help=argparse.SUPPRESS)  # what the user wrote, for the command that resumes
    for spec in specs:
        names = [name for name in _options_of(spec) if name not in parser._option_string_actions]
        text = f"{spec.comment}  " if spec.comment else ""
        about = f"{text}[{spec.annotation}; default: {spec.default!r}]".replace("%", "%%")
        if names:
            parser.add_argument(*names, dest=f"parameter {spec.name}", metavar="VALUE", help=about)
    return parser


def _options_of(spec: Spec) -> list[str]:
    """As a shell writes it, and as Python does. One of our own name is reached by `-p NAME=VALUE` alone."""
    return list(dict.fromkeys([f"--{spec.name.replace('_', '-')}", f"--{spec.name}"]))


def _joined(arguments: list[str], specs: Sequence[Spec]) -> list[str]:
    """`--x -1e-3` as `--x=-1e-3`: argparse takes such a number for an option."""
    names = {name for spec in specs for name in _options_of(spec)} - {"--runs", "--resume", "--timeout", "--no-cache"}
    joined: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        value = next(rest, None) if argument in names else None
        joined.append(argument if value is None else f"{argument}={value}")
    return joined


def _assigned(texts: Sequence[str]) -> dict[str, str]:
    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"-p {text!r} is not NAME=VALUE")
        given[name.strip()] = value
    return given


def _described(specs: Sequence[Spec], module: Any) -> list[Spec]:
    try:
        comments = comments_of(Path(module.__file__).read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        comments = {}
    return [Spec(**{**vars(spec), "comment": comments.get(spec.name, "")}) for spec in specs]


def _root_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        raise ProjectError(f"there is no package '{package}' to run")
    return Path(spec.origin).resolve().parents[2]


def _import(name: str, settings: Settings) -> Any:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        place = place_of(error, settings)
        hint = "; install what requirements.lock lists" if isinstance(error, ModuleNotFoundError) else ""
        raise ProjectError(f"cannot import {name}, in {place}: {reason_of(error)}{hint}") from error


def _enter(settings: Settings) -> None:
    """Be where the notebook was: its folder, and its modules within reach; figures go to the run."""
    try:
        os.chdir(settings.workdir)
    except OSError as error:
        raise ProjectError(
            f"cannot work in {settings.workdir} ({error.strerror}): set workdir in {settings.root / 'pipeline.toml'}"
        ) from error
    if str(settings.workdir) not in sys.path:
        sys.path.insert(1, str(settings.workdir))
    if "matplotlib" not in sys.modules:
        os.environ.setdefault("MPLBACKEND", _BACKEND)


def _record(folder: Path, head: Mapping[str, object]) -> Record:
    try:
        return Record(folder, head)
    except OSError as error:
        raise ProjectError(
            f"cannot write the record to {folder}: {error.strerror}; choose another place with --runs"
        ) from error


def _cache(settings: Settings, runs: Path, pipeline: Any, *, use: bool) -> StepCache:
    package = Path(pipeline.__file__).resolve().parent
    installed = {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    ours = [str(Path(__file__).parents[1]), str(package), *installed]
    ignore = [*ours, str(runs), *_matplotlib_folders()]
    return StepCache(
        Store(runs / "cache"),
        code=Code(settings.root, [f"{folder}{os.sep}" for folder in ours]),
        environment=environment(settings.root),
        hidden=getattr(pipeline, "HIDDEN_STATE", {}),
        ignore=tuple(ignore),
        use=use,
    )


def _matplotlib_folders() -> list[str]:
    """Where matplotlib keeps its settings and what it knows of fonts; it writes there whenever it likes."""
    home = Path.home()
    places = [os.environ.get("XDG_CONFIG_HOME", home / ".config"), os.environ.get("XDG_CACHE_HOME", home / ".cache")]
    named = [os.environ["MPLCONFIGDIR"]] if "MPLCONFIGDIR" in os.environ else []
    return [*named, str(home / ".matplotlib"), *(str(Path(place) / "matplotlib") for place in places)]


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
    with suppress(OSError, ValueError):  # the terminal went away; the record has it
        print(line, file=sys.__stderr__, flush=True)
