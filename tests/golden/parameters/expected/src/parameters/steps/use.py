"""Cell 3 of parameters.ipynb."""

from typing import Any, NamedTuple


class UseOutputs(NamedTuple):
    """What use gives."""

    total: Any
    words: Any
    sizes: Any


def use(
    count: Any,
    rate: Any,
    big: Any,
    sizes: Any,
    name: Any,
    flag: Any,
    nothing: Any,
    pair: Any,
    raw: Any,
) -> UseOutputs:
    """Use"""
    total = count * rate + big + sum(sizes)
    words = [name, flag, nothing, pair, raw]
    sizes.append(4)
    return UseOutputs(total, words, sizes)
