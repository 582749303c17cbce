"""A notebook's attempt: parameters and secrets, its kernel and cells, the notebook with outputs and its other forms."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any  # JSON of nbformat

from nb2prod.errors import Nb2ProdError, ParameterRefused
from nb2prod.execution.attempt import Attempt, Ended, Product
from nb2prod.execution.cells import Cells, Verdict
from nb2prod.execution.document import layout_of, prepared
from nb2prod.execution.environments import python_of
from nb2prod.execution.job_parameters import check, from_store
from nb2prod.execution.journal import Journal
from nb2prod.execution.kernels.order import KernelOrder
from nb2prod.execution.literals import as_code, assignments, shown
from nb2prod.execution.noted import noted_files
from nb2prod.execution.recorder import Recorder
from nb2prod.execution.rendering import NotRendered, check_formats, render
from nb2prod.execution.secret_values import look_up, typed
from nb2prod.execution.whole_files import write_whole
from nb2prod.model.job import Failure, FailureKind, RunStatus, Usage
from nb2prod.notebooks.read import notebook_data
from nb2prod.runtime.errors import ParameterError

__all__ = ["run_notebook_attempt"]

_MARGIN = 1.0  # seconds after the deadline at which the kernel's keeper ends it, should we be unable to


def run_notebook_attempt(attempt: Attempt) -> Ended:
    """Run it. Raises OSError where the run's folder cannot be written."""
    text = attempt.entry()
    (attempt.folder / "source.ipynb").write_text(text, encoding="utf-8")
    source = notebook_data(Path(attempt.definition.entry), text)
    try:
        check_formats(attempt.definition.settings.formats)
        values = _values(attempt)
        secrets = look_up(values)
        attempt.keep_secrets(secrets)
        order = _order(attempt)
        silent = _silent_code(attempt, secrets)
    except (Nb2ProdError, ParameterError) as refused:
        return Ended(failure=Failure(kind=FailureKind.PARAMETERS, message=str(refused)))
    injected = assignments(values)
    layout = layout_of(source, injected)
    output = attempt.folder / f"{attempt.stem}.ipynb"
    recorder = _recorder(attempt, source, output)
    recorder.begin(
        layout,
        injected,
        run=attempt.run.id,
        attempt=attempt.number,
        parameters=shown(values),
        name=attempt.definition.path,
        output=output.name,
    )
    cells = Cells(
        prepared(source, layout, injected),
        order,
        recorder,
        silent=(layout.index(0), silent) if silent else (-1, ""),
        cell_timeout=attempt.definition.settings.limits.cell,
    )
    attempt.stops.tell(cells.stop)
    verdict = asyncio.run(cells.run())
    return _end(attempt, recorder, verdict, output)


def _values(attempt: Attempt) -> dict[str, object]:
    """Checked again: the definition may be a later version than that for which they were given."""
    given = from_store(attempt.run.parameters)
    return check(attempt.definition.parameters, given, name=attempt.definition.name)


def _silent_code(attempt: Attempt, secrets: Mapping[str, str]) -> str:
    annotations = {name: annotation for name, annotation, _, _ in attempt.definition.parameters}
    return "".join(f"{name} = {as_code(typed(name, v, annotations[name]))}\n" for name, v in secrets.items())


def _order(attempt: Attempt) -> KernelOrder:
    """Raises InvalidOption, ParameterRefused."""
    settings = attempt.definition.settings
    python, kernel = python_of(settings.environment)
    left = attempt.heart.left
    return KernelOrder(
        **({"kernel_name": kernel} if kernel else {"python": python}),
        cwd=str(_workdir(attempt)),
        env=attempt.environment,
        memory=settings.limits.memory,
        cpu_seconds=settings.limits.cpu_seconds,
        cpus=settings.limits.cpus,
        deadline=None if left is None else left + _MARGIN,
        start=settings.limits.start,
    )


def _workdir(attempt: Attempt) -> Path:
    named = attempt.definition.settings.workdir
    if not named:
        return (attempt.materialise() / attempt.definition.entry).parent
    if not Path(named).is_dir():
        raise ParameterRefused(f"there is no folder {named} to work in; define the job again")
    return Path(named)


def _recorder(attempt: Attempt, source: Mapping[str, Any], output: Path) -> Recorder:
    return Recorder(
        source,
        output,
        Journal(attempt.folder),
        redactor=attempt.redactor,
        stops=attempt.stops,
        heart=attempt.heart,
        log=attempt.log,
        progress=attempt.progress,
    )


def _end(attempt: Attempt, recorder: Recorder, verdict: Verdict, output: Path) -> Ended:
    failure = _placed(attempt, recorder, verdict)
    usage = Usage(seconds=attempt.heart.seconds)
    if verdict.ending is not None:
        usage = replace(usage, cpu=verdict.ending.cpu, memory=verdict.ending.memory)
    if attempt.heart.superseded:
        return Ended(failure=failure, usage=usage)
    cancelled = failure is not None and failure.kind is FailureKind.CANCELLED
    status = RunStatus.CANCELLED if cancelled else RunStatus.FAILED if failure else RunStatus.COMPLETED
    try:
        recorder.end(status.value, failure)
        products = (Product(kind="notebook", path=output, suffix=".ipynb"), *_other_forms(attempt, recorder))
        products += noted_files(attempt.folder, recorder.state.noted.values())
    except OSError as error:
        failure = failure or Failure(kind=FailureKind.IO, message=str(error))
        products = (Product(kind="notebook", path=output, suffix=".ipynb"),) if output.is_file() else ()
    return Ended(failure=failure, usage=usage, products=products)


def _placed(attempt: Attempt, recorder: Recorder, verdict: Verdict) -> Failure | None:
    """With the cell's number in the source, and no secret."""
    failure = verdict.failure
    if failure is None:
        return None
    cell = recorder.state.layout[verdict.index] if 0 <= verdict.index < len(recorder.state.layout) else 0
    redact = attempt.redactor.text
    return replace(failure, cell=cell, message=redact(failure.message), traceback=redact(failure.traceback))


def _other_forms(attempt: Attempt, recorder: Recorder) -> tuple[Product, ...]:
    """Raises NotRendered, NotWritten."""
    wanted = [form for form in attempt.definition.settings.formats if form != "ipynb"]
    made = []
    for form in wanted:
        document = recorder.document()
        path = attempt.folder / f"{attempt.stem}.{form}"
        try:
            write_whole(str(path), render(document, form, attempt.stem))
        except NotRendered as error:
            attempt.log.say(str(error))
            raise
        made.append(Product(kind=form, path=path, suffix=f".{form}"))
    return tuple(made)
