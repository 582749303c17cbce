"""A sleep that others can end: other threads, and handlers of signals."""

import contextlib
import os
import select


class Waker:
    """A pipe: a byte written to it ends the sleep, also when it came before."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):  # full: it wakes anyway; closed: nobody sleeps
            os.write(self._write, b".")

    def sleep(self, seconds: float) -> None:
        select.select([self._read], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 4096)

    def close(self) -> None:
        for end in (self._read, self._write):
            os.close(end)
