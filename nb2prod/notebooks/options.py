"""Policy of a step, from the metadata of its cells, checked."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from nb2prod.errors import InvalidOption
from nb2prod.model.notebook import StepOptions

__all__ = ["read_options"]

_ENDLESS = 10**15  # seconds or cores; what is more has no meaning, and may be no float
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def read_options(where: str, given: Mapping[str, Any], cells: Mapping[str, int]) -> StepOptions:
    """The options, all of known names and types. Raises InvalidOption with the place `where`, and of `cells`, which say
    the options, the one that is wrong."""
    unknown = sorted(set(given) - set(_READERS))
    if unknown:
        reason = f"no option is called {unknown[0]!r}; the options are {', '.join(_READERS)}"
        raise InvalidOption(where, reason, cells[unknown[0]])
    told = {name: value for name, value in given.items() if value is not None}
    return StepOptions(**{name: _read(where, name, value, cells[name]) for name, value in told.items()})


def _read(where: str, name: str, value: Any, cell: int) -> Any:
    expected, reader = _READERS[name]
    found = reader(value)
    if found is None:
        raise InvalidOption(where, f"the option {name!r} is {value!r}, and must be {expected}", cell)
    return found


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _positive(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _ENDLESS:
        return None
    return value


def _switch(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _cores(value: Any) -> float | None:
    """Kubernetes' notation as well: "500m" is half a core."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}m", value):
        return _positive(int(value[:-1]) / 1000)
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}(\.\d{1,15})?", value):
        return _positive(float(value))
    return _positive(value)


def _bytes(value: Any) -> int | None:
    """A number of bytes, or Kubernetes' notation: "2Gi", "500M"."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]i?)?b?", value.strip().lower())
        return int(float(match.group(1)) * _UNITS[match.group(2) or ""]) or None if match else None
    return _whole(value) or None


_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "retries": ("a whole number, 0 or more", _whole),
    "timeout": ("a number of seconds above 0", _positive),
    "cache": ("true or false", _switch),
    "cpu": ("a number of cores above 0, like 2 or '500m'", _cores),
    "memory": ("a size like '2Gi', or a number of bytes", _bytes),
    "gpu": ("a whole number, 0 or more", _whole),
}
