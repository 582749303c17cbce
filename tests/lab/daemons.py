"""Scheduler daemons that pages have started: they outlive the server, and end with their tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psutil
from lab.jupyterlab import Lab

from nb2prod.store import open_store

_SECONDS = 30
_FRESH = timedelta(minutes=1)  # the number of one that ended long ago may be another's by now


@contextmanager
def daemons_ended(lab: Lab) -> Iterator[None]:
    """They are known by the store, and ended by their numbers, whether the server still runs or not."""
    try:
        yield
    finally:
        with open_store(f"sqlite:///{lab.store}") as store:
            pids = {daemon.pid for daemon in store.daemons(within=_FRESH)}
        found = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
        for process in found:
            process.terminate()
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and any(map(_runs, found)):
            time.sleep(0.2)


def _runs(process: psutil.Process) -> bool:
    """The server that has started it may never ask how it ended."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
