"""A project's pipeline in the foreground: what is checked before it starts, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import InvalidOption, ParameterRefused, SettingsWrong
from nb2prod.execution.notebook_job import STATUS
from nb2prod.execution.pipeline_options import PipelineOptions
from nb2prod.execution.projects import project_settings, project_specs
from nb2prod.model.job import Failure, FailureKind, Run
from nb2prod.runtime.errors import ParameterError, ProjectError
from nb2prod.runtime.files import read_json
from nb2prod.runtime.parameters import coerce
from nb2prod.runtime.project import SETTINGS, Settings
from nb2prod.runtime.running.executors import check_executor
from nb2prod.runtime.telling.record import recorded_parameters

__all__ = ["PipelineRun", "check_project", "pipeline_run"]

# the pipeline has said itself how these ended
_SAID = (FailureKind.CELL_ERROR, FailureKind.CELL_TIMEOUT, FailureKind.INTERRUPTED, FailureKind.PARAMETERS)


@dataclass(frozen=True, kw_only=True)
class PipelineRun:
    """How a run ended. `record` is its run.json, or None when nothing was started. The pipeline has said the rest."""

    exit_code: int
    status: str
    run: str
    record: Path | None
    message: str = ""


def check_project(
    project: Path, parameters: Mapping[str, object], *, runs: Path | None = None, pipeline: PipelineOptions
) -> tuple[Settings, Path]:
    """Its settings, and where its records go. Raises NotAProject, SettingsWrong, ParameterRefused and InvalidOption."""
    settings = project_settings(project, pipeline.env)
    records = runs.resolve() if runs else settings.runs
    _check(settings, parameters, records, pipeline.resume)
    _check_executor(pipeline.executor, settings)
    return settings, records


def pipeline_run(run: Run, folder: Path) -> PipelineRun:
    record = folder / "run.json"
    found = read_json(record, dict)
    failure = run.failure
    status = STATUS.get(failure.kind, "failed") if failure else "completed"
    said = failure is None or failure.kind in _SAID or _has_said(failure, found.get("error", {}))
    resume = f"\n  to resume: {found['resume']}" if found.get("resume") else ""
    return PipelineRun(
        exit_code=failure.kind.exit_code if failure else 0,
        status=found.get("status", "refused"),
        run=folder.name,
        record=record if found else None,
        message="" if said or failure is None else f"{status}: {failure.message}{resume}\n  record: {record}",
    )


def _has_said(failure: Failure, error: Mapping[str, object]) -> bool:
    """Whether the pipeline itself has told of it; what ends its process, or its outputs, is told by who watches it."""
    return "traceback" in error or (failure.kind is FailureKind.IO and error.get("message") == failure.message)


def _check_executor(asked: str, settings: Settings) -> None:
    try:
        check_executor(asked or settings.executor)
    except ProjectError as error:
        if asked:
            raise InvalidOption("--executor", str(error)) from error
        raise SettingsWrong(f"{settings.root / SETTINGS}: {error}") from error


def _check(settings: Settings, parameters: Mapping[str, object], runs: Path, resume: str) -> None:
    specs = project_specs(settings)
    try:
        coerce(parameters, specs)
        if resume:
            recorded_parameters(runs, resume)
    except ParameterError as error:
        raise ParameterRefused(str(error)) from error
