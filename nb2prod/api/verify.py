"""`nb2prod verify`: the package computes what its notebook computes, or where it does not."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nb2prod.verify.project import open_project
from nb2prod.verify.report import Row, Status, Verification
from nb2prod.verify.run import verify_project

__all__ = ["Row", "Status", "Verification", "verify"]


def verify(
    project: Path,
    *,
    twice: bool = False,
    workdir: Path | None = None,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
    recorded: Mapping[str, Any] | None = None,
    isolated: bool = False,
) -> Verification:
    """Run the notebook and the package of a project in copies of `workdir` and compare every name of every step.

    `twice` runs the notebook a second time, to tell "different" from "not deterministic". `timeout` is in seconds, for
    each cell and for the package. `recorded` is what `record` gave for the same notebook: the kernel is not started.
    `isolated` runs each step of the package in a process of its own. Raises NotAProject, InvalidOption.
    """
    opened = open_project(project)
    return verify_project(
        opened,
        workdir or opened.workdir,
        twice=twice,
        timeout=timeout,
        progress=progress or (lambda _: None),
        recorded=dict(recorded["steps"]) if recorded is not None else None,
        isolated=isolated,
    )
