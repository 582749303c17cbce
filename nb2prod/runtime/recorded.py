"""A package against the fingerprints of its notebook that were recorded when it was converted."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2prod.runtime.proof.capture import ENVIRONMENT
from nb2prod.runtime.proof.compare import compare
from nb2prod.runtime.proof.fingerprint import COPY, Fingerprint
from nb2prod.runtime.workcopy import copy_folder, levels_above

__all__ = ["CaptureFailed", "capture_package", "differences", "names_that_differ"]

_LOCK = "nb2prod.lock.json"
# told by name or by type alone: no value to compare
NOT_VALUES = frozenset({"name", "method", "shown", "opaque", "deep"})


class CaptureFailed(Exception):
    """The package did not run to its end. `answer` has the failure with file and line; none when the process died."""

    def __init__(self, reason: str, answer: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.answer = answer or {}


def differences(package: str, fingerprints: Path, workdir: Path) -> list[str]:
    """Run the package in a copy of `workdir`; a line for each value that is not the recorded one.

    `fingerprints` is the project's `tests/fingerprints.json`. Raises CaptureFailed when the package fails.
    """
    project = fingerprints.resolve().parent.parent
    recorded = json.loads(fingerprints.read_text(encoding="utf-8"))
    lock = json.loads((project / _LOCK).read_text(encoding="utf-8"))
    levels = levels_above(_code_of(project / lock["notebook"]["path"]))
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_folder(workdir, Path(folder) / COPY, [project], levels)
        found = capture_package(package, project, copy)
    return [
        f"{step}: {name}: {reason}"
        for step, values in recorded["steps"].items()
        for name, reason in names_that_differ(found.get(step, {}), values, lock["steps"].get(step, {}))
    ]


def _code_of(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def names_that_differ(
    ours: Mapping[str, Fingerprint],
    theirs: Mapping[str, Fingerprint],
    step: Mapping[str, Any],
    missing: str = "missing in the package",
) -> list[tuple[str, str]]:
    """Of one step: the names whose values differ, each with the reason. `step` is its entry in the lock."""
    found = []
    for name, value in theirs.items():
        if name not in ours:
            reason = "" if name in step.get("maybe", ()) else missing
        else:
            reason = compare(ours[name], value)
        if reason:
            found.append((name, reason))
    return found


def capture_package(
    package: str, project: Path, workdir: Path, timeout: float | None = None, *, isolated: bool = False
) -> dict[str, dict[str, Fingerprint]]:
    """Run the package in a fresh process in `workdir`: step → name → fingerprint.

    `isolated` gives each step a process of its own. Raises CaptureFailed, and subprocess.TimeoutExpired after
    `timeout` seconds.
    """
    source = (project / "src").resolve()
    lock = (project / _LOCK).resolve()
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [
            sys.executable,
            "-P",
            "-m",
            "nb2prod.runtime.proof.capture",
            package,
            str(source),
            str(lock),
            str(answer),
        ]
        command += ["isolated"] if isolated else []
        code, log = _run(command, workdir, Path(folder) / "log", timeout)
        told = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else None
    if told is None:
        last = (log.strip().splitlines() or [f"exit code {code}"])[-1]
        raise CaptureFailed(f"the process of the package died: {last}")
    if "failed" in told:
        raise CaptureFailed(told["failed"], told)
    steps: dict[str, dict[str, Fingerprint]] = told["steps"]
    return steps


def _run(command: list[str], workdir: Path, log: Path, timeout: float | None) -> tuple[int, str]:
    """The exit code, and what was written to stderr. Nothing that the process started outlives it."""
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            cwd=workdir,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return code, log.read_text(encoding="utf-8", errors="replace")
