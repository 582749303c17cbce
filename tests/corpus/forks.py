"""Processes that need not import the libraries: forked from one that has, and that never ran code of a notebook."""

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil  # ipykernel brings it

from nb2prod.runtime.proof.capture import ENVIRONMENT

LIBRARIES = (
    "IPython.display",
    "matplotlib.pyplot",
    "scipy.stats",
    "sklearn.datasets",
    "sklearn.ensemble",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "statsmodels.api",
    "statsmodels.formula.api",
    "ipykernel.kernelapp",
    "matplotlib_inline.backend_inline",
    "nbclient",
    "nb2prod.api.convert",
    "nb2prod.api.tag",
    "nb2prod.verify.run",
)
SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
Outcome = tuple[str, str]


def prepare(environment: Mapping[str, str] = os.environ) -> None:
    """Begin again with the environment that captures need, then import."""
    wanted = {**SINGLE, **ENVIRONMENT}
    if any(environment.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**environment, **wanted})
    for name in LIBRARIES:
        importlib.import_module(name)
    del os.environ["MPLBACKEND"]  # kernels have a backend of their own


def in_fork(work: Callable[[], None], log: Path, timeout: float | None) -> int | None:
    """The exit code of a child that does the work; None when it took too long: then it ends with all that it began."""
    child = os.fork()
    if child == 0:
        _run(work, log)
    ends = time.monotonic() + timeout if timeout else None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if ends and time.monotonic() > ends:
            end_tree(child)
            os.waitpid(child, 0)
            return None
        time.sleep(0.05)


def _run(work: Callable[[], None], log: Path) -> None:
    code = 1
    try:
        os.setsid()
        with log.open("ab") as file:
            for descriptor in (1, 2):
                os.dup2(file.fileno(), descriptor)
        work()
        code = 0
    finally:
        os._exit(code)


def end_tree(pid: int) -> None:
    parent = psutil.Process(pid)
    for process in (*parent.children(recursive=True), parent):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


class Launcher:
    """Launches steps for IsolatedSteps, each a fork of a process as it is when this is made, in its folder."""

    def __init__(self) -> None:
        (asked, self._asks), (self._told, tells) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._asks)
            os.close(self._told)
            _serve(asked, tells)
        os.close(asked)
        os.close(tells)

    def __call__(self, place: Path) -> int:
        os.write(self._asks, f"{place}\n".encode())
        told = b""
        while not told.endswith(b"\n"):
            part = os.read(self._told, 64)
            if not part:
                return -signal.SIGKILL
            told += part
        return int(told)


def _serve(asked: int, tells: int) -> None:
    from nb2prod.runtime.proof.isolated import main

    with os.fdopen(asked) as lines:
        for line in lines:
            child = os.fork()
            if child == 0:
                try:
                    os._exit(main([line.rstrip("\n")]))
                finally:
                    os._exit(99)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            os.write(tells, f"{code}\n".encode())
    os._exit(0)
