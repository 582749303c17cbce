"""A process that has imported a project and all that carries out a step, and forks a keeper with one for each call.

    python -m nb2prod.execution.steps.server FD         FD: a socket of packets, one message each

    <- {"project", "package", "environment", "workdir", "artifacts", "worker", "idle"}       first
    -> {"ready": PID} or {"unfit": WHY}                 unfit: it cannot fork, and ends
    <- "+" with two descriptors                         the line to a keeper, and a file for the answer

`worker` is a module with prepare(project, package, environment, workdir, artifacts), carry_out(StepCall) and
tell_guard(DESCRIPTOR).

It runs nothing of the user's but what an import runs, starts no thread, and opens no connection, so its forks are
sound. It ends when its socket does, or when nobody used it for `idle` seconds (0: never).
"""

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import random
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn  # Any: JSON

from nb2prod.execution.kernels._nb2prod_kernel import birth, keeper, tree
from nb2prod.runtime.errors import RuntimeTrouble
from nb2prod.runtime.steps.calls import Answer, StepCall

__all__ = ["main"]

CarryOut = Callable[[StepCall], Answer]

_PDEATHSIG = 1  # of prctl(2)
_FAREWELL = 5.0  # seconds for keepers that are about to end


def main() -> None:
    """In a step that it forked, this ends with that process."""
    line = socket.socket(fileno=int(sys.argv[1]))
    _die_with(os.getppid())
    order = json.loads(line.recv(1 << 16))
    try:
        warm = _warmed(order)
    except ImportError as error:
        _tell(line, unfit=f"{order['worker']} cannot be imported: {error}")
        return
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate()[1:])
        _tell(line, unfit=f"an import of {order['package']} started threads: {names}")
        return
    gc.collect()
    gc.freeze()  # what is shared with every step is never written to by the collector
    _tell(line, ready=os.getpid())
    _Server(line, warm, float(order["idle"])).serve()


@dataclass(frozen=True, kw_only=True)
class _Warm:
    """What is the same for every step. A generator that an import has seeded stays as it is."""

    carry_out: CarryOut
    tell_guard: Callable[[int], None]
    seed_random: bool
    seed_numpy: bool


def _warmed(order: Mapping[str, Any]) -> _Warm:
    worker: Any = importlib.import_module(order["worker"])
    with_numpy = importlib.util.find_spec("numpy") is not None
    numpy_random: Any = importlib.import_module("numpy.random") if with_numpy else None
    before = random.getstate(), _state(numpy_random)
    with contextlib.suppress(Exception, SystemExit):  # the step says it better
        worker.prepare(order["project"], order["package"], order["environment"], order["workdir"], order["artifacts"])
    after = random.getstate(), _state(numpy_random)
    return _Warm(
        carry_out=worker.carry_out,
        tell_guard=worker.tell_guard,
        seed_random=before[0] == after[0],
        seed_numpy=numpy_random is not None and before[1] == after[1],
    )


def _state(numpy_random: Any) -> bytes:
    return b"" if numpy_random is None else bytes(numpy_random.get_state()[1])


def _die_with(parent: int) -> None:
    """Our socket tells too, but not while an import hangs."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _tell(line: socket.socket, **message: Any) -> None:
    with contextlib.suppress(OSError):
        line.send(json.dumps(message).encode())


class _Server:
    def __init__(self, line: socket.socket, warm: _Warm, idle: float) -> None:
        self.line, self.warm, self.idle = line, warm, idle
        self.children: set[int] = set()
        self.used = time.monotonic()
        birth.set_child_subreaper()
        self.wake, self.woken = os.pipe()
        for end in (self.wake, self.woken):
            os.set_blocking(end, False)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.woken, warn_on_full_buffer=False)

    def serve(self) -> None:
        while True:
            watched: list[Any] = [self.line, self.wake]
            readable, _, _ = select.select(watched, [], [], self._pause())
            if self.wake in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
            tree.reap(self.children)
            if self.line in readable and not self._accept():
                self._close()
            if self._pause() == 0:
                self._close()

    def _pause(self) -> float | None:
        if self.children:
            return 1.0
        return max(0.0, self.used + self.idle - time.monotonic()) if self.idle else None

    def _accept(self) -> bool:
        """Whether there was one who asks."""
        try:
            heard, descriptors, _, _ = socket.recv_fds(self.line, 16, 2)
        except OSError:
            return False
        if not heard:
            return False
        connection, answer = descriptors
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        pid = os.fork()
        if pid == 0:
            self._be_keeper(connection, answer)
        os.close(connection)
        os.close(answer)
        self.children.add(pid)
        self.used = time.monotonic()
        return True

    def _be_keeper(self, connection: int, answer: int) -> NoReturn:
        """It comes back from `keep` as the step."""
        self.line.close()
        signal.set_wakeup_fd(-1)
        for end in (self.wake, self.woken):
            os.close(end)
        step = keeper.keep(
            socket.socket(fileno=connection), lambda order, telling: self._launch(order, telling, answer)
        )
        code = 1
        try:
            step()
            code = 0
        except SystemExit as asked:
            code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        except KeyboardInterrupt:
            code = 130
        except BaseException:
            traceback.print_exc()
        _leave(code)

    def _launch(self, order: dict[str, Any], telling: int, answer: int) -> keeper.Task:
        """In the step: the given environment whole, and nothing that all forks would share."""
        environment = order["env"]
        birth.mark({"NB2PROD_RUN": environment.get("NB2PROD_RUN", "")})
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        if self.warm.seed_random:
            random.seed()
        if self.warm.seed_numpy:
            sys.modules["numpy.random"].seed()
        if order.get("cpus"):
            _limit_threads(order["cpus"])

        def task() -> None:
            os.write(telling, b"+")
            self.warm.tell_guard(telling)
            _write(answer, self._answer(order["call"]))

        return task

    def _answer(self, call: str) -> str:
        try:
            return self.warm.carry_out(StepCall.from_json(call)).to_json()
        except (RuntimeTrouble, ValueError) as trouble:
            return json.dumps({"refused": str(trouble)})

    def _close(self) -> NoReturn:
        """Their leashes are let go before our line is, so keepers are ending."""
        self.line.close()
        ends = time.monotonic() + _FAREWELL
        while self.children and time.monotonic() < ends:
            select.select([self.wake], [], [], 0.05)
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 4096)
            tree.reap(self.children)
        os._exit(0)


def _limit_threads(count: int) -> None:
    """Libraries that are loaded have read already how many processors there are."""
    if "threadpoolctl" in sys.modules:
        sys.modules["threadpoolctl"].threadpool_limits(count)


def _write(descriptor: int, text: str) -> None:
    with open(descriptor, "wb") as file:
        file.write(text.encode())


def _leave(code: int) -> NoReturn:
    """As a program ends, without the time that it takes to take modules apart."""
    # whatever goes wrong from here on, the answer has been given
    with contextlib.suppress(BaseException):
        getattr(threading, "_shutdown")()  # noqa: B009 - it waits for threads; typeshed does not have it
    with contextlib.suppress(BaseException):
        importlib.import_module("atexit")._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    main()
