"""A process under a keeper of its own, started cold, and what such a process has from this one."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

from nb2prod.execution.kernels.environment import SERVED
from nb2prod.execution.kernels.leash import Leash

__all__ = ["inherited", "keep", "streams_here"]

_LIMITS = ("RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_STACK", "RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NPROC")


def keep(order: Mapping[str, object], streams: Sequence[int]) -> Leash:
    """`order` is the keeper's (see _nb2prod_kernel/keeper.py); `streams` become its stdout and stderr."""
    ours, theirs = socket.socketpair()
    # -S and -I: it needs the standard library alone, and starts in a few milliseconds
    command = [sys.executable, "-I", "-S", str(SERVED), "keep"]
    with theirs:
        subprocess.run(command, stdin=theirs.fileno(), cwd="/", start_new_session=True, check=True)
    return Leash(ours, order, streams)


def inherited() -> dict[str, object]:
    """What a child of this process would have: it may be forked from another."""
    umask = os.umask(0o022)
    os.umask(umask)
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in _LIMITS if hasattr(resource, name)}
    return {"umask": umask, "nice": os.nice(0), "rlimits": limits}


def streams_here() -> list[int]:
    """This process's stdout and stderr, when it has them: what a kept process writes is seen while it runs."""
    try:
        os.fstat(1)
        os.fstat(2)
    except OSError:
        return []
    return [1, 2]
