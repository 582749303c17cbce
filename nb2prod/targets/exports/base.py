"""What a target of `nb2prod export` is given, and what it gives. Nothing here touches a disk.

ExportOrder = graph, settings, specs, schedule?, image, artifacts, parameters, python
ExportTarget.render(ExportOrder) -> Export(files: path → text, notes: Note…)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import nb2prod.targets.exports
from nb2prod.errors import Nb2ProdError
from nb2prod.model.job import Cron
from nb2prod.plugins import find_plugins
from nb2prod.runtime.parameters import Spec
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.running.graph import Graph, GraphStep

__all__ = ["Export", "ExportOrder", "ExportTarget", "Note", "TargetBroken", "all_targets"]

_PLAIN = Policy()


@dataclass(frozen=True, kw_only=True)
class ExportOrder:
    """`schedule` has five fields and a time zone that are known to be good.

    specs:       the pipeline's parameters: name, annotation, default, comment
    parameters:  those that were given, as the texts that `-p NAME=VALUE` takes; `values` are the same as values
    image:       the container image that has the package; "" when none was named
    artifacts:   where steps leave results: a path or an fsspec URL; "" when neither the command nor pipeline.toml says
    python:      the Python of the project on this machine
    folder:      where the files will be, on this machine
    """

    graph: Graph
    settings: Settings
    specs: tuple[Spec, ...] = ()
    schedule: Cron | None = None
    image: str = ""
    artifacts: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    python: str = "python"
    folder: Path = field(default_factory=Path)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def package(self) -> str:
        return self.settings.package

    @property
    def environment(self) -> str:
        """The [env.NAME] of pipeline.toml whose tables lie over the others, "" for none."""
        return self.settings.environment

    def policy(self, step: GraphStep) -> Policy:
        return self.settings.steps.get(step.function.partition(":")[2], _PLAIN)


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something that does not cross, or crosses changed. `unsafe`: results or safety would differ, so the export is
    refused unless that is allowed."""

    what: str
    why: str
    do: str
    unsafe: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.why}; {self.do}"


@dataclass(frozen=True, kw_only=True)
class Export:
    """`files` by path, relative and with slashes. A target writes its notes in the head of its main file too."""

    files: Mapping[str, str]
    notes: tuple[Note, ...] = ()


class ExportTarget(Protocol):
    """`summary` is one line for `nb2prod export --list`."""

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    def render(self, order: ExportOrder) -> Export:
        """Pure. Raises InvalidOption where the order lacks what the target cannot do without."""


class TargetBroken(Nb2ProdError):
    """A target of another distribution that cannot be imported."""

    def __init__(self, error: Exception) -> None:
        whose = "; ".join(getattr(error, "__notes__", ())) or "one of nb2prod.exports"
        told = f"{type(error).__name__}: {error}"
        super().__init__(f"{whose} cannot be used as a target: {told}; repair or uninstall that distribution")


@cache
def all_targets() -> tuple[ExportTarget, ...]:
    """Raises TargetBroken."""
    # a plug-in of another distribution is taken at its word: ExportTarget is what it must be
    try:
        return cast(tuple[ExportTarget, ...], find_plugins(nb2prod.targets.exports, "nb2prod.exports"))
    except Exception as error:  # others' modules raise what they like
        raise TargetBroken(error) from error
