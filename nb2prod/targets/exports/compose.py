"""Docker Compose: the whole pipeline as a service that ends, with its data in a volume."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any  # YAML

from nb2prod.targets.exports.base import Export, ExportOrder, Note
from nb2prod.targets.exports.pods import DATA, largest
from nb2prod.targets.exports.texts import dns_name, file_name, head, to_yaml
from nb2prod.targets.exports.whole import command_of, credentials, options, shared_notes, variables

__all__ = ["PLUGIN"]


@dataclass(frozen=True)
class ComposeTarget:
    name: str = "compose"
    summary: str = "a Docker Compose service for the whole pipeline"

    def render(self, order: ExportOrder) -> Export:
        notes = (*_notes(order), *shared_notes(order))
        name = dns_name(order.name)
        lines = head(
            self.name, order, notes, f"Start: docker compose -f {file_name(order)}.compose.yaml run --rm {name}"
        )
        text = "\n".join([*lines, to_yaml(_document(order, name))])
        return Export(files={f"{file_name(order)}.compose.yaml": text}, notes=notes)


PLUGIN = ComposeTarget()


def _notes(order: ExportOrder) -> tuple[Note, ...]:
    found = [
        Note(
            what="data, and the records of runs",
            why=f"they stand in the volume data, mounted at {DATA}, where the code's relative paths start",
            do="put the data there, or mount a folder of yours in its place",
        )
    ]
    if order.schedule is not None:
        found.append(
            Note(
                what=f"the schedule {order.schedule.expression}",
                why="Compose starts nothing at a time, so the pipeline would never run by itself",
                do="leave --schedule out, and start it from --to systemd or --to cron",
                unsafe=True,
            )
        )
    known = credentials(order)
    for variable in known["env"]:
        found.append(
            Note(
                what=f"the variable {variable}", why="pipeline.toml refers to it", do="set it where Compose is started"
            )
        )
    for path in known["file"]:
        found.append(
            Note(what=f"the file {path}", why="pipeline.toml refers to it", do=f"put it at ./secrets/{_stem(path)}")
        )
    for entry in known["keyring"]:
        found.append(
            Note(
                what=f"the keyring's {entry}",
                why="a container has no keyring, and the run would fail",
                do="refer to a variable or a file in [env.NAME]: {env:NAME}, {file:PATH}",
                unsafe=True,
            )
        )
    return tuple(found)


def _document(order: ExportOrder, name: str) -> dict[str, Any]:
    files = credentials(order)["file"]
    document: dict[str, Any] = {"name": name, "services": {name: _service(order)}, "volumes": {"data": {}}}
    if files:
        document["secrets"] = {_stem(path): {"file": f"./secrets/{_stem(path)}"} for path in files}
    return document


def _service(order: ExportOrder) -> dict[str, Any]:
    known = credentials(order)
    service: dict[str, Any] = (
        {"image": _literal(order.image)} if order.image else {"build": _literal(str(order.settings.root))}
    )
    service |= {
        "entrypoint": command_of(order),
        "command": [_literal(word) for word in ["--runs", f"{DATA}/runs", *options(order)]],
        "environment": {
            "HOME": "/tmp",
            **{name: _literal(value) for name, value in variables(order).items()},
            # without a value: that of whoever starts it
            **dict.fromkeys(known["env"]),
        },
        "volumes": [f"data:{DATA}"],
        "read_only": True,
        "tmpfs": ["/tmp"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
        "restart": "no",
        "stop_grace_period": "60s",
        "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
    }
    if known["file"]:
        service["secrets"] = [{"source": _stem(path), "target": _literal(path)} for path in known["file"]]
    limits = _resources(order)
    return {**service, "deploy": {"resources": limits}} if limits else service


def _resources(order: ExportOrder) -> dict[str, Any]:
    policy = largest(order.policy(step) for step in order.graph.steps)
    limits = {
        "cpus": str(policy.cpus) if policy.cpus else None,
        "memory": f"{policy.memory}b" if policy.memory else None,
    }
    found: dict[str, Any] = {"limits": given} if (given := {k: v for k, v in limits.items() if v}) else {}
    if policy.gpus:
        device = {"driver": "nvidia", "count": policy.gpus, "capabilities": ["gpu"]}
        found["reservations"] = {"devices": [device]}
    return found


def _stem(path: str) -> str:
    return dns_name(PurePosixPath(path).name)


def _literal(text: str) -> str:
    """Compose puts variables in the place of $NAME and ${NAME}."""
    return text.replace("$", "$$")
