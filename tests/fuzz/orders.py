"""Notebooks in which few names are made again and again: by steps, and by cells of functions, imports and parameters
that stand before, between and after the cells of a step. What a name is depends on where one stands."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

__all__ = ["orders"]

Draw = Callable[[st.SearchStrategy[Any]], Any]  # Any: hypothesis draws values of any type

_FIRST = "# tags: step:start\na = [1, 2]\nfs = [abs]\nx = y = z = 0"
_NAMES = st.sampled_from(["g", "h", "sum"])  # the last one is Python's own
_VALUES = st.sampled_from(["x", "y", "z"])
_DIGITS = st.integers(0, 9)
_TAGS = st.sampled_from(
    [*["functions", "imports", "step:a", "step:b"] * 6, "", "", "step:c", "step:c", "step:c prev:b", "parameters"]
)


def _of(*templates: str) -> st.SearchStrategy[str]:
    """One of the texts, with names `{n}` and `{m}`, a value's name `{v}` and a digit `{i}`."""
    return st.builds(str.format, st.sampled_from(templates), n=_NAMES, m=_NAMES, v=_VALUES, i=_DIGITS)


_IMPORTS = _of(
    "from operator import neg as {n}",
    "from math import floor as {n}",
    "from builtins import int as {n}",
    "from math import *",
)
_FUNCTIONS = _of(
    "def {n}(p=0):\n    return {i}",
    "def {n}(p=0):\n    return {m}(p)",
    "def {n}(p=0):\n    return a[0] + {i}",
    "class {n}:\n    def __init__(self, p=0):\n        self.p = {i}",
)
_WORK = st.one_of(
    _of(
        "{v} = {n}({i})",
        "{v} = {n}",
        "{v} = callable({n})",
        "{v} = a[0]",
        "{v} = {i}",
        "{v} = fs[-1]({i})",
        "fs.append({n})",
        "a.append({i})",
        "a[0] = {i}",
        "del {n}",
        "{n} = {m}",
        "{n} = {i}",
        "{n} = lambda p=0: {i}",
        "{n} = {i}\n{v} = {n} + 1",
        "if {i} > 4:\n    {n} = abs",
        "def {n}(p=0):\n    return {i}\n{v} = {n}({i})",
    ),
    _FUNCTIONS,
    _IMPORTS,
)
_LINES = {"functions": _FUNCTIONS, "imports": _IMPORTS, "parameters": _of("{n} = {i}")}


@st.composite
def orders(draw: Draw, max_cells: int = 7) -> list[str]:
    """Sources of cells, each with its tags in a first line."""
    cells = [_FIRST]
    for _ in range(draw(st.integers(3, max_cells))):
        tag = draw(_TAGS)
        lines = draw(st.lists(_LINES.get(tag, _WORK), min_size=1, max_size=2))
        cells.append("\n".join([f"# tags: {tag}".rstrip(), *lines]))
    return cells
