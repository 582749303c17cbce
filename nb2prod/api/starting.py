"""The scheduler's daemon, started beside whoever asks for it, whom it outlives."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from nb2prod.api.scheduler import daemons_alive
from nb2prod.errors import SchedulerNotStarted
from nb2prod.store import Daemon, Store
from nb2prod.store.urls import file_beside

__all__ = ["start_daemon"]

_LAST = 15  # lines of its log that are told
_LOOK = 0.1


def start_daemon(store: Store, *, patience: float = 15.0) -> Daemon:
    """One that is heard of; one that is alive already is enough. Raises SchedulerNotStarted."""
    if alive := daemons_alive(store):
        return alive[0]
    log = file_beside(store.url, "scheduler.log")
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    begin = log.stat().st_size if log.exists() else 0
    process = _started(store.url, log)
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        if heard := [each for each in daemons_alive(store) if _is(each, process.pid)]:
            return heard[0]
        if process.poll() is not None:
            raise SchedulerNotStarted(f"it ended with code {process.returncode}", log, _last(log, begin))
        time.sleep(_LOOK)
    process.terminate()
    raise SchedulerNotStarted(f"it was not heard of in {patience:g} s", log, _last(log, begin))


def _started(store: str, log: Path) -> "subprocess.Popen[bytes]":
    """In a session of its own. The store's address may hold a password, which a command line would show."""
    command = [sys.executable, "-P", "-m", "nb2prod", "scheduler", "start"]
    environment = {**os.environ, "NB2PROD_STORE": store}
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as written:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            env=environment,
            cwd=Path.home(),
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name="nb2prod-scheduler", daemon=True).start()  # no zombie when it ends
    return process


def _is(daemon: Daemon, pid: int) -> bool:
    return daemon.pid == pid and daemon.host == socket.gethostname()


def _last(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        return "\n".join(file.read(1 << 20).decode(errors="replace").splitlines()[-_LAST:])
