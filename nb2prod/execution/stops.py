"""What ends an attempt before its end: a signal, a deadline, a cancel, a lost lease, a full disk."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nb2prod.model.job import FailureKind

__all__ = ["Stops", "signals_stop"]

_WORDS = {signal.SIGINT: "it was interrupted (Ctrl-C)", signal.SIGTERM: "it was asked to end (SIGTERM)"}


@dataclass(kw_only=True)
class Stops:
    """`asked` is the kind of failure and what to say, None while nobody asked."""

    asked: tuple[FailureKind, str] | None = None
    _calls: list[Callable[[FailureKind, str], None]] = field(default_factory=list)

    def stop(self, kind: FailureKind, message: str) -> None:
        """From any thread, or a signal's handler."""
        if self.asked is None or kind is FailureKind.LOST:
            self.asked = (kind, message)
        for call in list(self._calls):
            call(*self.asked)

    def tell(self, call: Callable[[FailureKind, str], None]) -> None:
        """Whom to call; at once when it was asked before."""
        self._calls.append(call)
        if self.asked is not None:
            call(*self.asked)


@contextlib.contextmanager
def signals_stop(stops: Stops) -> Iterator[None]:
    """INT and TERM, in the main thread alone: no other may ask for them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: object) -> None:
        stops.stop(FailureKind.INTERRUPTED, _WORDS[signal.Signals(number)])

    before = {number: signal.signal(number, handle) for number in _WORDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
