"""FOLDER/journal.jsonl: what has happened in an attempt, one JSON a line, appended and never changed.

run.started     run, attempt, layout (the number in the source of each cell that is to run, 0 the given parameters),
                injected (the source of those), parameters, name
kernel.ready    language (its language_info)
cell.started    index (in the layout), cell
cell.output     index, do: output | clear | update
cell.completed  index, cell, count
cell.failed     index, cell, count, why (FailureKind)
run.ended       status, failure

What reached the file survives a kill; what was there a second ago survives a power cut too.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # JSON

__all__ = ["NAME", "Journal", "JournalFull", "read_journal"]

NAME = "journal.jsonl"
_SYNC_EVERY = 1.0


class JournalFull(OSError):
    """The journal cannot be written: the run cannot go on, since nobody could say how it went."""


class Journal:
    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path, self._now = folder / NAME, now
        self._file = self.path.open("ab", buffering=0)
        self._synced = time.monotonic()

    def add(self, event: str, **data: object) -> dict[str, Any]:
        """The line as it was written. Raises JournalFull."""
        entry = {"at": self._now().isoformat(), "event": event, **data}
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        try:
            while line:
                line = line[self._file.write(line) :]
            if time.monotonic() - self._synced > _SYNC_EVERY or event.startswith("run."):
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise JournalFull(error.errno, error.strerror, str(self.path)) from error
        return entry

    def close(self) -> None:
        self._file.close()


def read_journal(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines that are whole; the last one may have been cut off."""
    try:
        content = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return
    for line in content.split(b"\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
