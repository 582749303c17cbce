"""Conversions, verifications and replays: each a process of its own that can be followed and cancelled."""

import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # JSON

from nb2prod.execution.kernels.leash import Moment
from nb2prod.server.errors import Refused, problem
from nb2prod.server.working import Work

__all__ = ["Operation", "Operations", "Order"]

_EVENTS, _FINISHED, _UNFINISHED = 1000, 50, 20  # kept at most
_AGE = 3600.0  # seconds that what has finished is kept
_FOLDERS = 8  # whose texts before the last conversion are kept
_GRACE, _AT_THE_END = 3.0, 0.5  # seconds until KILL, when it is cancelled and when the server ends
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Order:
    """`path` is for people; `target` is what it writes or reads, for one operation at a time; `given` is of `work`."""

    verb: str
    path: str
    target: Path
    store_url: str
    given: Mapping[str, Any]


class Operation:
    """Threads write it, the event loop reads it."""

    def __init__(self, order: Order) -> None:
        self.id = secrets.token_hex(8)
        self.order, self.state = order, "running"
        self.started_at, self._began = datetime.now(UTC), time.monotonic()
        self.ended = 0.0
        self.is_cancelled = False
        self.work: Work | None = None
        self._result: Any = None
        self._error: Mapping[str, Any] | None = None
        self._events: deque[tuple[int, str]] = deque(maxlen=_EVENTS)
        self._last = 0
        self._lock, self._news = threading.Lock(), Moment()
        self.over = Moment()

    def tell(self, text: str) -> None:
        with self._lock:
            self._last += 1
            self._events.append((self._last, text[:2000]))
            news, self._news = self._news, Moment()
        news.happen()

    def finish(self, state: str, result: Any = None, error: Mapping[str, Any] | None = None) -> None:
        with self._lock:
            self.state, self._result, self._error, self.ended = state, result, error, time.monotonic()
            news = self._news
        self.over.happen()
        news.happen()

    async def news(self, after: int, wait: float) -> dict[str, Any]:
        """With the events after that one; waits for some while there are none and it runs."""
        ends = time.monotonic() + wait
        while (left := ends - time.monotonic()) > 0:
            with self._lock:
                is_new, news = self._last > after or self.state != "running", self._news
            if is_new:
                break
            await news.come(left)
        return self.shown(after)

    def shown(self, after: int = 0) -> dict[str, Any]:
        with self._lock:
            return {
                "id": self.id,
                "verb": self.order.verb,
                "path": self.order.path,
                "state": self.state,
                "events": [{"number": number, "text": text} for number, text in self._events if number > after],
                "result": self._result,
                "error": self._error,
                "started_at": self.started_at.isoformat(),
                "seconds": round((self.ended or time.monotonic()) - self._began, 3),
            }


class Operations:
    """`at_once` run, others wait. They end with the server."""

    def __init__(self, *, at_once: int) -> None:
        self._at_once, self._running, self._is_over = at_once, 0, False
        self._known: dict[str, Operation] = {}
        self._before: dict[Path, Mapping[str, str]] = {}
        self._turn = threading.Condition()

    def start(self, order: Order) -> Operation:
        """Raises Refused: another one works there, or too many wait."""
        with self._turn:
            self._forget()
            unfinished = [each for each in self._known.values() if not each.over.happened]
            if self._is_over:
                raise Refused(503, "the server is about to end")
            if any(each.order.target == order.target for each in unfinished):
                raise Refused.field("path", f"another operation works on {order.path}: wait for it, or cancel it", 409)
            if len(unfinished) >= _UNFINISHED:
                raise Refused(429, f"{len(unfinished)} operations have not ended yet: wait for some, or cancel them")
            operation = Operation(order)
            self._known[operation.id] = operation
        threading.Thread(target=self._carry_out, args=(operation,), name="nb2prod-operation", daemon=True).start()
        return operation

    def get(self, number: str) -> Operation:
        found = self._known.get(number)
        if found is None:
            raise Refused(404, f"there is no operation {number!r}: it is forgotten by now, or was of another server")
        return found

    def cancel(self, operation: Operation) -> None:
        """It returns at once; wait for `over`."""
        self._cancel(operation, _GRACE)

    def before(self, folder: Path) -> Mapping[str, str]:
        """The generated files' texts from before the last conversion into that folder by this server."""
        return self._before.get(folder, {})

    def end(self) -> None:
        """Of all, with what they started. Waits for it."""
        with self._turn:
            self._is_over = True
            unfinished = [each for each in self._known.values() if not each.over.happened]
        for operation in unfinished:
            self._cancel(operation, _AT_THE_END)
        for operation in unfinished:
            operation.over.wait(_AT_THE_END + 5)

    def _cancel(self, operation: Operation, grace: float) -> None:
        with self._turn:
            operation.is_cancelled = True
            work = operation.work
            self._turn.notify_all()
        if work is not None:
            work.end(grace)

    def _forget(self) -> None:
        finished = sorted((each for each in self._known.values() if each.over.happened), key=lambda each: each.ended)
        oldest = time.monotonic() - _AGE
        for position, operation in enumerate(reversed(finished), 1):
            if position > _FINISHED or operation.ended < oldest:
                del self._known[operation.id]

    def _carry_out(self, operation: Operation) -> None:
        try:
            if self._enter(operation):
                try:
                    self._run(operation)
                finally:
                    self._leave()
            else:
                operation.finish("cancelled")
        except Exception as error:  # whatever it was, who waits for it must hear of it
            _LOG.exception("operation %s failed", operation.id)
            operation.finish("failed", error=problem(500, f"it could not be started: {error}"))

    def _enter(self, operation: Operation) -> bool:
        with self._turn:
            if self._running >= self._at_once and not operation.is_cancelled:
                operation.tell(f"waiting for one of {self._running} other operations to end")
            self._turn.wait_for(lambda: operation.is_cancelled or self._running < self._at_once)
            self._running += not operation.is_cancelled
            return not operation.is_cancelled

    def _leave(self) -> None:
        with self._turn:
            self._running -= 1
            self._turn.notify_all()

    def _run(self, operation: Operation) -> None:
        order, answer = operation.order, dict[str, Any]()

        def hear(message: Mapping[str, Any]) -> None:
            if "event" in message:
                operation.tell(str(message["event"]))
            else:
                answer.update(message)

        folder = tempfile.mkdtemp(prefix="nb2prod-")  # its own: nothing is left of one that was killed
        try:
            work = Work(order.given, {"NB2PROD_STORE": order.store_url, "TMPDIR": folder})
            with self._turn:
                operation.work = work
            if operation.is_cancelled:
                work.end(0)
            ended = work.follow(hear)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self._settle(operation, answer, ended)

    def _settle(self, operation: Operation, answer: Mapping[str, Any], ended: str) -> None:
        if answer.get("error") and not operation.is_cancelled:  # else it tells of what our kill did to it
            operation.finish("failed", answer.get("result"), answer["error"])
        elif "result" in answer:
            if "before" in answer:
                self._keep(operation.order.target, answer["before"])
            operation.finish("completed", answer["result"])
        elif operation.is_cancelled:
            operation.finish("cancelled")
        else:
            _LOG.error("operation %s: %s", operation.id, ended)
            operation.finish("failed", error=problem(500, ended))

    def _keep(self, folder: Path, texts: Mapping[str, str]) -> None:
        with self._turn:
            self._before.pop(folder, None)
            self._before[folder] = texts
            while len(self._before) > _FOLDERS:
                del self._before[next(iter(self._before))]
