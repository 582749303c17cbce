"""A process that has imported all that a supervisor needs, and forks one in milliseconds when it is asked to.

    python -m nb2prod.execution.nursery FD MODULE       FD: a stream socket, one JSON object a line

    → {"ready": PID}
    ← {"store": URL}                                    first, and never on a command line: it may hold a password
    ← {"run": ID, "attempt": N}                         → {"run": ID, "attempt": N, "pid": PID}
                                                        → {"run": ID, "attempt": N, "pid": PID, "code": EXIT CODE}

It has no threads and no connections, so a fork is sound. Each supervisor is a session of its own. When the socket
closes (the daemon is gone) the nursery takes no more, waits for those that it has, and ends.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType

Supervise = Callable[[str, str, int], int]

_LIBRARIES = ("nbclient", "nbformat", "papermill", "sqlalchemy", "psycopg", "fsspec", "yaml", "psutil")


class Nursery:
    def __init__(self, client: socket.socket, supervise: Supervise) -> None:
        self._client, self._supervise = client, supervise
        self._store, self._buffer = "", b""
        self._children: dict[int, tuple[str, int]] = {}
        self._open = True
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def serve(self) -> None:
        self._tell(ready=os.getpid())
        signal.signal(signal.SIGCHLD, _noted)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._client, selectors.EVENT_READ, self._hear)
            selector.register(self._woken, selectors.EVENT_READ, self._reap)
            while self._open or self._children:
                for key, _ in selector.select():
                    key.data()
                if not self._open and self._client in [key.fileobj for key in selector.get_map().values()]:
                    selector.unregister(self._client)

    def _hear(self) -> None:
        try:
            heard = self._client.recv(65536)
        except OSError:
            heard = b""
        if not heard:
            self._open = False
            return
        *lines, self._buffer = (self._buffer + heard).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, request: dict[str, str | int]) -> None:
        if "store" in request:
            self._store = str(request["store"])
            return
        run_id, attempt = str(request["run"]), int(request["attempt"])
        pid = os.fork()
        if pid == 0:
            self._be_supervisor(run_id, attempt)
        self._children[pid] = (run_id, attempt)
        self._tell(run=run_id, attempt=attempt, pid=pid)

    def _be_supervisor(self, run_id: str, attempt: int) -> None:
        code = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            for end in (self._client, self._woken, self._wake):
                end.close()
            code = self._supervise(self._store, run_id, attempt)
        except SystemExit as asked:
            code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            _flush()
            os._exit(code & 0xFF)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._children:
                run_id, attempt = self._children.pop(pid)
                self._tell(run=run_id, attempt=attempt, pid=pid, code=os.waitstatus_to_exitcode(status))

    def _tell(self, **answer: str | int) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            self._client.sendall(json.dumps(answer).encode() + b"\n")


def _noted(_: int, __: FrameType | None) -> None:
    """The wake-up descriptor says it all."""


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _import_all(module: str) -> Supervise:
    supervise: Supervise = importlib.import_module(module).supervise
    for library in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    return supervise


def main() -> None:
    client = socket.socket(fileno=int(sys.argv[1]))
    supervise = _import_all(sys.argv[2])
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise SystemExit(f"the nursery cannot fork beside threads that an import started: {names}")
    gc.collect()
    gc.freeze()  # what is shared with every supervisor is never written to by the collector
    Nursery(client, supervise).serve()


if __name__ == "__main__":
    main()
