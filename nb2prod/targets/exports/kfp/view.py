"""What the pipeline's template places: every decision about it is made here."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nb2prod.errors import InvalidOption
from nb2prod.runtime.project import Policy
from nb2prod.runtime.running.graph import GraphStep
from nb2prod.targets.exports.apart import data_notes, runner_notes
from nb2prod.targets.exports.base import ExportOrder, Note
from nb2prod.targets.exports.pods import image_of, schedule_of
from nb2prod.targets.exports.templates import head_of, names_in_python
from nb2prod.targets.exports.texts import dns_name, file_name, one_line, shell
from nb2prod.targets.exports.typed import Typed, typed_parameters
from nb2prod.targets.exports.whole import credentials

__all__ = ["Input", "TaskView", "View", "view_of"]

_TYPES = {"integer": "int", "number": "float", "boolean": "bool", "string": "str", "literal": "str"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # what Kubeflow takes for an input
# what the file itself calls by name
_OURS = {
    "ARTIFACTS", "IMAGE", "Path", "RUN", "artifacts", "compiler", "done", "dsl", "finish", "finish_run", "json",
    "metrics", "name", "pipeline", "run", "run_step", "value",
}  # fmt: skip
_PLACEHOLDER = "{{$"
_INSTEAD = {
    "on_failure": "have somebody watch failed runs in Kubeflow",
    "circuit": "see that retries are few",
}


@dataclass(frozen=True, kw_only=True)
class Input:
    """A parameter: its own name, that which Kubeflow takes, its type and default as code."""

    name: str
    known: str
    type: str
    default: str
    about: str


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """`settings` are calls of Kubeflow's on the task, as code; `before` are names of tasks in the file."""

    step: str
    name: str
    task: str
    summary: str
    inputs: tuple[Input, ...]
    settings: tuple[str, ...]
    before: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    doc: str
    name: str
    description: str
    package: str
    environment: str
    image: str
    artifacts: str
    inputs: tuple[Input, ...]
    tasks: tuple[TaskView, ...]
    notes: tuple[Note, ...]


def view_of(order: ExportOrder) -> View:
    """Raises InvalidOption without an image, and without a place for artifacts."""
    image_of(order, "Kubeflow")
    if not order.artifacts:
        raise InvalidOption("--artifacts", "each step has a container of its own; name a URL that all reach: s3://…")
    parameters, unsayable = typed_parameters(order)
    steps = names_in_python([step.name for step in order.graph.steps], _OURS)
    inputs = _inputs(parameters, {*_OURS, *steps.values()})
    tasks = names_in_python([f"{name}_task" for name in steps.values()], {*_OURS, *steps.values(), *_known(inputs)})
    notes = (*unsayable, *_renamed(inputs), *_notes(order, parameters))
    return View(
        doc=head_of("kfp", order, notes, *_paragraphs(order)),
        name=dns_name(order.name, 100),
        description=one_line(
            f"{order.name}, from {order.settings.notebook}" if order.settings.notebook else order.name
        ),
        package=order.package,
        environment=order.environment,
        image=order.image,
        artifacts=order.artifacts,
        inputs=tuple(inputs.values()),
        tasks=tuple(_task(order, step, steps, tasks, inputs) for step in order.graph.steps),
        notes=notes,
    )


def _paragraphs(order: ExportOrder) -> tuple[str, ...]:
    stem = f"{file_name(order)}_pipeline"
    return (
        f"python {stem}.py, where kfp is installed, writes {stem}.yaml, which Kubeflow is given. IMAGE has the package "
        "and kfp; nothing is installed while the pipeline runs. What a step computes goes to ARTIFACTS, where the next "
        "one finds it.",
        "Kubeflow tries a step again as often as pipeline.toml says; a pod that is lost counts as a failure. Its own "
        "cache is off: it knows nothing of the code and the data, and nb2prod's in ARTIFACTS does. A run that is "
        "retried computes only what is missing.",
    )


def _inputs(parameters: tuple[Typed, ...], taken: set[str]) -> dict[str, Input]:
    plain = {each.name: _plain(each.name, number) for number, each in enumerate(parameters, start=1)}
    used, found = set(taken), {}
    for each in parameters:
        known = plain[each.name]
        while known in used:
            known = f"{known}_"
        used.add(known)
        found[each.name] = Input(
            name=each.name, known=known, type=_TYPES[each.kind], default=repr(each.default), about=each.about
        )
    return found


def _plain(name: str, number: int) -> str:
    if _NAME.fullmatch(name):
        return name
    return f"p{number}_{re.sub(r'[^A-Za-z0-9_]', '', name)}"


def _known(inputs: Mapping[str, Input]) -> set[str]:
    return {each.known for each in inputs.values()}


def _task(
    order: ExportOrder,
    step: GraphStep,
    steps: Mapping[str, str],
    tasks: Mapping[str, str],
    inputs: Mapping[str, Input],
) -> TaskView:
    name = steps[step.name]
    wanted = dict.fromkeys(str(where["parameter"]) for where in step.inputs.values() if "parameter" in where)
    return TaskView(
        step=step.name,
        name=name,
        task=tasks[f"{name}_task"],
        summary=one_line(step.summary) or step.name,
        inputs=tuple(inputs[each] for each in wanted if each in inputs),
        settings=tuple(_settings(order.policy(step))),
        before=tuple(tasks[f"{steps[each]}_task"] for each in step.before),
    )


def _settings(policy: Policy) -> Iterator[str]:
    if policy.retries:
        delay, longest = _whole(policy.retry_delay), _whole(max(policy.retry_delay, policy.retry_longest))
        backoff = f"backoff_duration={delay!r}, backoff_factor=2.0, backoff_max_duration={longest!r}"
        yield f"set_retry({policy.retries}, {backoff})"
    if policy.cpus:
        yield f"set_cpu_request({str(policy.cpus)!r}).set_cpu_limit({str(policy.cpus)!r})"
    if policy.memory:
        memory = f"{math.ceil(policy.memory / 2**20)}Mi"
        yield f"set_memory_request({memory!r}).set_memory_limit({memory!r})"
    if policy.gpus:
        yield f"set_accelerator_type('nvidia.com/gpu').set_accelerator_limit({policy.gpus})"


def _whole(seconds: float) -> str:
    """Kubeflow knows no part of a second."""
    return f"{max(math.ceil(seconds), 1)}s"


def _renamed(inputs: Mapping[str, Input]) -> Iterator[Note]:
    for each in inputs.values():
        if each.known != each.name:
            yield Note(
                what=f"parameter {each.name}",
                why="Kubeflow's form does not take that name, or the file has it already",
                do=f"it is {each.known} there",
            )


def _notes(order: ExportOrder, parameters: tuple[Typed, ...]) -> Iterator[Note]:
    if "://" not in order.artifacts or order.artifacts.startswith("file:"):
        yield Note(
            what=f"the artifacts in {order.artifacts}",
            why="each step has a container of its own, which sees no folder of another",
            do="name a URL that all can reach, as s3://… or gs://…",
            unsafe=True,
        )
    for each in parameters:
        if _PLACEHOLDER in str(each.default):
            yield Note(
                what=f"parameter {each.name}",
                why=f"Kubeflow puts something of its own where {_PLACEHOLDER} stands in it",
                do="give it another default with -p",
                unsafe=True,
            )
    yield from data_notes(order)
    yield from _secret_notes(order)
    yield from _policy_notes(order)
    yield from runner_notes(order, "Kubeflow", _INSTEAD)
    yield from _schedule_notes(order)
    yield Note(
        what="kfp in the image",
        why="Kubeflow starts each step by it, and the project's Dockerfile does not install it",
        do="add RUN pip install kfp, of the version that compiles the pipeline, before USER",
    )


def _secret_notes(order: ExportOrder) -> Iterator[Note]:
    for kind, names in credentials(order).items():
        for name in names:
            yield Note(
                what=f"{kind} {name}, to which pipeline.toml refers",
                why="no file here holds a credential, and a step's container does not have it by itself",
                do="give it to the tasks by kfp-kubernetes (use_secret_as_env, use_secret_as_volume)",
            )


def _policy_notes(order: ExportOrder) -> Iterator[Note]:
    policies = {step.name: order.policy(step) for step in order.graph.steps}
    again = [name for name, policy in policies.items() if policy.retries]
    if again:
        yield Note(
            what=f"which failures of {', '.join(again)} are worth another try",
            why="Kubeflow sees that a step failed and not how",
            do="nothing, if it may be tried in vain; else set its retries to 0",
        )
    late = [name for name, policy in policies.items() if policy.timeout is not None]
    if late:
        yield Note(
            what=f"the timeout of {', '.join(late)}",
            why="Kubeflow has none for a component; nb2prod ends a step, but not one long call of a library",
            do="use --to argo, where the pod is ended too",
        )
    if order.settings.timeout is not None:
        yield Note(
            what=f"the run's timeout of {order.settings.timeout:g} s",
            why="Kubeflow has none in a pipeline's file",
            do="give each step a timeout, or use --to argo",
        )
    if order.settings.on_error == "stop":
        yield Note(
            what='on_error = "stop"',
            why="Kubeflow runs on what needs nothing of the failed step",
            do="nothing, if that may run; else terminate the run by hand",
        )


def _schedule_notes(order: ExportOrder) -> Iterator[Note]:
    fields = schedule_of(order, "Kubeflow")
    if not fields or order.schedule is None:
        return
    name = dns_name(order.name, 100)
    words = ["kfp", "recurring-run", "create", "--experiment-name", name, "--job-name", name, "--no-catchup"]
    words += ["--max-concurrency", "1", "--cron-expression", f"0 {fields}"]
    words += ["--pipeline-package-path", f"{file_name(order)}_pipeline.yaml"]
    yield Note(
        what=f"the schedule {order.schedule.expression} in {order.schedule.timezone}",
        why="Kubeflow keeps schedules in its server, with one time zone for all (CRON_SCHEDULE_TIMEZONE, else UTC)",
        do=f"see to the server's zone, and create it: {shell(words)}",
    )
