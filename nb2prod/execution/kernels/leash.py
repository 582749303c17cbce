"""Our end of the socket to a kernel's keeper: let go, everything below the keeper is killed."""

import asyncio
import contextlib
import json
import os
import socket
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nb2prod.execution.kernels.order import Ending

__all__ = ["Leash", "Moment"]


class Moment:
    """Something that happens once; threads and event loops wait for it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._calls: list[Callable[[], None]] = []

    def happen(self) -> None:
        with self._lock:
            self._event.set()
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    def tell(self, call: Callable[[], None]) -> None:
        """Call it when it happens, in that thread; at once when it has."""
        with self._lock:
            if not self._event.is_set():
                self._calls.append(call)
                return
        call()

    @property
    def happened(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._event.wait(timeout)

    async def come(self, timeout: float | None = None) -> bool:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def settle() -> None:
            if not future.done():
                future.set_result(None)

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed by then
                loop.call_soon_threadsafe(settle)

        with self._lock:
            if self._event.is_set():
                return True
            self._calls.append(tell)
        done, _ = await asyncio.wait([future], timeout=timeout)
        if not done:
            with self._lock, contextlib.suppress(ValueError):
                self._calls.remove(tell)
        return bool(done)


class Leash:
    """One kernel and its keeper. A thread listens, so it may be held from any thread and any event loop.

    Moments: `started`, `ready` (it listens, or it never will), `limited` (its keeper ends it by itself), `exited`,
    `ended` (all that it started is gone too).
    """

    def __init__(self, connection: socket.socket, order: Mapping[str, Any], streams: Sequence[int]) -> None:
        self.pid = self.keeper = 0
        self.failure = ""  # why it could not start
        self.listening = False  # at `ready`: its sockets are bound
        self.limit = ""
        self.ending: Ending | None = None
        self.started, self.ready, self.limited = Moment(), Moment(), Moment()
        self.exited, self.ended = Moment(), Moment()
        self._connection, self._sending = connection, threading.Lock()
        socket.send_fds(connection, [b" "], list(streams))
        text = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(connection, [text[: 1 << 15]], list(streams))
        connection.sendall(text[sent:])
        _HELD.add(self)
        threading.Thread(target=self._hear, name="nb2prod-leash", daemon=True).start()

    def signal(self, number: int) -> None:
        """To the kernel and its process group."""
        self._send({"do": "signal", "number": int(number)})

    def end(self, grace: float) -> None:
        """Everything: INT, after half the grace TERM, after the grace KILL. It returns at once; wait for `ended`."""
        self._send({"do": "end", "grace": grace})

    def let_go(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _send(self, message: Mapping[str, Any]) -> None:
        with self._sending, contextlib.suppress(OSError):
            self._connection.sendall(json.dumps(message).encode() + b"\n")

    def _hear(self) -> None:
        with contextlib.suppress(OSError), self._connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                getattr(self, "_on_" + message.pop("event"))(**message)
        if not self.exited.happened:  # the keeper was killed, and its kernel with it
            self.ending = Ending(signal=9, reason="killed")
        for moment in (self.started, self.ready, self.exited, self.ended):
            moment.happen()
        self._connection.close()

    def _on_started(self, *, pid: int, keeper: int) -> None:
        self.pid, self.keeper = pid, keeper
        self.started.happen()

    def _on_ready(self, *, listening: bool) -> None:
        self.listening = listening
        self.ready.happen()

    def _on_failed(self, *, message: str) -> None:
        self.failure = message
        self.ready.happen()

    def _on_limit(self, *, reason: str) -> None:
        self.limit = reason
        self.limited.happen()

    def _on_exited(self, *, code: int, signal: int, reason: str) -> None:
        self.ending = Ending(code=code, signal=signal, reason=reason)
        self.exited.happen()

    def _on_ended(self, *, memory: int, cpu: float) -> None:
        if self.ending is not None:
            self.ending = replace(self.ending, memory=memory, cpu=cpu)
        self.ended.happen()

    def forget(self) -> None:
        """In a fork of this process, which must not hold the kernel."""
        with contextlib.suppress(OSError):
            os.close(self._connection.detach())


_HELD: "weakref.WeakSet[Leash]" = weakref.WeakSet()


def _forget_all() -> None:
    for leash in list(_HELD):
        leash.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
