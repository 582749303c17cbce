"""The processes below one: who they are, what memory they hold, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator

__all__ = ["below", "children", "exact_memory", "memory", "reap", "send"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_LISTED = os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def below(pid: int) -> list[int]:
    """All descendants, parents first."""
    table = None if _LISTED else _children_by_parent()
    found = [pid]
    for one in found:  # the list grows while it is walked
        found.extend(children(one) if table is None else table.get(one, ()))
    return found[1:]


def children(pid: int) -> Iterator[int]:
    if not _LISTED:
        yield from _children_by_parent().get(pid, ())
        return
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                yield from map(int, _read(f"/proc/{pid}/task/{task}/children").split())


def _children_by_parent() -> dict[int, list[int]]:
    table: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                parent = int(_read(f"/proc/{name}/stat").rpartition(b")")[2].split()[1])
                table.setdefault(parent, []).append(int(name))
    return table


def memory(pids: Iterable[int]) -> int:
    """Bytes in memory; pages that several share count for each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE
    return total


def exact_memory(pids: Iterable[int]) -> int:
    """Bytes in memory; shared pages count once. Slow for a large process."""
    total = 0
    for pid in pids:
        try:
            lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith((b"Pss:", b"SwapPss:")))
    return total


def send(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)
            if number == signal.SIGTERM:
                os.kill(pid, signal.SIGCONT)  # a stopped process does not hear TERM


def reap(ours: set[int]) -> bool:
    """Take those of our own children that have ended out of the set; whether there were any. Whatever came to this
    process because its keeper was killed is ended."""
    some = False
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            some = some or pid in ours
            ours.discard(pid)
    for stray in [pid for pid in children(os.getpid()) if pid not in ours]:
        send([*reversed(below(stray)), stray], signal.SIGKILL)
    return some


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
