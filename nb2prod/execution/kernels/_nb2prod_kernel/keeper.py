"""Keeps one kernel: starts it, holds its limits, and ends all that it started.

It is the subreaper of all below it, so what a cell starts cannot get away, and it watches a socket: a line of JSON is a
message, and the end of it means that whoever wanted the kernel is gone.

    <- {"argv": [...], "cwd": ..., "env": {...}, ...}         the order, with the descriptors of stdout and stderr;
                                                              `folder` has the kernel's sockets, and is removed
    -> {"event": "started", "pid": N, "keeper": N}
    -> {"event": "ready", "listening": BOOL} or {"event": "failed", "message": ...}
    (`phases`: the kernel writes deadlines to the pipe on which it says that it listens, and the order's holds between)
    <- {"do": "signal", "number": N}                          to the kernel and its process group
    <- {"do": "end", "grace": SECONDS}                        to everything: INT, TERM, KILL
    -> {"event": "limit", "reason": "deadline" | "memory"}    it ends the kernel by itself
    -> {"event": "exited", "code": N, "signal": N, "reason": ...}
    -> {"event": "ended", "memory": BYTES, "cpu": SECONDS}    all that it started is gone too
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import birth, tree

__all__ = ["keep", "main"]

_OFTEN, _SELDOM = 0.1, 1.0  # seconds between looks at the memory, with and without a limit
_LINGER = 0.3  # what a kernel leaves behind has so long after TERM
_AGAIN = 0.02  # between rounds of KILL: what forks meanwhile is met in the next

Task = Callable[[], None]


def main() -> None:
    """As a script: the socket is stdin."""
    birth.leave()
    connection = socket.socket(fileno=os.dup(0))
    keep(connection, None)


def keep(connection: socket.socket, launch: Callable[[dict[str, Any], int], Task] | None) -> Task:
    """Keep the kernel that the connection orders. Returns only in the kernel itself: with what it is to do.

    `launch` makes that of the order and a descriptor on which it says that it listens; None executes the order's argv.
    """
    keeper = _Keeper(connection)
    try:
        task = keeper.start(launch)
        if task is not None:
            return task
        keeper.watch()
    except BaseException:
        traceback.print_exc()
        tree.send(reversed(tree.below(os.getpid())), signal.SIGKILL)
        os._exit(1)
    os._exit(0)


class _Keeper:
    def __init__(self, connection: socket.socket) -> None:
        with contextlib.suppress(PermissionError):  # one that starts cold has its session already
            os.setsid()
        birth.set_child_subreaper()
        self.connection, self.received = connection, b""
        self.kernel, self.exited = 0, False
        self.reason = ""  # why it ends, once that was decided here
        self.steps: list[tuple[float, int, bool]] = []  # when, which signal, to all or to the kernel alone
        self.peak, self.looked = 0, 0.0
        self.deadline: float | None = None
        self.limit, self.folder = None, ""
        self.kills = _kills_for_memory()
        self.ready, self.listening = -1, False
        self.phases, self.around, self.told = False, 0.0, False
        self.wake, self.woken = os.pipe()
        for end in (self.wake, self.woken):
            os.set_blocking(end, False)

    def start(self, launch: Callable[[dict[str, Any], int], Task] | None) -> Task | None:
        order, streams = self._order()
        self.limit, self.folder = order.get("memory"), order.get("folder", "")
        self.phases = order.get("phases", False)
        if order.get("deadline") is not None:
            self.around = order["deadline"]
            self.deadline = time.monotonic() + self.around
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._end("killed", 0.0))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.woken, warn_on_full_buffer=False)
        self.ready, telling = os.pipe()
        os.set_blocking(self.ready, False)  # what the kernel forks has the other end
        keeper = os.getpid()
        self.kernel = os.fork()
        if self.kernel == 0:
            for end in (self.ready, self.wake, self.woken):
                os.close(end)
            self.connection.close()
            return _born(order, streams, keeper, telling, launch)
        for descriptor in (telling, *streams):
            os.close(descriptor)
        self.listening = launch is not None
        self._say(event="started", pid=self.kernel, keeper=keeper)
        return None

    def _order(self) -> tuple[dict[str, Any], list[int]]:
        """Whoever connects and says nothing is gone in a minute."""
        self.connection.settimeout(60)
        data, streams, _, _ = socket.recv_fds(self.connection, 1 << 16, 2)
        while b"\n" not in data:
            more = self.connection.recv(1 << 16)
            if not more:
                os._exit(0)
            data += more
        self.connection.setblocking(False)
        line, _, self.received = data.partition(b"\n")
        order: dict[str, Any] = json.loads(line)
        if order.get("folder"):
            order["env"]["JPY_PARENT_PID"] = str(os.getpid())  # libraries look for it to tell a notebook
        order["env"]["NB2PROD_KEEPER"] = str(os.getpid())
        return order, list(streams)

    def watch(self) -> None:
        while not (self.exited and not self.steps):
            self._wait()
            self._look()
            self._take_steps()
            self._reap()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        memory = max(self.peak, usage.ru_maxrss * 1024)
        _remove(self.folder)
        self._say(event="ended", memory=memory, cpu=usage.ru_utime + usage.ru_stime)

    def _wait(self) -> None:
        watched: list[Any] = [self.wake, *([self.connection] if self.connection.fileno() >= 0 else [])]
        if self.ready >= 0:
            watched.append(self.ready)
        readable, _, _ = select.select(watched, [], [], self._pause())
        if self.wake in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 4096)
        if self.ready in readable:
            self._hear_kernel()
        if self.connection in readable:
            self._listen()

    def _pause(self) -> float:
        now = time.monotonic()
        times = [self.looked + (_OFTEN if self.limit else _SELDOM), *(when for when, _, _ in self.steps)]
        if self.deadline is not None and not self.reason:
            times.append(self.deadline)
        return max(0.0, min(times) - now)

    def _hear_kernel(self) -> None:
        try:
            text = os.read(self.ready, 4096).decode(errors="replace")
        except BlockingIOError:
            text = ""
        if self.phases and text and text[0] != "!":
            self._hear_phases(text)
            return
        os.close(self.ready)
        self.ready = -1
        if text.startswith("!"):
            self._say(event="failed", message=text[1:])
        elif not self.told:
            self._say(event="ready", listening=self.listening and text == "+")

    def _hear_phases(self, text: str) -> None:
        """Seconds from now, a line each; without a number the order's deadline holds from now."""
        if not self.told:
            self.told = True
            self._say(event="ready", listening=True)
        whole, _, _ = text.rpartition("\n")
        last = whole.rpartition("=")[2]
        if "=" in whole and self.deadline is not None:
            self.deadline = time.monotonic() + (float(last) if last else self.around)

    def _listen(self) -> None:
        try:
            data = self.connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.connection.close()
            self._end("closed", 0.0)
            return
        *lines, self.received = (self.received + data).split(b"\n")
        for line in lines:
            self._do(json.loads(line))

    def _do(self, command: dict[str, Any]) -> None:
        if command["do"] == "end":
            self._end("killed", command["grace"])
        elif not self.exited:
            self._signal(command["number"])

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.kernel, number)
        except OSError:  # it has no group of its own yet
            tree.send([self.kernel], number)

    def _end(self, reason: str, grace: float) -> None:
        """INT to the kernel, TERM and KILL to everything; at once where there is no time."""
        self.reason = self.reason or reason
        now = time.monotonic()
        steps: list[tuple[float, int, bool]] = [(now, signal.SIGKILL, True)]
        if grace > 0:
            steps = [(now, signal.SIGINT, False), (now + grace / 2, signal.SIGTERM, True)]
            steps.append((now + grace, signal.SIGKILL, True))
        if not self.steps or steps[-1][0] < self.steps[-1][0]:
            self.steps = steps

    def _look(self) -> None:
        """At the time and at the memory."""
        now = time.monotonic()
        if self.deadline is not None and now >= self.deadline and not self.reason:
            self._say(event="limit", reason="deadline")
            self._end("deadline", 0.5)
        if now < self.looked + (_OFTEN if self.limit else _SELDOM):
            return
        self.looked = now
        pids = tree.below(os.getpid())
        used = tree.memory(pids)
        if self.limit and used > self.limit:
            used = tree.exact_memory(pids) or used
            if used > self.limit and not self.reason:
                self._say(event="limit", reason="memory")
                self._end("memory", 0.0)
        self.peak = max(self.peak, used)

    def _take_steps(self) -> None:
        now = time.monotonic()
        while self.steps and self.steps[0][0] <= now:
            _, number, everything = self.steps.pop(0)
            if everything:
                tree.send(reversed(tree.below(os.getpid())), number)
            elif not self.exited:
                self._signal(number)
            if number == signal.SIGKILL:
                self.steps = [(now + _AGAIN, signal.SIGKILL, True)]
                return

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.steps.clear()
                return
            if pid == 0:
                return
            if pid == self.kernel and not self.exited:
                self._kernel_exited(status)

    def _kernel_exited(self, status: int) -> None:
        self.exited = True
        code = os.waitstatus_to_exitcode(status)
        while self.ready >= 0:
            self._hear_kernel()
        reason = self.reason or ("killed" if code < 0 else "exited")
        if code == -signal.SIGKILL and not self.reason and _kills_for_memory() > self.kills:
            reason = "memory"  # of the whole machine
        self._say(event="exited", code=max(code, 0), signal=max(-code, 0), reason=reason)
        self.reason = reason
        now = time.monotonic()
        self.steps = [(now, signal.SIGTERM, True), (now + _LINGER, signal.SIGKILL, True)]

    def _say(self, **message: Any) -> None:
        if self.connection.fileno() < 0:
            return
        try:
            self.connection.setblocking(True)
            self.connection.settimeout(5)
            self.connection.sendall(json.dumps(message).encode() + b"\n")
            self.connection.setblocking(False)
        except OSError:
            self.connection.close()
            self._end("closed", 0.0)


def _born(
    order: dict[str, Any],
    streams: list[int],
    keeper: int,
    telling: int,
    launch: Callable[[dict[str, Any], int], Task] | None,
) -> Task:
    """In the kernel. What goes wrong before it is one is told, and ends it."""
    try:
        birth.become(order, streams, keeper)
        if launch is not None:
            return launch(order, telling)
        os.set_inheritable(telling, order.get("phases", False))
        if order.get("phases"):
            order["env"]["NB2PROD_GUARD"] = str(telling)
        os.execvpe(order["argv"][0], order["argv"], order["env"])
    except BaseException as problem:
        os.write(telling, ("!" + birth.report(problem)).encode()[:4000])
        os._exit(127)


def _remove(folder: str) -> None:
    """The kernel's sockets and connection file, with the key in it."""
    if not folder:
        return
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _kills_for_memory() -> int:
    """How often this machine killed a process for want of memory."""
    with contextlib.suppress(OSError, ValueError), open("/proc/vmstat", encoding="ascii") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
