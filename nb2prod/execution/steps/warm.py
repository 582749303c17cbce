"""A project's fork server from outside: it is started when it is needed, and again when it has died."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Unfit", "Wanted", "WarmProject"]

_DEATHS, _WITHIN = 3, 60.0  # servers that may die within so many seconds before we do without
_ROOM = "-" * 150  # for the mark of a run, in the memory where others read a process's environment
_FAREWELL = 10.0


class Unfit(Exception):
    """It cannot fork, for the reason that it says; a fresh process can be started all the same."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which server. `worker` is the module that carries a StepCall out; `idle`: seconds that it waits unused."""

    project: str
    package: str
    environment: str = ""
    workdir: str = ""
    artifacts: str = ""
    worker: str = "nb2prod.runtime.steps.worker"
    idle: float = 0.0


class WarmProject:
    """One server at a time; any thread may ask."""

    def __init__(self, wanted: Wanted, environment: Mapping[str, str]) -> None:
        self.wanted, self.environment = wanted, environment
        self._lock = threading.Lock()
        self._births: deque[float] = deque(maxlen=_DEATHS)
        self._line: _Line | None = None
        self.unfit = ""
        self._is_closed = False

    @property
    def pid(self) -> int:
        """Of the server; 0 when there is none."""
        line = self._line
        return 0 if line is None or line.is_dead else line.pid

    def prepare(self) -> None:
        """Have a server, so that the first step is quick."""
        with contextlib.suppress(Unfit), self._lock:
            self._living()

    def fork(self, answer: int) -> socket.socket:
        """A connection to a new keeper, of which nothing is heard when its server dies before it has forked.

        Raises Unfit.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                while not self._living().ask(theirs.fileno(), answer):
                    self._line = None  # it ends just now
        except Unfit:
            ours.close()
            raise
        return ours

    def close(self) -> None:
        """Nothing of it is left when this returns."""
        with self._lock:
            line, self._line, self._is_closed = self._line, None, True
        if line is not None:
            line.close()

    def _living(self) -> "_Line":
        if self._is_closed:
            self.unfit = "it is closed"
        if self._line is not None and self._line.unfit:
            self.unfit = self._line.unfit
        if self._line is not None and self._line.is_dead:
            self._line = None
        if self._line is None and not self.unfit:
            if len(self._births) == _DEATHS and time.monotonic() - self._births[0] < _WITHIN:
                self.unfit = f"{_DEATHS} servers of {self.wanted.package} died"
            else:
                self._births.append(time.monotonic())
                self._line = _Line(self.wanted, self.environment)
        if self._line is None or self.unfit:
            raise Unfit(self.unfit)
        return self._line


class _Line:
    """The line to one server, and the thread that listens to it."""

    def __init__(self, wanted: Wanted, environment: Mapping[str, str]) -> None:
        self.unfit, self.is_dead, self._is_ready = "", False, False
        self._process: subprocess.Popen[bytes] | None = None
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.send(json.dumps(vars(wanted)).encode())
        _HELD.add(self)
        started = threading.Event()
        arguments = (theirs, {**environment, "NB2PROD_RUN": _ROOM}, started)
        self._thread = threading.Thread(target=self._serve, args=arguments, name="nb2prod-steps", daemon=True)
        self._thread.start()
        started.wait()

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def ask(self, connection: int, answer: int) -> bool:
        try:
            socket.send_fds(self._line, [b"+"], [connection, answer])
        except OSError:
            return False
        return True

    def close(self) -> None:
        """One that imports still is killed: it has forked nothing."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
        if not self._is_ready and self._process is not None:
            self._process.kill()
        self._thread.join(_FAREWELL)

    def forget(self) -> None:
        """In a fork of this process, which must not hold the server."""
        with contextlib.suppress(OSError):
            os.close(self._line.detach())

    def _serve(self, theirs: socket.socket, environment: Mapping[str, str], started: threading.Event) -> None:
        """The server dies with the thread that started it, so this one stays as long as it does."""
        flags: list[str] = getattr(subprocess, "_args_from_interpreter_flags")()  # noqa: B009 - as multiprocessing does
        command = [sys.executable, *flags, "-P", "-m", "nb2prod.execution.steps.server", str(theirs.fileno())]
        try:
            with theirs:
                process = self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=environment,
                    start_new_session=True,
                )
        except OSError as error:
            self.unfit = f"it could not be started: {error}"
            self.is_dead = True
            self._line.close()
            started.set()
            return
        started.set()
        with contextlib.suppress(OSError):
            while heard := self._line.recv(1 << 16):
                self.unfit, self._is_ready = json.loads(heard).get("unfit", ""), True
        self.is_dead = True
        self._line.close()
        try:
            process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_HELD: "weakref.WeakSet[_Line]" = weakref.WeakSet()


def _forget_all() -> None:
    for line in list(_HELD):
        line.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
