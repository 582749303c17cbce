"""Whether one more step fits beside those that run: cores, and the memory that it may take or took before."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nb2prod.runtime.files import read_json
from nb2prod.runtime.steps.calls import StepCall, Ticket

__all__ = ["Room", "cores", "free_memory", "peaks_of"]


@dataclass(kw_only=True)
class Room:
    """`jobs` are steps of one core; `memory` is in bytes. `peaks` has what a step took last, by its name.

    Where nothing runs anything fits, so that a step which needs more than there is runs alone.
    """

    jobs: int
    memory: int
    peaks: dict[str, int] = field(default_factory=dict)
    _taken: dict[Ticket, tuple[int, int]] = field(default_factory=dict)

    def fits(self, call: StepCall) -> bool:
        if not self._taken:
            return True
        cpus, memory = self._need(call)
        return (
            cpus + sum(taken for taken, _ in self._taken.values()) <= self.jobs
            and memory + sum(taken for _, taken in self._taken.values()) <= self.memory
        )

    def take(self, call: StepCall) -> None:
        self._taken[call.ticket] = self._need(call)

    def leave(self, ticket: Ticket, peak: int) -> None:
        self._taken.pop(ticket, None)
        if peak:
            self.peaks[ticket.step] = peak

    def __len__(self) -> int:
        return len(self._taken)

    def _need(self, call: StepCall) -> tuple[int, int]:
        return min(call.cpus or 1, self.jobs), call.memory or self.peaks.get(call.step, 0)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that can be had without swapping, by the machine and by our control group."""
    import psutil

    return min([int(psutil.virtual_memory().available), *_left_in_group()])


def peaks_of(runs: Path) -> dict[str, int]:
    """What each step took in the latest run of which there is a record."""
    for record in sorted(runs.glob("*/run.json"), reverse=True)[:1]:
        with contextlib.suppress(TypeError, AttributeError):
            return {step["name"]: peak for step in read_json(record, dict).get("steps", ()) if (peak := _peak(step))}
    return {}


def _peak(step: Mapping[str, object]) -> int:
    peak = step.get("peak_memory_bytes")
    return peak if isinstance(peak, int) else 0


def _left_in_group() -> list[int]:
    """Of a control group (v2) with a limit."""
    with contextlib.suppress(OSError, ValueError):
        own = Path("/proc/self/cgroup").read_text(encoding="ascii").strip().rpartition("::")[2].lstrip("/")
        group = Path("/sys/fs/cgroup") / own
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
        return [max(0, limit - used)]
    return []
