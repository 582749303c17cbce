"""sha256 of what is written or read meanwhile: what is big is hashed in a thread of its own, on another core."""

import hashlib
import threading
from queue import SimpleQueue
from typing import Any  # bytes or views of them

__all__ = ["CHUNK", "Hasher"]

CHUNK = 1 << 22
_BIG = 1 << 20


class Hasher:
    """What was given must not change before `hexdigest` or `stop`, and one of them must be called."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._waiting: SimpleQueue[Any] | None = None
        self._thread: threading.Thread | None = None

    def update(self, data: Any) -> None:
        if self._waiting is None:
            if len(data) < _BIG:
                self._hash.update(data)
                return
            self._waiting = SimpleQueue()
            self._thread = threading.Thread(target=self._work, args=(self._waiting,), daemon=True)
            self._thread.start()
        self._waiting.put(memoryview(data)[:])

    def hexdigest(self) -> str:
        self.stop()
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Wait until all was hashed."""
        if self._waiting is not None and self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._waiting = self._thread = None

    def _work(self, waiting: "SimpleQueue[Any]") -> None:
        while (data := waiting.get()) is not None:
            self._hash.update(data)
