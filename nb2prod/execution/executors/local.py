"""Supervisors as processes of this machine, forked from a warm nursery."""

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass

import psutil

from nb2prod.execution.executors.executor import AttemptState, Ended, Executor, ExecutorNotReady, ExecutorOrder

_LOG = logging.getLogger("nb2prod.executors.local")
_REMEMBERED = 10_000  # attempts that ended, so that none is started a second time
_WARMING = 60.0  # seconds that a nursery may take before it is asked all the same
_DEATHS, _WITHIN = 3, 60.0  # nurseries that may die within so many seconds before we do without

Key = tuple[str, int]


@dataclass
class _Child:
    """A supervisor: of the nursery with that number, or of ours (0)."""

    nursery: int
    process: psutil.Process | None = None
    is_orphan: bool = False


class LocalExecutor:
    def __init__(self, order: ExecutorOrder) -> None:
        self._order = order
        self._lock = threading.RLock()
        self._children: dict[Key, _Child] = {}
        self._ended: list[Ended] = []
        self._past: dict[Key, None] = {}
        self._nursery: _NurseryLine | None = None
        self._births: deque[float] = deque(maxlen=_DEATHS)
        self._count = 0
        with self._lock:
            self._living_nursery()

    def submit(self, run_id: str, attempt: int) -> None:
        key = (run_id, attempt)
        with self._lock:
            if key in self._children or key in self._past:
                return
            nursery = self._living_nursery()
            if nursery is not None and nursery.ask(run=run_id, attempt=attempt):
                self._children[key] = _Child(nursery.number)
            else:
                self._start_plainly(key)

    def poll(self, run_id: str, attempt: int) -> AttemptState:
        self._look_for_orphans()
        with self._lock:
            if (run_id, attempt) in self._children:
                return AttemptState.RUNNING
            return AttemptState.ENDED if (run_id, attempt) in self._past else AttemptState.UNKNOWN

    def ended(self) -> list[Ended]:
        self._look_for_orphans()
        with self._lock:
            ended, self._ended = self._ended, []
        return ended

    def cancel(self, run_id: str, attempt: int) -> None:
        """None waits here to be started, and one that runs sees the store's `cancel_requested` by itself."""

    def capacity(self) -> int:
        """None while the nursery warms up: a lease that began then would be half over before it is beaten."""
        self._look_for_orphans()
        with self._lock:
            return 0 if self.is_warming() else self._order.jobs - len(self._children)

    def is_warming(self) -> bool:
        with self._lock:
            nursery = self._living_nursery()
            return nursery is not None and nursery.is_warming

    def close(self) -> None:
        with self._lock:
            nursery, self._nursery, self._births = self._nursery, None, deque(maxlen=0)
        if nursery is not None:
            nursery.close(wait=not self._children)

    def _living_nursery(self) -> "_NurseryLine | None":
        if self._nursery is not None or self._births.maxlen == 0:
            return self._nursery
        if len(self._births) == _DEATHS and time.monotonic() - self._births[0] < _WITHIN:
            return None
        self._births.append(time.monotonic())
        self._count += 1
        try:
            self._nursery = _NurseryLine(self, self._order, self._count)
        except OSError as error:
            _LOG.warning("no warm nursery: %s; each supervisor is started anew", error)
        return self._nursery

    def _start_plainly(self, key: Key) -> None:
        command = [sys.executable, "-m", self._order.supervisor, "", key[0], str(key[1])]
        # the store's URL may hold a password, which a command line shows to everybody
        environment = {**os.environ, "NB2PROD_STORE": self._order.store_url}
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, start_new_session=True, env=environment, close_fds=True
            )
        except OSError as error:
            raise ExecutorNotReady(f"no supervisor could be started for run {key[0]}: {error}") from error
        self._children[key] = _Child(0)
        threading.Thread(target=self._wait_for, args=(key, process), name=f"wait-{key[0]}", daemon=True).start()

    def _wait_for(self, key: Key, process: "subprocess.Popen[bytes]") -> None:
        self.note_end(key, f"exit code {process.wait()}")

    def note_start(self, key: Key, pid: int) -> None:
        with self._lock, contextlib.suppress(psutil.NoSuchProcess, KeyError):
            self._children[key].process = psutil.Process(pid)

    def note_end(self, key: Key, how: str) -> None:
        with self._lock:
            if self._children.pop(key, None) is None:
                return
            self._ended.append(Ended(*key, how))
            self._past[key] = None
            while len(self._past) > _REMEMBERED:
                del self._past[next(iter(self._past))]
        self._order.changed()

    def note_death(self, nursery: "_NurseryLine") -> None:
        """What it had started lives on, unheard; of what it did not speak nobody knows."""
        with self._lock:
            if self._nursery is nursery:
                self._nursery = None
                _LOG.warning("the nursery ended%s", "" if nursery.is_ready else " before it was ready")
            for key, child in list(self._children.items()):
                if child.nursery == nursery.number and nursery.is_ready:
                    child.is_orphan = True
                elif child.nursery == nursery.number:  # it has forked nothing yet
                    self._start_plainly(key)
        self._order.changed()

    def _look_for_orphans(self) -> None:
        with self._lock:
            orphans = [(key, child.process) for key, child in self._children.items() if child.is_orphan]
        for key, process in orphans:
            if process is None or not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                self.note_end(key, "it ended after its nursery had")


class _NurseryLine:
    """The line to one nursery, and the thread that listens to it."""

    def __init__(self, owner: LocalExecutor, order: ExecutorOrder, number: int) -> None:
        self.number, self.is_ready, self._owner, self._changed = number, False, owner, order.changed
        self._born = time.monotonic()
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "nb2prod.execution.nursery", str(theirs.fileno()), order.supervisor]
            try:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=(theirs.fileno(),)
                )
            except OSError:
                ours.close()
                raise
        self._line = ours
        self.ask(store=order.store_url)
        self._thread = threading.Thread(target=self._listen, name=f"nursery-{number}", daemon=True)
        self._thread.start()

    @property
    def is_warming(self) -> bool:
        return not self.is_ready and time.monotonic() - self._born < _WARMING

    def ask(self, **request: str | int) -> bool:
        try:
            self._line.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            return False
        return True

    def close(self, *, wait: bool) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
        if wait:  # it has nothing left to do
            self._thread.join(10)

    def _listen(self) -> None:
        with contextlib.suppress(OSError), self._line.makefile("rb") as lines:
            for line in lines:
                self._hear(json.loads(line))
        self._line.close()
        self._owner.note_death(self)
        self._process.wait()

    def _hear(self, answer: dict[str, str | int]) -> None:
        if "ready" in answer:
            self.is_ready = True
            self._changed()
            return
        key = (str(answer["run"]), int(answer["attempt"]))
        if "code" in answer:
            self._owner.note_end(key, f"exit code {answer['code']}")
        else:
            self._owner.note_start(key, int(answer["pid"]))


class LocalKind:
    name = "local"
    summary = "processes of this machine, from a warm start"

    def open(self, order: ExecutorOrder) -> Executor:
        return LocalExecutor(order)


PLUGIN = LocalKind()
