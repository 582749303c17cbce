"""FOLDER/run.log: what happened, for a reader, and what this process and the kernel write past the notebook."""

import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from nb2prod.execution.redactor import Redactor, StreamRedactor

__all__ = ["NAME", "RunLog"]

NAME = "run.log"
_DRAIN = 0.5


class RunLog:
    """Lines with their times. What cannot be written is not worth ending a run for."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path, self._now = folder / NAME, now
        self._lock = threading.Lock()
        self.redactor = Redactor({})
        self._streams: tuple[int, int] | None = None
        self._reader: threading.Thread | None = None

    def say(self, text: str) -> None:
        stamp = self._now().isoformat(timespec="milliseconds")
        self._write("".join(f"{stamp} {line}\n" for line in self.redactor.text(text).splitlines()))

    def take_streams(self) -> None:
        """From now on what this process and its children write to stdout and stderr comes here, redacted."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        reading, writing = os.pipe()
        self._streams = (os.dup(1), os.dup(2))
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        self._reader = threading.Thread(target=self._read, args=(reading,), name="nb2prod-log", daemon=True)
        self._reader.start()

    def give_streams_back(self) -> None:
        if self._streams is None or self._reader is None:
            return
        for number, kept in zip((1, 2), self._streams, strict=True):
            os.dup2(kept, number)
            os.close(kept)
        self._streams = None
        self._reader.join(_DRAIN)  # somebody who outlives the run may hold the other end

    def _read(self, reading: int) -> None:
        stream = StreamRedactor(self.redactor)
        while piece := os.read(reading, 65536):
            if stream.redactor is not self.redactor:
                stream = StreamRedactor(self.redactor)  # the secrets became known: before any kernel was started
            self._write(stream.feed(piece.decode("utf-8", "backslashreplace")))
        self._write(stream.rest())
        os.close(reading)

    def _write(self, text: str) -> None:
        if not text:
            return
        try:
            with self._lock, self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            return
