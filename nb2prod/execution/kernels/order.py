"""What a kernel is to be, and how it ended."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Ending", "KernelNotStarted", "KernelOrder"]


@dataclass(frozen=True, kw_only=True)
class KernelOrder:
    """`python`: the one of an environment with ipykernel, unless `kernel_name` names a kernelspec.

    `env` is the whole environment of the kernel. `memory` in bytes, of the kernel and all that it starts;
    `cpu_seconds` of each process; `cpus` that it may use; `deadline` in seconds from the start, held by the kernel's
    keeper alone; `start`: seconds that the kernel may take until it listens.
    """

    python: str = sys.executable
    kernel_name: str = ""
    cwd: str = "."
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    memory: int | None = None
    cpu_seconds: float | None = None
    cpus: int | None = None
    deadline: float | None = None
    start: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a kernel ended. `reason`:

    exited    by itself, with `code`: a shutdown that was asked for, or `os._exit` in a cell
    killed    by `signal`: ours, the user's or a crash
    memory    over its limit, or the machine had none left
    deadline  the order's
    closed    whoever ordered it is gone

    `memory` (the peak, in bytes) and `cpu` (seconds) are of the kernel and all that it started; 0 until all is gone.
    """

    code: int = 0
    signal: int = 0
    reason: str = "exited"
    memory: int = 0
    cpu: float = 0.0


class KernelNotStarted(RuntimeError):
    """A RuntimeError, as jupyter_client raises for it."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"the kernel of {what} did not start: {reason}")
        self.what, self.reason = what, reason
