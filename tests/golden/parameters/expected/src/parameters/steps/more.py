"""Cell 4 of parameters.ipynb."""

from typing import Any, NamedTuple


class MoreOutputs(NamedTuple):
    """What more gives."""

    length: Any
    count_: Any


def more(sizes: Any, words: Any, table: dict[Any, Any], count: int) -> MoreOutputs:
    """More"""
    length = len(sizes) + len(words) + table["a"]
    count = count + 1
    return MoreOutputs(length, count)
