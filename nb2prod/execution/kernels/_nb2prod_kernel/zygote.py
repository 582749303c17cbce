"""A server that has imported all that a kernel imports, and forks a keeper with a kernel for each connection.

It never starts a thread nor a zmq context, so its forks are sound. It ends when nobody used it for a while, or, without
an idle time, with the process that started it: that holds its stdin open.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import random
import select
import signal
import socket
import struct
import sys
import tempfile
import time
from typing import Any, NoReturn

from . import birth, keeper, tree

__all__ = ["main"]

_START = 60  # seconds that it may take until it listens
_FIRST = 0.2  # seconds in which whoever started the server is served before it rehearses
_USED = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell")


def main() -> None:
    """In the server this ends by itself; in a kernel that it forked it is the kernel."""
    path, idle = sys.argv[2], float(sys.argv[3])
    birth.leave()
    signal.alarm(_START)
    for name in _USED:
        importlib.import_module(name)
    server = _Zygote(path, idle)
    signal.alarm(0)
    task = server.serve()
    if task is not None:
        task()


class _Zygote:
    def __init__(self, path: str, idle: float) -> None:
        self.path, self.idle = path, idle
        self.children: set[int] = set()
        self.used = time.monotonic()
        self.rehearsal = -1  # what it tells is read from here
        self.told = b""
        self.lessons: list[str] | None = None  # modules still to import
        birth.set_child_subreaper()
        self.wake, woken = os.pipe()
        for end in (self.wake, woken):
            os.set_blocking(end, False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        self.woken = woken
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        old = os.umask(0o177)
        self.listener.bind(path)
        os.umask(old)
        self.listener.listen(128)
        self.place = os.stat(path).st_ino
        os.write(1, b"+")  # whoever started us waits for it
        os.dup2(2, 1)

    def serve(self) -> keeper.Task | None:
        while True:
            watched: list[Any] = [self.listener, self.wake, *([0] if self.idle <= 0 else [])]
            if self.rehearsal >= 0:
                watched.append(self.rehearsal)
            readable, _, _ = select.select(watched, [], [], self._pause())
            if self.wake in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
            self._reap()
            if self.listener in readable:
                task = self._accept()
                if task is not None:
                    return task
            elif (0 in readable and not os.read(0, 64)) or self._is_over():
                self._close()
            elif self.rehearsal in readable or self.rehearsal < 0:
                self._learn()

    def _pause(self) -> float | None:
        if self.lessons is None and self.rehearsal < 0:
            return _FIRST
        if self.lessons:
            return 0.0
        if self.children:
            return 1.0
        return max(0.1, self.used + self.idle - time.monotonic()) if self.idle > 0 else None

    def _is_over(self) -> bool:
        if self.children or self.idle <= 0:
            return False
        try:
            ours = os.stat(self.path).st_ino == self.place
        except OSError:
            ours = False
        return not ours or time.monotonic() >= self.used + self.idle

    def _close(self) -> NoReturn:
        with contextlib.suppress(OSError):
            if os.stat(self.path).st_ino == self.place:
                os.unlink(self.path)
        self.listener.close()  # who waits in its queue sees the end, and starts another server
        os._exit(0)

    def _accept(self) -> keeper.Task | None:
        with contextlib.suppress(OSError):
            connection, _ = self.listener.accept()
            if _owner(connection) != os.getuid():
                connection.close()
                return None
            gc.freeze()
            pid = os.fork()
            if pid == 0:
                self.listener.close()
                for end in (self.wake, self.woken):
                    os.close(end)
                signal.set_wakeup_fd(-1)
                return keeper.keep(connection, _launch)
            connection.close()
            self.children.add(pid)
            self.used = time.monotonic()
        return None

    def _reap(self) -> None:
        if tree.reap(self.children):
            self.used = time.monotonic()

    def _learn(self) -> None:
        """Import what a kernel imports while it starts and runs its first cell, a module at a time: a child tells."""
        if self.lessons is None and self.rehearsal < 0:
            self.rehearsal = self._rehearse()
        elif self.rehearsal >= 0:
            more = os.read(self.rehearsal, 1 << 16)
            self.told += more
            if not more:
                os.close(self.rehearsal)
                self.rehearsal, self.lessons = -1, self.told.decode().split()
        elif self.lessons:
            with contextlib.suppress(BaseException):  # a kernel imports it itself, and says what is wrong with it
                importlib.import_module(self.lessons.pop(0))
            if not self.lessons:
                gc.collect()

    def _rehearse(self) -> int:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):  # a rehearsal that fails only teaches less
                self.listener.close()
                _perform(writing)
            os._exit(0)
        os.close(writing)
        self.children.add(pid)
        return reading


def _owner(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", credentials)[1]
    return uid


def _perform(writing: int) -> None:
    """A kernel that starts, runs a cell and says which modules that took."""
    signal.alarm(30)
    before = set(sys.modules)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(IPYTHONDIR=folder, JUPYTER_RUNTIME_DIR=folder)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        app: Any = importlib.import_module("ipykernel.kernelapp").IPKernelApp.instance()
        app.initialize(_arguments(["-f", folder + "/k.json", "--transport=ipc", f"--ip={folder}/k"]))
        app.shell.run_cell("1 / 0")
        app.shell.run_cell("print(1)\n1")
        os.write(writing, "\n".join(name for name in list(sys.modules) if name not in before).encode())


def _arguments(given: list[str]) -> list[str]:
    # 1: it polls for no parent, which the system does for us, and prints no advice for terminals
    return [*given, "--IPKernelApp.parent_handle=1"]


def _launch(order: dict[str, Any], telling: int) -> keeper.Task:
    """In the kernel: the given environment whole, and nothing that all forks would share."""
    env = order["env"]
    birth.mark({"NB2PROD_RUN": env.get("NB2PROD_RUN", "")})
    if "LC_CTYPE" in os.environ:  # Python sets it when it starts in the C locale
        env.setdefault("LC_CTYPE", os.environ["LC_CTYPE"])
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    tempfile.tempdir = None
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()

    def task() -> None:
        import ipykernel_launcher

        given = order["arguments"]
        sys.argv = [ipykernel_launcher.__file__, *given]
        app: Any = importlib.import_module("ipykernel.kernelapp").IPKernelApp.instance()
        try:
            app.initialize(_arguments(given))
        except BaseException as problem:
            os.write(telling, ("!" + birth.report(problem)).encode()[:4000])
            raise
        _see_living_children(app.kernel)
        os.write(telling, b"+")
        os.close(telling)
        app.start()
        _end_control(app)

    return task


def _see_living_children(kernel: Any) -> None:
    """When it is shut down ipykernel ends its children, and waits seconds for those that ended and were not reaped."""
    found = getattr(kernel, "_process_children", None)
    if found is not None:
        kernel._process_children = lambda: [child for child in found() if _is_living(child)]


def _is_living(process: Any) -> bool:
    try:
        return bool(process.status() != "zombie")
    except Exception:  # of psutil, which may not be there to name it: it is gone
        return False


def _end_control(app: Any) -> None:
    """Before ipykernel closes its streams: their flush in this thread would wait for ten seconds after that."""
    thread = getattr(app, "control_thread", None)
    if thread is not None and thread.is_alive():
        thread.stop()
        thread.join(2)
