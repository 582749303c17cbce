"""Processes that carry a run's marker in their environment, whoever their parent has become."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["MARKER", "end_marked", "mark_of", "marked"]

MARKER = "NB2PROD_RUN"


def mark_of(run_id: str, attempt: int) -> str:
    return f"{run_id}:{attempt}"


def marked(mark: str) -> Iterator[int]:
    """The ids of the processes with that mark, this one left out."""
    wanted = f"{MARKER}={mark}".encode()
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            found = wanted in place.read_bytes().split(b"\0")
        except OSError:
            continue
        if found and int(place.parent.name) != os.getpid():
            yield int(place.parent.name)


def end_marked(mark: str, patience: float = 2.0) -> None:
    """Kill them, and those that they start meanwhile."""
    until = time.monotonic() + patience
    while found := list(marked(mark)):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if time.monotonic() > until:
            return
        time.sleep(0.02)
