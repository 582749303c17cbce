"""What the DAG file's template places: every decision about it is made here."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2prod.runtime.project import Policy
from nb2prod.runtime.running.graph import GraphStep
from nb2prod.runtime.running.workplace import artifacts_of
from nb2prod.targets.exports.apart import runner_notes
from nb2prod.targets.exports.base import ExportOrder, Note
from nb2prod.targets.exports.pods import schedule_of
from nb2prod.targets.exports.templates import head_of, names_in_python
from nb2prod.targets.exports.texts import one_line
from nb2prod.targets.exports.times import clock_notes
from nb2prod.targets.exports.typed import Typed, typed_parameters

__all__ = ["TaskView", "View", "view_of"]

_MARGIN = 60  # our own deadline comes first, and says in which line it was
_FINISH = "finish"
_KEY = re.compile(r"[^\w.-]")  # what Airflow does not take in an id
_INSTEAD = {
    "on_failure": "give the DAG an on_failure_callback that tells the same people",
    "circuit": "set max_consecutive_failed_dag_runs, which pauses the DAG after so many failed runs",
}
_CLOCKS = "Airflow runs a time that is leaped over an hour later, and one that is shown twice at the second"
# what the file itself calls by name
_OURS = {
    "ARTIFACTS", "AirflowFailException", "AirflowTaskTimeout", "CronTriggerTimetable", "DAG_ID", "PROJECT", "PYTHON",
    "Param", "carry_out", "contextlib", "dag", "finish", "get_current_context", "json", "logging", "os", "pendulum",
    "pipeline", "re", "run_name", "sha256", "signal", "step", "stop", "subprocess", "task", "timedelta", "log",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """`options` are keywords of Airflow's, as code; `before` are names in the file."""

    step: str
    name: str
    summary: str
    options: tuple[tuple[str, str], ...]
    before: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    doc: str
    dag_id: str
    title: str
    variable: str  # the names of environment variables begin with it
    python: str
    project: str
    artifacts: str
    environment: str
    schedule: str  # five fields, "" for none
    timezone: str
    timeout: float | None
    stops: bool  # the first failure ends the run
    parameters: tuple[Typed, ...]
    common: tuple[tuple[str, str], ...]  # the options that all tasks have
    tasks: tuple[TaskView, ...]
    finish: str  # the id of the last task
    notes: tuple[Note, ...]


def view_of(order: ExportOrder) -> View:
    """Raises InvalidOption for a schedule that Airflow cannot say."""
    parameters, unsayable = typed_parameters(order)
    artifacts = _artifacts(order)
    notes = (*unsayable, *_notes(order, artifacts))
    names = names_in_python([step.name for step in order.graph.steps], _OURS)
    steps = {step.name for step in order.graph.steps}
    options = {step.name: dict(_options(order.policy(step))) for step in order.graph.steps}
    common = _common(list(options.values()))
    dag_id = "-".join(_KEY.sub("-", each) for each in (order.package, order.environment) if each)
    return View(
        doc=head_of("airflow", order, notes, *_paragraphs(order)),
        dag_id=dag_id,
        title=one_line(order.name)[:200] or dag_id,
        variable=_variable(order),
        python=order.python,
        project=str(order.settings.root),
        artifacts=artifacts,
        environment=order.environment,
        schedule=schedule_of(order, "Airflow"),
        timezone=order.schedule.timezone if order.schedule else "UTC",
        timeout=order.settings.timeout,
        stops=order.settings.on_error == "stop",
        parameters=parameters,
        common=tuple(common.items()),
        tasks=tuple(_task(step, names, options[step.name], common) for step in order.graph.steps),
        finish=next(name for name in (_FINISH, *(f"{_FINISH}-{n}" for n in range(2, 999))) if name not in steps),
        notes=notes,
    )


def _paragraphs(order: ExportOrder) -> tuple[str, ...]:
    variable = _variable(order)
    return (
        "Each task runs one step with PYTHON, an environment that has nb2prod and what the project needs; Airflow's "
        f"own needs neither. Where they are elsewhere on the workers, {variable}_PYTHON and {variable}_PROJECT say so. "
        "What a step computes goes to ARTIFACTS, where the next one finds it; XCom has only its name, time and "
        "metrics.",
        "Airflow tries a step again, with the retries and delays of pipeline.toml, when nb2prod says that it is worth "
        "it or when the step's process was killed; any other failure is final at once. nb2prod ends a step at its "
        "timeout, and Airflow a minute later one that does not let itself be ended. To resume a run, clear its failed "
        "tasks: what was computed is found again.",
    )


def _variable(order: ExportOrder) -> str:
    """How the names of environment variables begin."""
    return re.sub(r"\W", "_", order.package).upper()


def _artifacts(order: ExportOrder) -> str:
    if order.artifacts == order.settings.artifacts:
        return artifacts_of(order.settings, order.settings.runs)
    return order.artifacts if "://" in order.artifacts else str(Path(order.artifacts).absolute())


def _common(options: Sequence[dict[str, str]]) -> dict[str, str]:
    """How all are tried again, when it is the same for all; the last task then is, too."""
    shared = set.intersection(*(set(each.items()) for each in options)) if options else set()
    return {
        key: code for key, code in (options[0] if options else {}).items() if "retr" in key and (key, code) in shared
    }


def _task(step: GraphStep, names: dict[str, str], options: dict[str, str], common: dict[str, str]) -> TaskView:
    return TaskView(
        step=step.name,
        name=names[step.name],
        summary=one_line(step.summary) or step.name,
        options=tuple((key, code) for key, code in options.items() if key not in common),
        before=tuple(names[before] for before in step.before),
    )


def _options(policy: Policy) -> Iterator[tuple[str, str]]:
    """A process that was lost counts as a try: Airflow has one number for both."""
    retries = max(policy.retries, policy.lost)
    yield "retries", repr(retries)
    if retries:
        yield "retry_delay", f"timedelta(seconds={policy.retry_delay!r})"
        yield "retry_exponential_backoff", "2"
        yield "max_retry_delay", f"timedelta(seconds={policy.retry_longest!r})"
    if policy.timeout is not None:
        yield "execution_timeout", f"timedelta(seconds={math.ceil(policy.timeout) + _MARGIN})"
    if policy.cpus and policy.cpus > 1:
        yield "pool_slots", repr(policy.cpus)


def _notes(order: ExportOrder, artifacts: str) -> Iterator[Note]:
    if "://" not in artifacts:
        yield Note(
            what=f"artifacts in the folder {artifacts}",
            why="steps of one run may be on several workers",
            do="name a place that each of them reaches, as --artifacts s3://bucket/churn, or have one worker",
        )
    if order.image:
        yield Note(
            what="--image",
            why="the steps run with PYTHON on Airflow's workers, in no container of their own",
            do="build the workers' image with PYTHON and PROJECT in it, or use --to argo",
        )
    yield from _resources(order)
    yield from runner_notes(order, "Airflow", _INSTEAD)
    if order.schedule:
        yield from clock_notes(order.schedule, _CLOCKS)


def _resources(order: ExportOrder) -> Iterator[Note]:
    policies = {step.name: order.policy(step) for step in order.graph.steps}
    wide = [name for name, policy in policies.items() if (policy.cpus or 0) > 1]
    if wide:
        yield Note(
            what=f"cores of {', '.join(wide)}",
            why="they are slots of Airflow's pool, which has 128 unless somebody changed that",
            do="give default_pool as many slots as the workers have cores",
        )
    for resource, field in (("memory", "memory"), ("graphics cards", "gpus")):
        wanted = [name for name, policy in policies.items() if getattr(policy, field)]
        if wanted:
            yield Note(
                what=f"{resource} of {', '.join(wanted)}",
                why="Airflow's local and Celery executors give a task what its worker has",
                do="give the workers that much, or use --to argo",
            )
