"""Faults that a test asks for: what goes wrong in production, at a step and a try of one's choosing.

    NB2PROD_FAULTS = STEP:KIND[=VALUE][,times=N] {; ...}           "train:raise=OSError,times=2; load:hang"

STEP is a step's name, or * for each. `times=2` has the first two tries fail, which the number of the try tells in every
process; without it all do. Only imported when the variable is set.
"""

import importlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn  # Any: whatever keeps artifacts

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.quantities import size

__all__ = ["VARIABLE", "Fault", "faulty", "inject", "parse"]

VARIABLE = "NB2PROD_FAULTS"
_BLOCK = 32_000_000
_FOREVER = 10.0**9
_WRITES = {"put", "put_value", "put_sized", "put_text", "add"}
_READS = {"get", "get_value", "get_text", "entries", "size"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`times` is None for one that always comes."""

    step: str
    kind: str
    value: str = ""
    times: int | None = None

    def comes(self, step: str, attempt: int) -> bool:
        """A step that is called again is `score-2`, and meets what is asked for `score` too."""
        return self.step in ("*", step, step.rpartition("-")[0]) and (self.times is None or attempt <= self.times)


def inject(step: str, attempt: int) -> None:
    """Do what the variable asks for at this step and try. Raises ProjectError for what it does not understand."""
    for fault in parse(os.environ.get(VARIABLE, "")):
        if fault.comes(step, attempt) and fault.kind in _KINDS:
            _KINDS[fault.kind](fault.value)


def faulty(artifacts: Any, step: str, attempt: int) -> Any:
    """The artifacts as this try of the step finds them: with a full disk, or out of reach, when that was asked for."""
    asked = {fault.kind for fault in parse(os.environ.get(VARIABLE, "")) if fault.comes(step, attempt)}
    if "store" in asked:
        return _Faulty(artifacts, _WRITES | _READS, lambda: ConnectionError("the artifacts cannot be reached"))
    if "disk" in asked:
        return _Faulty(artifacts, _WRITES, lambda: OSError(28, "No space left on device"))
    return artifacts


def parse(text: str) -> tuple[Fault, ...]:
    """Raises ProjectError."""
    return tuple(_fault(part.strip()) for part in text.split(";") if part.strip())


def _fault(text: str) -> Fault:
    step, colon, rest = text.partition(":")
    about, *options = (part.strip() for part in rest.split(","))
    kind, _, value = about.partition("=")
    if not colon or not step or not kind:
        _refuse(text, "it is not STEP:KIND")
    if kind not in _KINDS and kind not in _AT_STORE:
        _refuse(text, f"there is no kind '{kind}'; the kinds are {', '.join(sorted({*_KINDS, *_AT_STORE}))}")
    try:
        _CHECKS.get(kind, _nothing)(value)
    except ValueError as error:
        _refuse(text, f"{kind}: {error}")
    return Fault(step=step, kind=kind, value=value, times=_times(text, options))


def _times(text: str, options: list[str]) -> int | None:
    times = None
    for option in options:
        name, _, value = option.partition("=")
        if name != "times" or not value.isdigit() or int(value) < 1:
            _refuse(text, f"'{option}' is not times=N with N of 1 or more")
        times = int(value)
    return times


def _refuse(text: str, why: str) -> NoReturn:
    raise ProjectError(f"{VARIABLE}: '{text}': {why}")


def _raise(value: str) -> None:
    name, _, said = value.partition(":")
    module, _, last = name.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module or "builtins"), last)
    except (ImportError, AttributeError) as error:
        raise ProjectError(f"{VARIABLE}: there is no exception {name} ({error})") from error
    raise kind(said or "an injected fault")


def _hang(value: str) -> None:
    time.sleep(float(value) if value else _FOREVER)


def _hold_interpreter(_: str) -> None:
    """One call of C that never ends and lets no other thread and no signal's handler in."""
    from collections import deque
    from itertools import repeat

    deque(repeat(None), maxlen=0)


def _exit(value: str) -> None:
    os._exit(int(value))


def _kill(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(_FOREVER)


def _take_memory(value: str) -> None:
    """Until something stops it; the machine itself is spared when nothing does."""
    most = size(value) if value else _free() * 3 // 4
    blocks = []
    for _ in range(most // _BLOCK + 1):
        blocks.append(b"\1" * _BLOCK)
        time.sleep(0.002)
    raise MemoryError(f"nothing stopped it at {len(blocks) * _BLOCK} bytes")


def _free() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return 1_000_000_000


def _terminate(_: str) -> None:
    """As a scheduler or a container ends a process."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_FOREVER)


def _named(value: str) -> None:
    if not all(part.isidentifier() for part in value.partition(":")[0].split(".")):
        raise ValueError(f"{value!r} is not CLASS or CLASS:TEXT")


def _nothing(value: str) -> None:
    if value:
        raise ValueError(f"it takes no value, and was given {value!r}")


def _seconds(value: str) -> None:
    if value and not float(value) >= 0:
        raise ValueError(f"{value!r} is not a number of seconds")


_KINDS: Mapping[str, Callable[[str], None]] = {
    "raise": _raise,
    "hang": _hang,
    "gil": _hold_interpreter,
    "exit": _exit,
    "kill": _kill,
    "memory": _take_memory,
    "term": _terminate,
}
_AT_STORE = {"disk", "store"}
_CHECKS: Mapping[str, Callable[[str], object]] = {
    "raise": _named,
    "hang": _seconds,
    "exit": int,
    "memory": lambda value: size(value) if value else None,
}


class _Faulty:
    """Artifacts whose `methods` fail."""

    def __init__(self, artifacts: Any, methods: set[str], error: Callable[[], OSError]) -> None:
        self._artifacts, self._methods, self._error = artifacts, methods, error

    def __getattr__(self, name: str) -> Any:
        if name in self._methods:
            raise self._error()
        return getattr(self._artifacts, name)
