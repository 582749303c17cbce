"""A step's process where there are no keepers, as on macOS: watched from here, with the interface of a leash.

It has its deadline and memory limit. When this process is killed it is not ended, and what detaches itself within a
tenth of a second is not found.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any  # the order, as JSON

import psutil

from nb2prod.execution.kernels.leash import Moment
from nb2prod.execution.kernels.order import Ending

__all__ = ["PlainProcess"]

_LOOK = 0.1
_GRACE = 0.5


class PlainProcess:
    """Raises OSError when it cannot be started."""

    def __init__(self, order: Mapping[str, Any], streams: Sequence[int]) -> None:
        self.failure = ""
        self.ending: Ending | None = None
        self.ended = Moment()
        self._deadline = None if order["deadline"] is None else time.monotonic() + order["deadline"]
        self._memory, self._reason, self._peak = order["memory"], "", 0
        self._found: dict[int, psutil.Process] = {}
        self._asked = threading.Event()
        self._ends = float("inf")  # when it is killed
        out, err = streams if streams else (subprocess.DEVNULL, subprocess.DEVNULL)
        self._process = subprocess.Popen(
            order["argv"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=order["cwd"],
            env=order["env"],
            start_new_session=True,
        )
        self.pid = self._process.pid
        threading.Thread(target=self._watch, name="nb2prod-step", daemon=True).start()

    def end(self, grace: float) -> None:
        """It returns at once; `ended` comes when all that was found of it is gone."""
        self._end("killed", grace)

    def _end(self, reason: str, grace: float) -> None:
        if not self._reason:
            self._reason = reason
            self._signal(signal.SIGINT if grace else signal.SIGKILL)
        self._ends = min(self._ends, time.monotonic() + grace)
        self._asked.set()

    def _watch(self) -> None:
        while self._process.poll() is None:
            self._look()
            if time.monotonic() >= self._ends:
                self._signal(signal.SIGKILL)
            self._asked.wait(_LOOK) if not self._reason else time.sleep(0.02)
        code = self._process.wait()
        self._end_all()
        self.ending = Ending(
            code=max(code, 0),
            signal=max(-code, 0),
            reason=self._reason or ("killed" if code < 0 else "exited"),
            memory=self._peak,
        )
        self.ended.happen()

    def _look(self) -> None:
        used = 0
        with contextlib.suppress(psutil.Error):
            step = psutil.Process(self.pid)
            for each in (step, *step.children(recursive=True)):
                self._found[each.pid] = each
                used += each.memory_info().rss
        self._peak = max(self._peak, used)
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._end("deadline", _GRACE)
        elif self._memory and used > self._memory:
            self._end("memory", 0.0)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _end_all(self) -> None:
        self._signal(signal.SIGKILL)
        left = [each for each in self._found.values() if each.pid != self.pid]
        for each in left:
            with contextlib.suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(left, 5)
