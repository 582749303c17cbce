"""What a run has printed so far: cell by cell from the journal of its latest attempt, also while it runs."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any  # JSON of the journal

from nb2prod.errors import InvalidOption
from nb2prod.execution import journal
from nb2prod.execution import log as run_log
from nb2prod.model.job import Attempt, Run
from nb2prod.store import Store

__all__ = ["follow_log"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LOOK_EVERY = 0.2  # seconds


def follow_log(
    store: Store,
    run_id: str,
    *,
    attempt: int = 0,
    plain: bool = False,
    wait: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Pieces of text. With `wait`, all that comes until the run has ended, through its further attempts.

    `plain` gives the run's own log instead of what its cells printed; a pipeline has that alone.
    Raises InvalidOption when the attempt's folder is not on this host, or there is no such attempt.
    """
    shown = 0
    while True:
        run = store.run(run_id)  # before the files: what is written by then is read below
        found = _attempt(store, run, attempt)
        if found is not None and found.folder and (number := found.number) != shown:
            if shown:
                yield f"--- attempt {number}\n"
            shown = number
            yield from _follow_attempt(store, found, plain, wait, sleep)
            continue
        if not wait or (run.status.is_final and (found is None or found.number == shown)) or (attempt and shown):
            return
        sleep(_LOOK_EVERY)


def _attempt(store: Store, run: Run, number: int) -> Attempt | None:
    found = [attempt for attempt in store.attempts(run.id) if attempt.number == (number or run.attempt)]
    if number and not found:
        raise InvalidOption("--attempt", f"run {run.id} has no attempt {number}; it has had {run.attempt}")
    return found[0] if found else None


def _follow_attempt(
    store: Store, attempt: Attempt, plain: bool, wait: bool, sleep: Callable[[float], None]
) -> Iterator[str]:
    folder = Path(attempt.folder)
    if attempt.host != socket.gethostname() and not folder.is_dir():
        raise InvalidOption(attempt.run_id, f"its log is on {attempt.host}, in {folder}")
    kept, log = folder / journal.NAME, folder / run_log.NAME
    place, offset, rest, teller = None, 0, b"", _Teller()
    while True:
        going = wait and store.run(attempt.run_id).attempt == attempt.number and not _ended(store, attempt)
        if place is None and (plain or kept.is_file() or not going):
            place = log if plain or not kept.is_file() else kept
        if place is not None:
            content = _read_from(place, offset)
            offset += len(content)
            *lines, rest = (rest + content).split(b"\n")
            yield from (teller.plain(line) if place == log else teller.told(line) for line in lines)
        if not going:
            return
        sleep(_LOOK_EVERY)


def _ended(store: Store, attempt: Attempt) -> bool:
    return any(found.finished_at for found in store.attempts(attempt.run_id) if found.number == attempt.number)


def _read_from(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""


class _Teller:
    """A cell is named when it has something to say."""

    def __init__(self) -> None:
        self._heading = ""

    def plain(self, line: bytes) -> str:
        return line.decode("utf-8", "replace") + "\n"

    def told(self, line: bytes) -> str:
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            return ""
        match entry:
            case {"event": "cell.started", "cell": int(cell)}:
                self._heading = f"--- cell {cell}\n" if cell else ""
            case {"event": "cell.output", "do": "output", "output": dict(output)}:
                heading, self._heading = self._heading, ""
                return heading + _text_of(output)
            case {"event": "run.ended", "status": str(status)}:
                return f"--- {status}\n"
        return ""


def _text_of(output: dict[str, Any]) -> str:
    match output:
        case {"output_type": "stream", "text": text}:
            return text if isinstance(text, str) else "".join(text)
        case {"output_type": "error", "traceback": list(lines)}:
            return _ANSI.sub("", "\n".join(lines)) + "\n"
        case {"data": {"text/plain": text}}:
            return f"{text if isinstance(text, str) else ''.join(text)}\n"
        case {"data": dict(data)}:
            return f"<{', '.join(data)}>\n"
    return ""
