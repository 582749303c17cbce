"""`nb2prod compare`: the same run on several executors, side by side, with their results proven equal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # TOML

from nb2prod.errors import InvalidOption
from nb2prod.execution.pipeline_options import PipelineOptions
from nb2prod.execution.pipeline_run import check_project
from nb2prod.execution.trials import TrialOrder, fingerprints_of, try_on
from nb2prod.model.comparison import Comparison, Difference, Prices, Side, Trial
from nb2prod.runtime.project import SETTINGS, Settings
from nb2prod.runtime.proof.compare import compare as difference_of
from nb2prod.runtime.proof.fingerprint import Fingerprint

__all__ = ["CompareOptions", "compare"]

Results = Mapping[str, Mapping[str, Fingerprint]]
_PRICES = ("cpu_hour", "gb_hour", "gb_moved", "hour")


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """`address` and `jobs` are for the executors that have them; `artifacts` is where results are kept."""

    environment: str = ""
    address: str = ""
    jobs: int | None = None
    artifacts: str = ""
    runs: Path | None = None


def compare(
    project: Path,
    executors: Sequence[str],
    parameters: Mapping[str, object],
    *,
    repeat: int = 1,
    options: CompareOptions = CompareOptions(),
    tell: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Run it `repeat` times on each, in turn, so that what else the machine does falls on all.

    Raises NotAProject, ParameterRefused, InvalidOption before anything is started, and TrialFailed.
    """
    if len(set(executors)) < len(executors) or not executors:
        raise InvalidOption("--executors", "name each executor once, as in-process,local,dask")
    pipeline = PipelineOptions(env=options.environment)
    settings, runs = check_project(project, parameters, runs=options.runs, pipeline=pipeline)
    prices = {name: _prices(settings, name) for name in executors}
    trials: dict[str, list[Trial]] = {name: [] for name in executors}
    folders: list[tuple[Trial, Path]] = []
    for number in range(1, repeat + 1):
        for name in executors:
            trial, folder = try_on(_order(project, name, runs, parameters, options))
            tell(f"{name}, run {number} of {repeat}: {trial.seconds:.1f} s")
            trials[name].append(trial)
            folders.append((trial, folder))
    tell("comparing the results")
    results = [(trial, fingerprints_of(folder)) for trial, folder in folders]
    _, first = results[0]
    return Comparison(
        pipeline=settings.name,
        sides=tuple(Side(executor=name, trials=tuple(trials[name]), prices=prices[name]) for name in executors),
        differences=tuple(found for trial, each in results[1:] for found in _differences(trial, each, first)),
        unseen=tuple(step.name for step in folders[0][0].steps if step.name not in first),
        compared=sum(len(outputs) for outputs in first.values()),
        currency=str(_table(settings).get("currency", "")),
    )


def _order(
    project: Path, executor: str, runs: Path, parameters: Mapping[str, object], options: CompareOptions
) -> TrialOrder:
    given: list[str] = []
    if options.address and executor not in ("in-process", "local"):
        given += ["--address", options.address]
    if options.jobs and executor != "in-process":
        given += ["--jobs", str(options.jobs)]
    if options.artifacts:
        given += ["--artifacts", options.artifacts]
    return TrialOrder(
        project=project,
        executor=executor,
        runs=runs,
        parameters=parameters,
        environment=options.environment,
        options=given,
    )


def _differences(trial: Trial, ours: Results, first: Results) -> Iterator[Difference]:
    for step, outputs in first.items():
        for output, value in outputs.items():
            given = ours.get(step, {}).get(output)
            words = "it is not there" if given is None else difference_of(given, value)
            if words:
                yield Difference(executor=trial.executor, run=trial.run, step=step, output=output, words=words)


def _prices(settings: Settings, executor: str) -> Prices | None:
    """[prices], under [prices.EXECUTOR]. Raises InvalidOption."""
    table = _table(settings)
    own = table.get(executor, {})
    if not isinstance(own, dict):
        raise InvalidOption(SETTINGS, f"prices.{executor} is {own!r}; it must be a table")
    plain = {name: value for name, value in table.items() if not isinstance(value, dict) and name != "currency"}
    given = {**plain, **own}
    for name, value in given.items():
        if name not in _PRICES:
            raise InvalidOption(SETTINGS, f"prices.{name} is no price; there are {', '.join(_PRICES)}")
        if type(value) not in (int, float) or value < 0:
            raise InvalidOption(SETTINGS, f"prices.{name} is {value!r}; it must be a number, and not negative")
    return Prices(**given) if given else None


def _table(settings: Settings) -> Mapping[str, Any]:
    table = settings.tables.get("prices", {})
    if not isinstance(table, dict):
        raise InvalidOption(SETTINGS, f"prices is {table!r}; it must be a table")
    return table
