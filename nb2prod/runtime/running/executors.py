"""Finding who carries out steps elsewhere, by name: entry points of the group nb2prod.step_executors."""

import difflib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol  # Any: TOML

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.project import Settings
from nb2prod.runtime.steps.calls import StepExecutor

__all__ = ["HERE", "ExecutorKind", "check_executor", "open_executor"]

GROUP = "nb2prod.step_executors"
HERE = "in-process"


class ExecutorKind(Protocol):
    """What an entry point gives."""

    name: str
    summary: str

    def open(self, settings: Settings, options: Mapping[str, Any]) -> StepExecutor:
        """Raises ProjectError: what to install, or what to write in pipeline.toml."""


def open_executor(name: str, settings: Settings, options: Mapping[str, Any]) -> StepExecutor:
    """`options` lie over [executors.NAME] of pipeline.toml. Raises ProjectError."""
    kind: ExecutorKind = _found(name).load()
    return kind.open(settings, {**settings.executors.get(name, {}), **options})


def check_executor(name: str) -> None:
    """Raises ProjectError for a name that nobody has."""
    if name != HERE:
        _found(name)


def _found(name: str) -> EntryPoint:
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        known = [HERE, *sorted(found)]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}"
        raise ProjectError(f"there is no executor '{name}'; {hint}")
    return found[name]
