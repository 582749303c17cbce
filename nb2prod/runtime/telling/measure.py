"""What a step costs and what goes in and out of it."""

import os
import re
import sys
import time
from collections.abc import Mapping
from typing import Any  # a step's values

from nb2prod.runtime.listening import as_number
from nb2prod.runtime.telling.profile import SECRET, described, shape_of

__all__ = ["Clock", "describe", "in_words", "inputs_of", "numbers_in", "outputs_of", "shown"]


class Clock:
    """Wall time, CPU time of the process, and its peak memory since the clock was made, where the system tells."""

    def __init__(self) -> None:
        _reset_peak()
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def elapsed(self) -> float:
        return time.perf_counter() - self.wall

    def read(self) -> dict[str, object]:
        return {
            "seconds": round(self.elapsed(), 6),
            "cpu_seconds": round(time.process_time() - self.cpu, 6),
            "peak_memory_bytes": _peak(),
        }


def inputs_of(function: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
    """The arguments by name."""
    code = getattr(function, "__code__", None)
    names = code.co_varnames[: code.co_argcount] if code else ()
    rest = (f"argument_{number}" for number in range(len(names) + 1, len(args) + 1))
    return {**dict(zip((*names, *rest), args, strict=False)), **kwargs}


def outputs_of(function: Any, result: object) -> dict[str, object]:
    """A step that gives several values gives a NamedTuple of its own module."""
    if result is None:
        return {}
    fields = getattr(type(result), "_fields", None)
    if isinstance(result, tuple) and fields and type(result).__module__ == getattr(function, "__module__", ""):
        return dict(zip(fields, result, strict=True))
    return {"result": result}


def describe(values: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """What goes in or comes out: types, shapes, and of tables each column with its distribution (see profile.py)."""
    return described(values)


def shown(values: Mapping[str, object]) -> str:
    """The values in a line: the shapes of tables, and what is small enough to read."""
    return ", ".join(f"{name} {_shown(name, value)}" for name, value in values.items())


def in_words(described: Mapping[str, Any]) -> str:
    """What `describe` has told of a value: DataFrame 400 x 5."""
    size = " x ".join(map(str, described.get("shape", ()))) or (
        f"of {described['length']}" if "length" in described else ""
    )
    return f"{described.get('type', '')} {size}".strip()


def numbers_in(values: Mapping[str, object], names: tuple[str, ...]) -> dict[str, float]:
    """Those of the names that are numbers; a step of one output may have it under no name."""
    if len(names) == 1 and list(values) == ["result"]:
        values = {names[0]: values["result"]}
    found = {name: as_number(values[name]) for name in names if name in values}
    return {name: number for name, number in found.items() if number is not None}


def _shown(name: str, value: object) -> str:
    shape = shape_of(value)
    if shape is not None:
        return f"{type(value).__name__} {' x '.join(map(str, shape)) or 'of no dimension'}"
    if SECRET.search(name):
        return f"= ({type(value).__name__}, not shown)"
    if isinstance(value, (bool, int, float, str, type(None))):
        text = repr(value)
        return f"= {text if len(text) <= 60 else text[:57] + '...'}"
    length = f" of {len(value)}" if isinstance(value, (list, tuple, dict, set, frozenset)) else ""
    return f"{type(value).__name__}{length}"


def _reset_peak() -> None:
    """Linux forgets the peak when told; elsewhere the peak is that of the process."""
    try:
        descriptor = os.open("/proc/self/clear_refs", os.O_WRONLY)
    except OSError:
        return
    try:
        os.write(descriptor, b"5")
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _peak() -> int:
    try:
        with open("/proc/self/status", "rb") as file:  # noqa: PTH123
            found = re.search(rb"VmHWM:\s+(\d+) kB", file.read())
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
