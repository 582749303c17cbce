"""What is left of a run: the processes with its mark in their environment."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["end", "marked"]

_PATIENCE = 5.0


def marked(run: str) -> Iterator[int]:
    """Processes, but for this one, with NB2PROD_RUN=run in what they started with."""
    mark = b"NB2PROD_RUN=" + os.fsencode(run)
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    yield int(place.name)


def end(run: str) -> None:
    """Kill them until there are none; what cannot be killed is left after some seconds."""
    if not run or not Path("/proc").is_dir():
        return
    deadline = time.monotonic() + _PATIENCE
    while found := list(marked(run)):
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)
