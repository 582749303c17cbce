"""Sending a message: by a process of its own, which is killed at its deadline with all that it started."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import psutil

from nb2prod.scheduler.notify.notifier import Answer, Message

__all__ = ["GRACE", "Sender"]

GRACE = 10.0  # for the process to start and to end, beyond the notifier's own timeout
_PROGRAM = "nb2prod.scheduler.notify.send"


class Sender:
    """Threads may share one. `close` breaks off what is being sent."""

    def __init__(self) -> None:
        self._going: set[subprocess.Popen[bytes]] = set()
        self._closed, self._lock = False, threading.Lock()

    def send(
        self,
        kind: str,
        settings: Mapping[str, object],
        message: Message,
        *,
        secrets: Sequence[str] = (),
        seconds: float = 0.0,
    ) -> Answer:
        """`secrets` are references whose values must not be in the message, whoever wrote it."""
        order = {"kind": kind, "settings": settings, "message": asdict(message), "secrets": list(secrets)}
        process = self._start()
        if process is None:
            return Answer(sent=False, why="no more is sent")
        try:
            return _answer(process, json.dumps(order).encode(), seconds or _limit(settings))
        finally:
            _end(process)
            self._going.discard(process)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        for process in list(self._going):
            _kill(process)

    def _start(self) -> subprocess.Popen[bytes] | None:
        """None when it was closed; one that has started is among those that `close` ends."""
        with self._lock:
            if self._closed:
                return None
            process = subprocess.Popen(
                [sys.executable, "-m", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it may tell of secrets
                start_new_session=True,
            )
            self._going.add(process)
            return process


def _limit(settings: Mapping[str, object]) -> float:
    given = settings.get("timeout")
    return (float(given) if isinstance(given, int | float) else 10.0) + GRACE


def _answer(process: subprocess.Popen[bytes], order: bytes, limit: float) -> Answer:
    try:
        told, _ = process.communicate(order, timeout=limit)
        return Answer(**json.loads(told))
    except subprocess.TimeoutExpired:
        return Answer(sent=False, why=f"the notifier did not end within {limit:g} s and was killed")
    except (ValueError, TypeError):
        return Answer(sent=False, why=f"the notifier's process ended with {process.wait()} and no answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    process.communicate()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With all below it; a command's own group is found by its parents."""
    if process.poll() is not None:
        return
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    process.kill()
    for child in below:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
