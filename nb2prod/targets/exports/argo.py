"""Argo Workflows: a pod for each step, and Argo retries. A Workflow, or a CronWorkflow with a schedule."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any  # YAML

from nb2prod.errors import InvalidOption
from nb2prod.runtime.project import Policy
from nb2prod.runtime.running.graph import GraphStep
from nb2prod.targets.exports.apart import data_notes, runner_notes
from nb2prod.targets.exports.base import Export, ExportOrder, Note
from nb2prod.targets.exports.defaults import default_texts
from nb2prod.targets.exports.pods import container, image_of, literal, pod, pod_notes, schedule_of, volumes
from nb2prod.targets.exports.texts import dns_name, dns_names, file_name, head, to_yaml
from nb2prod.targets.exports.times import clock_notes

__all__ = ["PLUGIN"]

_ALONE = ["python", "-m", "nb2prod.runtime.steps.alone"]
_MARGIN = 60  # the step's own deadline comes first, and says what it was doing
_WEEK = 604800
_LATE = 3600
_RUN = "{{workflow.uid}}"
# no step has these names: two dashes never come from a name
_DAG, _FINISH = "all--steps", "on--exit"
_LOST = "asInt(lastRetry.exitCode) < 0 || asInt(lastRetry.exitCode) > 128"  # without a code, or by a signal
_WORTH_IT = f"asInt(lastRetry.exitCode) == 75 || {_LOST}"  # by what pipeline.toml says of the error's class
_BRACE = "NB2PROD_BRACE"
_LATE_TOO = " || asInt(lastRetry.exitCode) == 4"
_INSTEAD = {
    "on_failure": "tell of failures by Argo's own exit handlers or notifications",
    "circuit": "see that retries are few",
}
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class ArgoTarget:
    name: str = "argo"
    summary: str = "an Argo Workflow, or a CronWorkflow with --schedule; each step in a pod of its own"

    def render(self, order: ExportOrder) -> Export:
        image_of(order, "Argo")
        fields = schedule_of(order, "Argo")
        notes = (*_notes(order), *pod_notes(order))
        if order.schedule:
            notes += clock_notes(order.schedule, "Argo runs nothing at a time that is leaped over")
        document = _cron_workflow(order, fields) if fields else _workflow(order)
        how = f"argo {'cron create' if fields else 'submit'} {file_name(order)}.argo.yaml"
        text = "\n".join([*head(self.name, order, notes, f"Start: {how}"), to_yaml(document)])
        return Export(files={f"{file_name(order)}.argo.yaml": text}, notes=notes)


PLUGIN = ArgoTarget()


def _notes(order: ExportOrder) -> tuple[Note, ...]:
    if not order.artifacts:
        raise InvalidOption("--artifacts", "each step has a pod of its own; name a URL that all can reach: s3://…")
    found = []
    if "://" not in order.artifacts or order.artifacts.startswith("file:"):
        found.append(
            Note(
                what=f"the artifacts in {order.artifacts}",
                why="each step has a pod of its own, which sees no folder of another",
                do="name a URL that all can reach, as s3://… or gs://…",
                unsafe=True,
            )
        )
    fixed = [name for name in order.parameters if name not in _open_parameters(order)]
    if fixed:
        found.append(
            Note(
                what=f"the parameter {', '.join(fixed)} at `argo submit -p`",
                why="Argo or Kubernetes would read something into its value",
                do="change it by exporting again",
            )
        )
    return (*found, *data_notes(order), *runner_notes(order, "Argo", _INSTEAD))


def _workflow(order: ExportOrder) -> dict[str, Any]:
    metadata = {"generateName": f"{dns_name(order.name)}-", "labels": _labels(order)}
    return {**_kind("Workflow"), "metadata": metadata, "spec": _spec(order)}


def _cron_workflow(order: ExportOrder, fields: str) -> dict[str, Any]:
    return {
        **_kind("CronWorkflow"),
        "metadata": {"name": dns_name(order.name), "labels": _labels(order)},
        "spec": {
            "schedules": [fields],
            "timezone": order.schedule.timezone if order.schedule else "UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _LATE,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "workflowMetadata": {"labels": _labels(order)},
            "workflowSpec": _spec(order),
        },
    }


def _kind(kind: str) -> dict[str, str]:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind}


def _labels(order: ExportOrder) -> dict[str, str]:
    return {"app.kubernetes.io/name": dns_name(order.name), "app.kubernetes.io/managed-by": "nb2prod"}


def _spec(order: ExportOrder) -> dict[str, Any]:
    names = dns_names([step.name for step in order.graph.steps])
    parameters = _open_parameters(order)
    deadline = order.settings.timeout
    tasks = [_task(step, names) for step in order.graph.steps]
    return {
        "entrypoint": _DAG,
        "onExit": _FINISH,
        **({"activeDeadlineSeconds": math.ceil(deadline)} if deadline else {}),
        **({"arguments": {"parameters": [_pair(*each) for each in parameters.items()]}} if parameters else {}),
        "ttlStrategy": {"secondsAfterCompletion": _WEEK},
        "securityContext": pod()["securityContext"],
        "volumes": volumes(order, {"emptyDir": {}}),
        "templates": [
            {"name": _DAG, "dag": {"failFast": order.settings.on_error == "stop", "tasks": tasks}},
            *(_step(order, step, names[step.name]) for step in order.graph.steps),
            {"name": _FINISH, "container": _container(order, ["--finish"], Policy())},
        ],
    }


def _task(step: GraphStep, names: Mapping[str, str]) -> dict[str, Any]:
    before = {"dependencies": [names[name] for name in step.before]} if step.before else {}
    return {"name": names[step.name], "template": names[step.name], **before}


def _step(order: ExportOrder, step: GraphStep, name: str) -> dict[str, Any]:
    policy = order.policy(step)
    retries = _retries(policy)
    attempt = ["--attempt", "{{=sprig.int(retries)+1}}"] if retries else []
    return {
        "name": name,
        **({"activeDeadlineSeconds": math.ceil(policy.timeout) + _MARGIN} if policy.timeout else {}),
        **({"retryStrategy": retries} if retries else {}),
        "container": _container(order, ["--step", _text(step.name), *attempt], policy),
    }


def _retries(policy: Policy) -> dict[str, Any]:
    """An error that is worth it is tried again as often as pipeline.toml says, a lost pod too: Argo has one limit."""
    if not policy.retries:
        lost = {"limit": str(policy.lost), "retryPolicy": "Always", "expression": _LOST}
        return lost if policy.lost else {}
    return {
        "limit": str(max(policy.retries, policy.lost)),
        "retryPolicy": "Always",
        "expression": _WORTH_IT + (_LATE_TOO if "timeout" in policy.retry_on else ""),
        "backoff": {
            "duration": _duration(policy.retry_delay),
            "factor": "2",
            "cap": _duration(max(policy.retry_delay, policy.retry_longest)),
        },
    }


def _duration(seconds: float) -> str:
    return f"{max(round(seconds * 1000), 1)}ms"


def _container(order: ExportOrder, more: list[str], policy: Policy) -> dict[str, Any]:
    """All arguments but `more` are the same for each step."""
    opened = _open_parameters(order)
    fixed = {name: text for name, text in order.parameters.items() if name not in opened}
    words = ["--run", _RUN, "--artifacts", _text(order.artifacts), *more]
    for name in opened:
        words += ["-p", f"{name}={{{{workflow.parameters.{name}}}}}"]
    for name, text in fixed.items():
        words += ["-p", _text(f"{name}={text}")]
    found = container(order, _ALONE, [], policy)
    found["args"] = [order.package, *words]
    found["env"] = [{"name": _BRACE, "value": "{"}, *found["env"]]
    return found


def _open_parameters(order: ExportOrder) -> dict[str, str]:
    """Those that `argo submit -p NAME=VALUE` may change, with their texts."""
    texts = {**default_texts(order.specs), **order.parameters}
    return {
        name: text
        for name, text in texts.items()
        if _PARAMETER.fullmatch(name) and "{{" not in text and "$" not in text
    }


def _pair(name: str, text: str) -> dict[str, str]:
    return {"name": name, "value": text}


def _text(text: str) -> str:
    """As it is, through Argo's {{ }} and Kubernetes' $( ): after Argo looked, a variable gives the second brace."""
    return literal(text).replace("{{", f"{{$({_BRACE})")
