"""Targets that run a pipeline as one command: our runner keeps order, retries, timeouts and cache."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any  # TOML

from nb2prod.targets.exports.base import ExportOrder, Note
from nb2prod.targets.exports.texts import parameter_words

__all__ = ["command_of", "credentials", "here_command", "here_notes", "options", "shared_notes", "variables"]

_REFERENCE = re.compile(r"\{env:([A-Za-z_][A-Za-z0-9_]*)\}|\{(file|keyring):([^{}]+)\}")


def here_command(order: ExportOrder) -> list[str]:
    """On this machine, also for a project that was not installed."""
    near = order.artifacts and "://" not in order.artifacts and order.artifacts != order.settings.artifacts
    placed = replace(order, artifacts=str(Path(order.artifacts).absolute())) if near else order
    return [order.python, "-m", "nb2prod.runtime", str(order.settings.root), *options(placed)]


def command_of(order: ExportOrder) -> list[str]:
    """In a container with the package."""
    return ["python", "-m", order.package]


def options(order: ExportOrder) -> list[str]:
    where = ["--artifacts", order.artifacts] if order.artifacts != order.settings.artifacts else []
    return [*where, *parameter_words(order.parameters)]


def variables(order: ExportOrder) -> dict[str, str]:
    return {"NB2PROD_ENV": order.environment} if order.environment else {}


def credentials(order: ExportOrder) -> dict[str, list[str]]:
    """What pipeline.toml refers to instead of holding it: "env" variables, "file" paths and "keyring" entries."""
    found: dict[str, list[str]] = {"env": [], "file": [], "keyring": []}
    for text in _texts(order.settings.tables):
        for variable, kind, name in _REFERENCE.findall(text):
            found[kind or "env"].append(name or variable)
    return {kind: sorted(set(names)) for kind, names in found.items()}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name != "env" or not isinstance(each, Mapping):  # the chosen [env.NAME] lies over the rest already
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def here_notes(order: ExportOrder, credentials_at: str) -> tuple[Note, ...]:
    """Of targets that run on this machine, in no container."""
    found, known = [], credentials(order)
    if order.image:
        found.append(Note(what="--image", why="it runs on this machine, in no container", do="leave --image out"))
    for name in known["env"]:
        found.append(Note(what=f"the variable {name}", why="pipeline.toml refers to it", do=credentials_at))
    for entry in known["keyring"]:
        found.append(
            Note(
                what=f"the keyring's {entry}",
                why="a keyring is open while you are logged in, and this may run when you are not",
                do="refer to a file in [env.NAME]: {file:PATH}",
            )
        )
    return tuple(found)


def shared_notes(order: ExportOrder) -> tuple[Note, ...]:
    """Of targets that run the whole pipeline in a container."""
    found = []
    if order.artifacts and "://" not in order.artifacts:
        found.append(
            Note(
                what=f"the artifacts in {order.artifacts}",
                why="a container keeps what is in its volume alone, so another one computes everything again",
                do="give --artifacts a URL, or a folder in the volume, as /data/artifacts",
            )
        )
    if order.settings.executor == "local":
        found.append(
            Note(
                what="memory of steps that run at once",
                why="the container gets the most that one step names",
                do='raise its limit, and set [executors.local] memory = "…" below it',
            )
        )
    return tuple(found)
