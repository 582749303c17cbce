"""`nb2prod run`: a project by its pipeline, or a notebook as a job, once and in the foreground."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from nb2prod.errors import FolderNotOurs, InvalidOption
from nb2prod.execution.following import Screen
from nb2prod.execution.notebook_job import NotebookRun, notebook_run
from nb2prod.execution.pipeline_options import PipelineOptions
from nb2prod.execution.pipeline_run import PipelineRun, check_project, pipeline_run
from nb2prod.model.job import Artifact, Definition, JobSettings, Run
from nb2prod.notebooks.read import read_notebook

__all__ = ["JobOptions", "Outcome", "PipelineOptions", "run", "run_notebook", "run_pipeline"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, as an exit code and in words; `record` is its run.json."""

    exit_code: int
    message: str
    record: Path | None


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """How a notebook runs. `store` is a URL ("": the user's own); cells run in the notebook's folder unless the
    settings name another."""

    store: str = ""
    name: str = ""
    settings: JobSettings = field(default_factory=JobSettings)
    idempotency_key: str = ""


_PLAIN = JobOptions()
_AS_IT_IS = PipelineOptions()


def run(
    target: Path,
    parameters: Mapping[str, object],
    *,
    runs: Path | None = None,
    pipeline: PipelineOptions = _AS_IT_IS,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
    options: JobOptions = _PLAIN,
    screen: Screen | None = None,
) -> Outcome:
    """Run a project's folder or a notebook. `timeout` is in seconds for the whole run; a pipeline is shown on `screen`.

    Raises NotAProject, NotebookNotReadable, ParameterRefused, InvalidOption, before anything is started.
    """
    if pipeline.start and pipeline.only:
        raise InvalidOption("--only", "it runs one step; --from runs one and all that need it: give one of them")
    if target.is_dir():
        done = run_pipeline(
            target, parameters, runs=runs, pipeline=pipeline, timeout=timeout, options=options, screen=screen
        )
        return Outcome(exit_code=done.exit_code, message=done.message, record=done.record)
    if words := pipeline.words():
        option = words[0].partition("=")[0]
        raise InvalidOption(option, f"{target} is a notebook, which runs from its top; convert it to have steps")
    ran = run_notebook(target, parameters, runs or Path("runs"), timeout=timeout, progress=progress, options=options)
    return Outcome(exit_code=ran.exit_code, message=ran.message, record=ran.record)


def run_notebook(
    path: Path,
    parameters: Mapping[str, object],
    runs: Path,
    *,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
    options: JobOptions = _PLAIN,
) -> NotebookRun:
    """Run a notebook once in a folder of `runs`, recorded in the store. `timeout` is in seconds, for the whole run.

    Raises NotebookNotReadable, ParameterRefused, InvalidOption and FolderNotOurs before anything is started.
    """
    from nb2prod.api.definitions import define  # the database takes longer to import than most refusals to find
    from nb2prod.api.runs import submit
    from nb2prod.execution.foreground import run_here
    from nb2prod.store import open_store

    settings = _settings(path, timeout, options.settings)
    _check(path, parameters, settings)
    _make(runs)
    with open_store(options.store) as store:
        definition = define(store, path, name=options.name, settings=settings)
        submitted, is_new = submit(store, definition, parameters, idempotency_key=options.idempotency_key)
        folder = runs.absolute() / submitted.id
        if is_new:
            submitted, folder = run_here(store, submitted, folder, progress or (lambda _: None))
        return notebook_run(submitted, folder, _output(submitted, folder, definition, store.artifacts(submitted.id)))


def run_pipeline(
    project: Path,
    parameters: Mapping[str, object],
    *,
    runs: Path | None = None,
    pipeline: PipelineOptions = _AS_IT_IS,
    timeout: float | None = None,
    options: JobOptions = _PLAIN,
    screen: Screen | None = None,
) -> PipelineRun:
    """Run a project once where it is, its output passed through. Raises NotAProject and ParameterRefused before."""
    from nb2prod.api.definitions import define
    from nb2prod.api.runs import submit
    from nb2prod.execution.attempt import InPlace
    from nb2prod.execution.foreground import run_here
    from nb2prod.execution.job_parameters import check, refuse_secrets
    from nb2prod.store import open_store

    known, records = check_project(project, parameters, runs=runs, pipeline=pipeline)
    limit = timeout or options.settings.limits.run or known.timeout
    settings = _settings(project, limit, options.settings)
    in_place = InPlace(project=project, words=pipeline.words())
    with open_store(options.store) as store:
        definition = define(store, project, name=options.name, settings=settings)
        refuse_secrets(check(definition.parameters, parameters, name=project.name))
        submitted, is_new = submit(store, definition, parameters, idempotency_key=options.idempotency_key)
        folder = records / submitted.id
        if is_new:
            submitted, folder = run_here(store, submitted, folder, lambda _: None, in_place, screen)
        return pipeline_run(submitted, folder)


def _check(path: Path, parameters: Mapping[str, object], settings: JobSettings) -> None:
    """What can be refused without a store. Raises as `run_notebook`."""
    from nb2prod.analysis.parameters import declared_parameters
    from nb2prod.execution.job_parameters import check
    from nb2prod.execution.output_paths import check_template
    from nb2prod.execution.rendering import check_formats

    declared = declared_parameters(read_notebook(path))
    check(declared, parameters, name=path.name)
    check_template(settings.output, [name for name, *_ in declared])
    check_formats(settings.formats)


def _make(runs: Path) -> None:
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderNotOurs(runs, f"{error.strerror}; choose a folder that you can write with -o") from error


def _settings(path: Path, timeout: float | None, settings: JobSettings) -> JobSettings:
    """What is tried again in the foreground is tried again after a loss too, and not more often."""
    return replace(
        settings,
        workdir=settings.workdir or ("" if path.is_dir() else str(path.resolve().parent)),
        limits=settings.limits if timeout is None else replace(settings.limits, run=timeout),
        retry=replace(settings.retry, lost=settings.retry.limit),
    )


def _output(run: Run, folder: Path, definition: Definition, artifacts: list[Artifact]) -> str:
    kept = [each.url for each in artifacts if each.kind == "notebook" and each.attempt == run.attempt]
    return kept[-1] if kept else str(folder / definition.entry)
