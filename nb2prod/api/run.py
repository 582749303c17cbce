"""`nb2prod run`: a project by its pipeline, or a notebook by papermill, once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import InvalidOption

__all__ = ["Outcome", "run"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, as an exit code and in words; `record` is its run.json."""

    exit_code: int
    message: str
    record: Path | None


def run(
    target: Path,
    parameters: Mapping[str, str],
    *,
    runs: Path | None = None,
    resume: str | None = None,
    cache: bool = True,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Outcome:
    """Run a project's folder or a notebook. `timeout` is in seconds for the whole run.

    Raises NotAProject, NotebookNotReadable, ParameterRefused, before anything is started.
    """
    if target.is_dir():
        from nb2prod.execution.pipeline_run import run_pipeline

        done = run_pipeline(target, parameters, runs=runs, resume=resume, cache=cache, timeout=timeout)
        return Outcome(exit_code=done.exit_code, message=done.message, record=done.record)
    if resume is not None:
        raise InvalidOption(
            "--resume", f"{target} is a notebook, which runs from its top; convert it to resume its steps"
        )
    from nb2prod.execution.notebook_job import run_notebook

    ran = run_notebook(target, parameters, runs or Path("runs"), timeout=timeout, progress=progress)
    return Outcome(exit_code=ran.exit_code, message=ran.message, record=ran.record)
