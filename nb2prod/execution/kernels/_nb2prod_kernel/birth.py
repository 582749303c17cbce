"""What a process becomes before it is a kernel: its folder, environment, limits, streams and marks."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from typing import Any

__all__ = ["become", "leave", "mark", "report", "set_child_subreaper"]

_PDEATHSIG, _SUBREAPER = 1, 36  # of prctl(2)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BLIS_NUM_THREADS")


def become(order: dict[str, Any], streams: list[int], keeper: int) -> None:
    """A session of its own, which dies with its keeper. Raises OSError when the folder is not there."""
    os.setsid()
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:  # it ended before we asked to be told
        os._exit(1)
    _restore_signals()
    os.chdir(order["cwd"])
    _limit(order)
    _connect(streams)


def _restore_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _limit(order: dict[str, Any]) -> None:
    os.umask(order.get("umask", 0o022))
    for name, (soft, hard) in order.get("rlimits", {}).items():
        _set_limit(getattr(resource, name, None), soft, hard)
    if order.get("cpu_seconds"):
        seconds = max(1, round(order["cpu_seconds"]))
        _set_limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    if order.get("nice"):
        with contextlib.suppress(OSError):
            os.nice(max(0, order["nice"] - os.nice(0)))
    if order.get("cpus"):
        _use(order["cpus"], order["env"])


def _set_limit(which: int | None, soft: int, hard: int) -> None:
    if which is None:
        return
    ceiling = resource.getrlimit(which)[1]
    if ceiling != resource.RLIM_INFINITY:
        hard = ceiling if hard == resource.RLIM_INFINITY else min(hard, ceiling)
        soft = hard if soft == resource.RLIM_INFINITY else min(soft, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (soft, hard))


def _use(count: int, env: dict[str, str]) -> None:
    """So many of the processors that it may use, and as many threads in libraries that would take all."""
    allowed = sorted(os.sched_getaffinity(0))
    first = os.getpid() % len(allowed)  # kernels beside one another use others
    os.sched_setaffinity(0, (allowed + allowed)[first : first + min(count, len(allowed))])
    for name in _THREADS:
        env.setdefault(name, str(count))


def _connect(streams: list[int]) -> None:
    """Nothing on stdin, and the given descriptors as stdout and stderr."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for target, source in enumerate((nothing, *(streams or (nothing, nothing)))):
        os.dup2(source, target)
    for descriptor in {nothing, *streams} - {0, 1, 2}:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def set_child_subreaper() -> None:
    _prctl(_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) was refused")


def leave() -> None:
    """Be nobody's child: who started us shall not have to wait for us."""
    if os.fork():
        os._exit(0)
    with contextlib.suppress(PermissionError):
        os.setsid()


def mark(values: dict[str, str]) -> None:
    """Write variables over those of the same name that this process was executed with.

    What others see of a process (/proc/PID/environ) is that memory, which a fork keeps. A value that does not fit is
    not written.
    """
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        with open("/proc/self/environ", "rb") as file:
            there = file.read()
    except OSError:
        return
    start = int(fields[47])  # env_start, the 50th field
    for name, value in values.items():
        prefix = os.fsencode(name) + b"="
        place = 0 if there.startswith(prefix) else there.find(b"\0" + prefix) + 1
        if not there[place:].startswith(prefix):
            continue
        room = there.index(b"\0", place) - place
        text = prefix + os.fsencode(value)
        if len(text) <= room:
            ctypes.memmove(start + place, text.ljust(room, b"\0"), room)


def report(problem: BaseException) -> str:
    """Why a kernel could not start, in a line."""
    return f"{type(problem).__name__}: {problem}"
