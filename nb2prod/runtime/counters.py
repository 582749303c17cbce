"""Counters that libraries keep in their modules and classes, as they do for the names that they give: `sys[3]`.

What a library gives next depends on how much it gave before in the same process. A counter is a whole number whose
name says that it counts, or an `itertools.count`. Python's own modules, and libraries that give no names, are passed
over.
"""

import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any  # modules and classes of any library

__all__ = ["read_counters", "write_counters"]

Owner = Any
_COUNTS = re.compile(r"(?i)count|serial|sequence|next|unique|uid|(^|_|last)ids?$")
_MEASURES = re.compile(r"(?i)module|max|min|limit|thread|retr")
_OF_NONE = frozenset(
    """
    IPython PIL cloudpickle dateutil debugpy distributed fsspec ipykernel joblib jupyter_client jupyter_core matplotlib
    matplotlib_inline mpl_toolkits nb2prod numpy pandas prompt_toolkit psutil pyarrow pygments pytest _pytest scipy
    seaborn six sklearn sqlalchemy statsmodels threadpoolctl tornado traitlets zmq
    """.split()  # noqa: SIM905
)


def read_counters(_: object = None) -> dict[str, int]:
    """The next numbers, by `module:name` or `module:Class.name`."""
    return {place: number for place, _, _, number in _counters()}


def write_counters(_: object, wanted: Mapping[str, int | None]) -> None:
    """An `itertools.count` goes on as the same object, for others may hold it too."""
    for place, owner, name, number in list(_counters()):
        new = wanted.get(place)
        if new is None or new == number:
            continue
        value = getattr(owner, name)
        if not isinstance(value, itertools.count):
            setattr(owner, name, new)
        elif new < number:
            setattr(owner, name, itertools.count(new))
        else:
            next(itertools.islice(value, new - number - 1, None))


def _counters() -> Iterator[tuple[str, Owner, str, int]]:
    for module_name, module in list(sys.modules.items()):
        if not _may_count(module_name, getattr(module, "__file__", None) or ""):
            continue
        for name, value in list(vars(module).items()):
            if (number := _number(name, value)) is not None:
                yield f"{module_name}:{name}", module, name, number
            elif isinstance(value, type) and value.__module__ == module_name:
                found = [(key, _number(key, own)) for key, own in list(vars(value).items())]
                yield from ((f"{module_name}:{name}.{key}", value, key, n) for key, n in found if n is not None)


@cache
def _may_count(module: str, file: str) -> bool:
    return "-packages" in file and module.partition(".")[0] not in _OF_NONE


def _number(name: str, value: object) -> int | None:
    """What a counter gives next; None for what is none."""
    if type(value) is int:
        return value if value >= 0 and _COUNTS.search(name) and not _MEASURES.search(name) else None
    text = repr(value).removeprefix("count(").removesuffix(")") if type(value) is itertools.count else ""
    return int(text) if text.isdecimal() else None
