"""A run in the foreground: claimed by this process, supervised by a child, tried again as its definition says."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NoReturn

from nb2prod.execution import supervisor
from nb2prod.execution.attempt import InPlace
from nb2prod.execution.following import Screen
from nb2prod.execution.recovery import clear_away
from nb2prod.model.job import Failure, FailureKind, Run, RunStatus
from nb2prod.store import Store, Superseded

__all__ = ["run_here"]

_LEASE = 20.0
_LOOK = 0.2


def run_here(
    store: Store,
    run: Run,
    folder: Path,
    progress: Callable[[str], None],
    in_place: InPlace | None = None,
    screen: Screen | None = None,
) -> tuple[Run, Path]:
    """The run at its end, and the folder of its last attempt: `folder`, then beside it `folder.2` and so on.

    `in_place`: a project's run, whose output passes through; by the `screen` when there is one.
    """
    with _Signals() as signals:
        while True:
            claimed = _claim(store, run, progress, signals)
            if claimed is None:
                return store.run(run.id), folder
            place = folder if claimed.attempt == 1 else folder.with_name(f"{folder.name}.{claimed.attempt}")
            if screen is not None and in_place is not None:
                screen.follow(place, in_place.project)
            code = _supervised(store, _command(claimed, place, in_place), progress, signals, screen)
            run = _after(store, claimed, place, code)
            if run.status is not RunStatus.QUEUED or signals.came:
                return run, place
            told = run.failure.message if run.failure else "it failed"
            progress(f"attempt {run.attempt}: {told}; it is tried again")


def _claim(store: Store, run: Run, progress: Callable[[str], None], signals: "_Signals") -> Run | None:
    """None: somebody else has it, it was cancelled, or we were interrupted while it waited."""
    told = False
    while not signals.came:
        claimed = store.claim(f"nb2prod run {socket.gethostname()}:{os.getpid()}", lease=_LEASE, run_id=run.id)
        if claimed:
            return claimed[0]
        now = store.run(run.id)
        if now.status is not RunStatus.QUEUED:
            return None
        if not told and now.not_before is None:
            progress(f"run {run.id} waits for room in pool {now.pool!r}")
            told = True
        time.sleep(_LOOK)
    store.cancel(run.id, "Ctrl-C")
    return None


def _command(run: Run, folder: Path, in_place: InPlace | None) -> list[str]:
    """-P: a module in this folder is not one of the supervisor's."""
    command = [sys.executable, "-P", "-m", "nb2prod.execution.supervisor", "", run.id, str(run.attempt)]
    command += ["--folder", str(folder), "--tied"]
    if in_place is not None:
        command += ["--project", str(in_place.project)]
        command += ["--words", *in_place.words]
    return command


def _supervised(
    store: Store, command: list[str], progress: Callable[[str], None], signals: "_Signals", screen: Screen | None
) -> int:
    """The child ends when its stdin does: with this process, however that ends."""
    if threading.active_count() == 1 and "--project" not in command:
        return _forked(store, command, progress, signals)
    is_project = "--project" in command
    is_shown = is_project and screen is not None
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if not is_project or (is_shown and sys.stdout.isatty()) else None,
        stderr=subprocess.PIPE if is_shown else None,
        text=True,
        errors="backslashreplace",
        start_new_session=True,
        env={**os.environ, "NB2PROD_STORE": store.url},  # not an argument, which everybody may read
    ) as child:
        tells = {child.stdout: progress}
        if is_shown and screen is not None:
            tells = {
                child.stdout: partial(screen.show, is_error=False),
                child.stderr: partial(screen.show, is_error=True),
            }
        readers = [
            threading.Thread(target=_pass_on, args=(stream, tell), daemon=True)
            for stream, tell in tells.items()
            if stream
        ]
        for reader in readers:
            reader.start()
        signals.pass_to(child.pid)
        code = child.wait()
        signals.pass_to(0)
        for reader in readers:
            reader.join()
    return code


def _forked(store: Store, command: list[str], progress: Callable[[str], None], signals: "_Signals") -> int:
    """With all that is imported here already: half a second less."""
    sys.stdout.flush()
    sys.stderr.flush()
    url = store.url
    store.close()  # a database's connection must not cross; ours opens another when it is needed
    (stdin, held), (lines, stdout) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        _become_supervisor(command[4:], url, stdin, stdout, (held, lines))
    os.close(stdin)
    os.close(stdout)
    signals.pass_to(pid)
    with os.fdopen(lines) as told:
        _pass_on(told, progress)
    _, status = os.waitpid(pid, 0)
    signals.pass_to(0)
    os.close(held)
    return os.waitstatus_to_exitcode(status)


def _become_supervisor(arguments: list[str], url: str, stdin: int, stdout: int, others: tuple[int, ...]) -> NoReturn:
    code = FailureKind.INTERNAL.exit_code
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        for descriptor in (stdin, stdout, *others):
            os.close(descriptor)
        os.environ["NB2PROD_STORE"] = url
        code = supervisor.main(arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _pass_on(lines: Iterable[str], progress: Callable[[str], None]) -> None:
    for line in lines:
        progress(line.rstrip("\n"))


def _after(store: Store, run: Run, folder: Path, code: int) -> Run:
    """The child has told the store how it ended, unless it was killed."""
    now = store.run(run.id)
    if now.status is not RunStatus.RUNNING or now.attempt != run.attempt:
        return now
    with contextlib.suppress(OSError):
        clear_away(folder, run.id, run.attempt)
    failure = Failure(kind=FailureKind.LOST, message=f"its supervisor ended with code {code}")
    try:
        return store.finish(run.id, run.attempt, RunStatus.FAILED, failure)
    except Superseded:
        return store.run(run.id)


class _Signals:
    """Ctrl-C and TERM go to the child, which keeps the outputs so far; the third one kills it."""

    def __init__(self) -> None:
        self.came = 0
        self._child = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> "_Signals":
        if threading.current_thread() is threading.main_thread():  # no other may ask for signals
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def pass_to(self, child: int) -> None:
        """0: there is none."""
        self._child = child
        if self.came and child:
            self._send(signal.SIGTERM)

    def _handle(self, number: int, _frame: object) -> None:
        self.came += 1
        if self._child:
            self._send(number if self.came < 3 else signal.SIGKILL)

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, number)
