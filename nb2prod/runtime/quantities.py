"""Sizes as people write them in pipeline.toml: 500MB, 2 GiB."""

import re

__all__ = ["size"]

_BYTES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


def size(text: str) -> int:
    """In bytes. Raises ValueError for a text that is no size."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no size; write 500MB, 2GB or 1.5GiB")
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** _BYTES[found[2].lower()])
