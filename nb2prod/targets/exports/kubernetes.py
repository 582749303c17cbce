"""A Job, or a CronJob with a schedule: the whole pipeline in one pod, our runner in it."""

import math
from dataclasses import dataclass
from typing import Any  # YAML

from nb2prod.targets.exports.base import Export, ExportOrder, Note
from nb2prod.targets.exports.pods import (
    DATA,
    container,
    image_of,
    largest,
    pod,
    pod_notes,
    schedule_of,
    volumes,
)
from nb2prod.targets.exports.texts import dns_name, file_name, head, to_yaml
from nb2prod.targets.exports.times import clock_notes
from nb2prod.targets.exports.whole import command_of, options, shared_notes

__all__ = ["PLUGIN"]

_MARGIN = 60  # our own deadline comes first, and says in which step it was
_FINAL = [2, 3, 4]  # nothing was started, a step failed after its retries, a deadline: another pod would end so too
_WEEK = 604800
_LATE = 3600
_STORAGE = "10Gi"


@dataclass(frozen=True)
class KubernetesTarget:
    name: str = "kubernetes"
    summary: str = "a Job, or a CronJob with --schedule, for the whole pipeline; its data in a volume"

    def render(self, order: ExportOrder) -> Export:
        image_of(order, "Kubernetes")
        fields = schedule_of(order, "Kubernetes")
        notes = (_volume_note(), *pod_notes(order), *shared_notes(order))
        if order.schedule:
            notes += clock_notes(order.schedule, "Kubernetes runs nothing at a time that is leaped over")
        stem = file_name(order)
        make = f"kubectl apply -f {stem}.volume.yaml && kubectl {'apply' if fields else 'create'} -f {stem}.yaml"
        job = _cron_job(order, fields) if fields else _job(order)
        files = {
            f"{stem}.volume.yaml": [*head(self.name, order, ()), to_yaml(_claim(order))],
            f"{stem}.yaml": [*head(self.name, order, notes, f"Start: {make}"), to_yaml(job)],
        }
        return Export(files={path: "\n".join(parts) for path, parts in files.items()}, notes=notes)


PLUGIN = KubernetesTarget()


def _volume_note() -> Note:
    return Note(
        what="data, and the records of runs",
        why=f"they stand in a volume of {_STORAGE}, mounted at {DATA}, where the code's relative paths start",
        do="give the claim the size and class that your data needs, and put the data there",
    )


def _claim(order: ExportOrder) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"{dns_name(order.name)}-data", "labels": _labels(order)},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": _STORAGE}}},
    }


def _job(order: ExportOrder) -> dict[str, Any]:
    name = dns_name(order.name)
    metadata = {"generateName": f"{name}-", "labels": _labels(order)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": _spec(order)}


def _cron_job(order: ExportOrder, fields: str) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": dns_name(order.name), "labels": _labels(order)},
        "spec": {
            "schedule": fields,
            "timeZone": order.schedule.timezone if order.schedule else "UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _LATE,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": _labels(order)}, "spec": _spec(order)},
        },
    }


def _spec(order: ExportOrder) -> dict[str, Any]:
    """A pod that was lost is tried again and takes from the cache what is done; what failed for good is not."""
    policy = largest(order.policy(step) for step in order.graph.steps)
    name = dns_name(order.name)
    deadline = order.settings.timeout
    arguments = ["--runs", f"{DATA}/runs", *options(order)]
    return {
        **({"activeDeadlineSeconds": math.ceil(deadline) + _MARGIN} if deadline else {}),
        "backoffLimit": policy.lost,
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "FailJob",
                    "onExitCodes": {"containerName": "pipeline", "operator": "In", "values": _FINAL},
                }
            ]
        },
        "ttlSecondsAfterFinished": _WEEK,
        "template": {
            "metadata": {"labels": _labels(order)},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": _MARGIN,
                **pod(),
                "containers": [{"name": "pipeline", **container(order, command_of(order), arguments, policy)}],
                "volumes": volumes(order, {"persistentVolumeClaim": {"claimName": f"{name}-data"}}),
            },
        },
    }


def _labels(order: ExportOrder) -> dict[str, str]:
    return {"app.kubernetes.io/name": dns_name(order.name), "app.kubernetes.io/managed-by": "nb2prod"}
