"""Cell 3 of parameters.ipynb."""

from typing import Any, NamedTuple


class UseOutputs(NamedTuple):
    """What use gives."""

    total: Any
    words: Any
    sizes: Any


def use(
    count: int,
    rate: float,
    big: int,
    sizes: list[Any],
    name: str,
    flag: bool,
    nothing: Any,
    pair: tuple[Any, ...],
    raw: bytes,
) -> UseOutputs:
    """Use"""
    total = count * rate + big + sum(sizes)
    words = [name, flag, nothing, pair, raw]
    sizes.append(4)
    return UseOutputs(total, words, sizes)
