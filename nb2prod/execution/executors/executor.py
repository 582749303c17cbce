"""What an executor is, and how one is opened by name.

    Executor.submit(run, attempt) → a supervisor of its own process, which reads and writes the store
    Executor.ended()              → attempts whose supervisor is gone, however it went

An executor knows nothing of how runs end: that is in the store, and stays the truth.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast

import nb2prod.execution.executors
from nb2prod.errors import Nb2ProdError
from nb2prod.plugins import find_plugins

SUPERVISOR = "nb2prod.execution.supervisor"


class UnknownExecutor(Nb2ProdError):
    def __init__(self, name: str, known: list[str]) -> None:
        close = difflib.get_close_matches(name, known, n=1)
        there = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
        super().__init__(f"no executor is called {name!r}; {there}")


class ExecutorNotReady(Nb2ProdError):
    """It cannot take runs now; they stay queued."""

    exit_code = 7


class AttemptState(StrEnum):
    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Ended:
    """An attempt whose supervisor is gone; `how` is for a person to read."""

    run_id: str
    attempt: int
    how: str


def _nobody() -> None:
    """Nobody waits for a change."""


@dataclass(frozen=True, kw_only=True)
class ExecutorOrder:
    """What an executor is opened for.

    address:    of a cluster
    supervisor: the module with `supervise(store_url, run_id, attempt) -> exit code`, which also runs by `python -m`
    changed:    called from any thread when an attempt has ended
    """

    store_url: str
    jobs: int
    address: str = ""
    supervisor: str = SUPERVISOR
    changed: Callable[[], None] = _nobody


class Executor(Protocol):
    def submit(self, run_id: str, attempt: int) -> None:
        """Start it, once however often this is asked. ExecutorNotReady: not started, and not going to be."""

    def poll(self, run_id: str, attempt: int) -> AttemptState: ...

    def ended(self) -> list[Ended]:
        """Those that ended since this was asked last."""

    def cancel(self, run_id: str, attempt: int) -> None:
        """Best effort: what counts is `cancel_requested` in the store, which the supervisor sees by itself."""

    def capacity(self) -> int:
        """How many more it takes now."""

    def close(self) -> None:
        """Let go of it; what runs goes on."""


class ExecutorKind(Protocol):
    """A `PLUGIN`."""

    name: str
    summary: str

    def open(self, order: ExecutorOrder) -> Executor: ...


def executor_kinds() -> dict[str, ExecutorKind]:
    found = cast(tuple[ExecutorKind, ...], find_plugins(nb2prod.execution.executors, "nb2prod.executors"))
    return {kind.name: kind for kind in found}


def open_executor(name: str, order: ExecutorOrder) -> Executor:
    kinds = executor_kinds()
    if name not in kinds:
        raise UnknownExecutor(name, sorted(kinds))
    return kinds[name].open(order)
