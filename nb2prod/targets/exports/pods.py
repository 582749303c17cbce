"""What Kubernetes and Argo have in common: a container that may do little, its resources, secrets and folders.

Only texts that come from pipeline.toml or the command line pass here; the kubelet reads `$(NAME)` and `$$` in a
command, so each `$` is doubled.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any  # YAML

from nb2prod.errors import InvalidOption
from nb2prod.runtime.project import Policy
from nb2prod.targets.exports.base import ExportOrder, Note
from nb2prod.targets.exports.texts import dns_name
from nb2prod.targets.exports.times import portable
from nb2prod.targets.exports.whole import credentials, variables

__all__ = ["DATA", "container", "image_of", "largest", "literal", "pod", "pod_notes", "schedule_of", "volumes"]

DATA = "/data"  # where the project's Dockerfile lets the code's relative paths start
_USER = 1000  # the account that the Dockerfile makes
_KEY = re.compile(r"[^A-Za-z0-9._-]")


def image_of(order: ExportOrder, target: str) -> str:
    if not order.image:
        build = f"docker build -t REGISTRY/{dns_name(order.name)}:1 {order.settings.root}"
        raise InvalidOption("--image", f"{target} needs the image with the package, as of `{build}`")
    return order.image


def schedule_of(order: ExportOrder, target: str) -> str:
    """Five fields, "" without a schedule. Raises InvalidOption."""
    if order.schedule is None:
        return ""
    fields = portable(order.schedule.expression)
    if fields is None:
        raise InvalidOption(
            "--schedule",
            f"{target} cannot say {order.schedule.expression!r}: it knows no L and no #, and of a day of the month and "
            "a day of the week it takes either",
        )
    return fields


def container(order: ExportOrder, command: Sequence[str], arguments: Sequence[str], policy: Policy) -> dict[str, Any]:
    secret = dns_name(order.name)
    known = credentials(order)
    found: dict[str, Any] = {
        "image": order.image,
        "command": [literal(word) for word in command],
        "args": [literal(word) for word in arguments],
        "env": [
            {"name": "HOME", "value": "/tmp"},
            *({"name": name, "value": literal(value)} for name, value in variables(order).items()),
            *({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": name}}} for name in known["env"]),
        ],
        "envFrom": [{"secretRef": {"name": secret, "optional": True}}],
    }
    wanted = resources(policy)
    if wanted:
        found["resources"] = wanted
    found["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    found["volumeMounts"] = [
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "data", "mountPath": DATA},
        *({"name": "secrets", "mountPath": path, "subPath": _key(path), "readOnly": True} for path in known["file"]),
    ]
    return found


def resources(policy: Policy) -> dict[str, Any]:
    """Asked for and not gone over: the step's own limits."""
    wanted = {"memory": policy.memory, "cpu": policy.cpus, "nvidia.com/gpu": policy.gpus}
    given = {name: str(value) for name, value in wanted.items() if value}
    return {"requests": dict(given), "limits": given} if given else {}


def largest(policies: Iterable[Policy]) -> Policy:
    """The resources of one pod that runs them one after the other."""
    known = list(policies)
    return Policy(
        memory=max((each.memory or 0 for each in known), default=0) or None,
        cpus=max((each.cpus or 0 for each in known), default=0) or None,
        gpus=max((each.gpus or 0 for each in known), default=0) or None,
        lost=max((each.lost for each in known), default=1),
    )


def pod() -> dict[str, Any]:
    """Not root, and without a key to the cluster."""
    ids = {"runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER}
    return {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, **ids, "seccompProfile": {"type": "RuntimeDefault"}},
    }


def volumes(order: ExportOrder, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {}}, {"name": "data", **data}]
    files = credentials(order)["file"]
    if files:
        items = [{"key": _key(path), "path": _key(path)} for path in files]
        found.append({"name": "secrets", "secret": {"secretName": dns_name(order.name), "items": items}})
    return found


def pod_notes(order: ExportOrder) -> tuple[Note, ...]:
    known, found = credentials(order), []
    if known["env"] or known["file"]:
        parts = [f"--from-literal={name}=…" for name in known["env"]]
        parts += [f"--from-file={_key(path)}=…" for path in known["file"]]
        found.append(
            Note(
                what=f"the secret {dns_name(order.name)}",
                why="pipeline.toml refers to credentials, and no file here holds one",
                do=f"make it once: kubectl create secret generic {dns_name(order.name)} {' '.join(parts)}",
            )
        )
    found += [
        Note(
            what=f"the keyring's {name}",
            why="a container has no keyring, and the run would fail",
            do="refer to a variable or a file in [env.NAME]: {env:NAME}, {file:PATH}",
            unsafe=True,
        )
        for name in known["keyring"]
    ]
    return tuple(found)


def literal(text: str) -> str:
    """Text in a command or a variable, in which the kubelet reads $(NAME)."""
    return text.replace("$", "$$")


def _key(path: str) -> str:
    """As a key of a secret."""
    return _KEY.sub("-", path.strip("/"))
