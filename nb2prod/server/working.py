"""The process of an operation under a keeper: what it tells, and the end of all that it started."""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any  # JSON

from nb2prod.execution.kernels.keeping import inherited, keep
from nb2prod.execution.kernels.order import Ending

__all__ = ["Work"]

_LOG = 16 * 2**10  # bytes of what it printed, kept for the case that it fails
_SHOWN = 12  # lines of that
_LONGEST = 64 * 2**20  # bytes of a message
_GONE = 10.0


class Work:
    """`server.work` with its order. Its keeper ends everything below it, also when this process is killed."""

    def __init__(self, given: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._told, telling = os.pipe()
        self._printed, printing = os.pipe()
        try:
            self._leash = keep(_order(given, environment), [telling, printing])
        except BaseException:
            os.close(self._told)
            os.close(self._printed)
            raise
        finally:
            os.close(telling)
            os.close(printing)

    @property
    def keeper(self) -> int:
        return self._leash.keeper

    @property
    def pid(self) -> int:
        """0 until it has started."""
        return self._leash.pid

    def end(self, grace: float) -> None:
        """INT, TERM, KILL. Returns at once."""
        self._leash.end(grace)

    def follow(self, hear: Callable[[Mapping[str, Any]], None]) -> str:
        """Until nothing of it is left; how it ended, with its last lines."""
        log = bytearray()
        reader = threading.Thread(target=_read_log, args=(self._printed, log), name="nb2prod-log", daemon=True)
        reader.start()
        with os.fdopen(self._told, "rb") as lines:
            while line := lines.readline(_LONGEST):
                with contextlib.suppress(ValueError, AttributeError):  # not ours: of something at Python's start
                    hear(_message(line))
        self._leash.exited.wait()
        self._leash.ended.wait(_GONE)
        reader.join(_GONE)
        return _sentence(self._leash.ending, self._leash.failure, log)


def _order(given: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, object]:
    # -P: a module of the user's folder is not to stand before one of Python
    command = [sys.executable, "-P", "-m", "nb2prod.server.work", json.dumps(given)]
    return {"argv": command, "cwd": given["root"], "env": {**os.environ, **environment}, **inherited()}


def _message(line: bytes) -> Mapping[str, Any]:
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(message)
    return message


def _read_log(descriptor: int, log: bytearray) -> None:
    with os.fdopen(descriptor, "rb", buffering=0) as printed:
        while part := printed.read(1 << 16):
            log.extend(part)
            del log[:-_LOG]


def _sentence(ending: Ending | None, failure: str, log: bytearray) -> str:
    how = "it was killed" if ending is None or ending.signal else f"its process ended with code {ending.code}"
    last = "\n".join(bytes(log).decode(errors="replace").strip().splitlines()[-_SHOWN:])
    return f"{failure or how}: {last}" if last else failure or how
