"""Targets that run a pipeline as one command: our runner keeps order, retries, timeouts and cache."""

import re
from collections.abc import Iterator, Mapping
from typing import Any  # TOML

from nb2prod.targets.exports.base import ExportOrder, Note
from nb2prod.targets.exports.texts import parameter_words

__all__ = ["command_of", "credentials", "here_command", "here_notes", "options", "shared_notes", "variables"]

_REFERENCE = re.compile(r"\{env:([A-Za-z_][A-Za-z0-9_]*)\}|\{(file|keyring):([^{}]+)\}")


def here_command(order: ExportOrder) -> list[str]:
    """On this machine, also for a project that was not installed."""
    return [order.python, "-m", "nb2prod.runtime", str(order.settings.root), *options(order)]


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


def here_notes(order: ExportOrder) -> tuple[Note, ...]:
    """Of targets that run on this machine, in no container and as nobody that we choose."""
    found = []
    if order.image:
        found.append(Note(what="--image", why="it runs on this machine, in no container", do="leave --image out"))
    for name in credentials(order)["env"]:
        found.append(Note(what=f"the variable {name}", why="pipeline.toml refers to it", do="give it to the command"))
    return tuple(found)


def shared_notes(order: ExportOrder) -> tuple[Note, ...]:
    """Of targets that run the whole pipeline in a container."""
    if not order.artifacts or "://" in order.artifacts:
        return ()
    return (
        Note(
            what=f"the artifacts in {order.artifacts}",
            why="a container keeps what is in its volume alone, so another one computes everything again",
            do="give --artifacts a URL, or a folder in the volume, as /data/artifacts",
        ),
    )
