"""One call in a process of its own, forked from the warm server or a fresh interpreter, under a keeper.

Where there are no keepers it is a fresh one that is watched from here.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any  # JSON

from nb2prod.execution.kernels import order as kernels
from nb2prod.execution.kernels.keeping import inherited, keep, streams_here
from nb2prod.execution.kernels.leash import Leash
from nb2prod.execution.steps.plain import PlainProcess
from nb2prod.execution.steps.verdict import Seen, verdict
from nb2prod.execution.steps.warm import Unfit, WarmProject
from nb2prod.runtime.steps.calls import Outcome, StepCall

__all__ = ["KEEPERS", "Guarded", "command_of"]

KEEPERS = sys.platform == "linux"
# seconds in which a step with a deadline may read its inputs, and keep its results; the deadline is for its own lines
_AROUND, _AROUND_PLAINLY = 3600.0, 30.0  # the second where nobody tells when those begin
_NOBODY = kernels.Ending(signal=9, reason="killed")


class Guarded:
    """`done` is called once, from another thread, when nothing of it is left."""

    def __init__(
        self,
        call: StepCall,
        warm: WarmProject,
        done: Callable[["Guarded", Outcome], None],
        *,
        fresh: bool = False,
        kept: bool = KEEPERS,
        host: str = "",
    ) -> None:
        self.call, self.host = call, host or socket.gethostname()
        self._warm, self._done, self._fresh, self._kept = warm, done, fresh or not kept, kept
        self._lock = threading.Lock()
        self._leash: Leash | PlainProcess | None = None
        self._is_cancelled = False
        self._began = time.monotonic()
        self._begin()

    def cancel(self, grace: float) -> None:
        """INT, after half the grace TERM, then KILL, to all that it started."""
        with self._lock:
            self._is_cancelled, leash = True, self._leash
        if leash is not None:
            leash.end(grace)

    def _begin(self) -> None:
        begin = self._begin_fresh if self._fresh else self._begin_forked
        try:
            begin()
        except (OSError, subprocess.SubprocessError) as error:
            self._finish(Seen(ending=_NOBODY, failure=f"{type(error).__name__}: {error}"), None)

    def _begin_forked(self) -> None:
        answer = _nameless()
        try:
            connection = self._warm.fork(answer.fileno())
        except Unfit:
            answer.close()
            self._begin_fresh()
            return
        leash = Leash(connection, self._order(call=self.call.to_json()), streams_here())
        self._hold(leash)

        def end() -> None:
            with answer:
                answer.seek(0)
                text = answer.read().decode("utf-8", "replace")
            if not leash.pid and not self._is_cancelled:  # its server died before it had forked
                self._begin()
                return
            self._finish(self._seen(leash, text), leash)

        leash.ended.tell(end)

    def _begin_fresh(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="nb2prod-step-"))
        file = folder / "call.json"
        file.write_text(self.call.to_json(), encoding="utf-8")
        order = self._order(argv=command_of(self._warm.wanted.worker, file))
        leash = self._hold(keep(order, streams_here()) if self._kept else PlainProcess(order, streams_here()))

        def end() -> None:
            text = ""
            with contextlib.suppress(OSError):
                text = Path(f"{file}.answer").read_text(encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            self._finish(self._seen(leash, text), leash)

        leash.ended.tell(end)

    def _order(self, **more: Any) -> dict[str, Any]:
        call = self.call
        around = _AROUND if self._kept else _AROUND_PLAINLY + (call.timeout or 0)
        return {
            "cwd": call.workdir or str(Path.cwd()),
            "env": self._environment(),
            **inherited(),
            "memory": call.memory,
            "cpus": call.cpus,
            "deadline": None if call.timeout is None else around,
            "phases": self._kept,
            **more,
        }

    def _environment(self) -> Mapping[str, str]:
        """By a mark that is there already whoever runs the runner finds what is left."""
        return {"NB2PROD_RUN": self.call.run, **self._warm.environment}

    def _hold(self, leash: Leash | PlainProcess) -> Leash | PlainProcess:
        with self._lock:
            self._leash, is_cancelled = leash, self._is_cancelled
        if is_cancelled:
            leash.end(0)
        return leash

    def _seen(self, leash: Leash | PlainProcess, text: str) -> Seen:
        return Seen(ending=leash.ending or _NOBODY, text=text, failure=leash.failure, is_cancelled=self._is_cancelled)

    def _finish(self, seen: Seen, leash: Leash | PlainProcess | None) -> None:
        answer, ending = verdict(self.call, seen)
        outcome = Outcome(
            ticket=self.call.ticket,
            answer=answer,
            ending=ending,
            host=self.host,
            pid=leash.pid if leash else 0,
            seconds=time.monotonic() - self._began,
            memory=seen.ending.memory,
            cpu=seen.ending.cpu,
            moved=int(answer.measured.get("moved_bytes", 0)) if answer else 0,
        )
        self._done(self, outcome)


def command_of(worker: str, file: Path) -> list[str]:
    flags: list[str] = getattr(subprocess, "_args_from_interpreter_flags")()  # noqa: B009 - as multiprocessing does
    return [sys.executable, *flags, "-P", "-m", worker, str(file)]


def _nameless() -> Any:
    """A file that is gone with whoever has it open."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("nb2prod-answer"), "r+b")  # noqa: PTH123 - of a descriptor
    return tempfile.TemporaryFile()
