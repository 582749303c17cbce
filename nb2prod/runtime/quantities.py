"""Sizes and lengths of time as people write them in pipeline.toml: 500MB, 2 GiB, 30d, 1h30m."""

import re

__all__ = ["seconds", "size"]

_BYTES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhdw]\s*)+", re.IGNORECASE)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def size(text: str) -> int:
    """In bytes. Raises ValueError for a text that is no size."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no size; write 500MB, 2GB or 1.5GiB")
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** _BYTES[found[2].lower()])


def seconds(text: str) -> float:
    """Raises ValueError for a text that is no length of time."""
    if _LENGTH.fullmatch(text.strip()) is None:
        raise ValueError(f"{text!r} is no length of time; write 30d, 12h or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text.lower()))
