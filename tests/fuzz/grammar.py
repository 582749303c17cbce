"""Random notebooks: each line is drawn from the templates that fit the values there are, each cell with its tag."""

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fuzz.callables import CLASSES, FUNCTIONS, USES
from fuzz.templates import BLOCKS, FRAMES, NUMBERS, PLAIN, SHARES, STATE, texts_of

__all__ = ["FIRST", "notebooks"]

Kinds = dict[str, str]  # name → kind of its value
Draw = Callable[[st.SearchStrategy[Any]], Any]  # Any: hypothesis draws values of any type

FIRST = """\
# tags: imports
import collections, contextlib, copy, dataclasses, functools, itertools, operator, os, pathlib, random, types, warnings
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt"""
_START = "a = [1, 2]\nb = [a, [3]]\nc = {'k': a}\nd = 4\ne = {'k': 1}"
_START_KINDS = {"a": "list", "b": "nest", "c": "dlist", "d": "int", "e": "dict"}
_NAMES = tuple("abcdeuvwxyz")
_FUNCTIONS = ("f", "g", "h", "K")
_HOLE = re.compile(r"<(=F:)?(=)?(\w+)(=)?>")
# how often a line comes from each table
_TABLES = {PLAIN: 8, SHARES: 5, NUMBERS: 3, FRAMES: 3, STATE: 2, BLOCKS: 3, FUNCTIONS: 3, CLASSES: 1, USES: 5}
_TEMPLATES = {table: texts_of(table) for table in _TABLES}
_WEIGHTED = tuple(table for table, weight in _TABLES.items() for _ in range(weight))
_WRAPPERS = (
    "if {0} > {1}:\n{2}",
    "if {0} < {1}:\n{2}\nelse:\n{3}",
    "for i in range(2):\n{2}",
    "for i in range({1}):\n{2}\n    if i > 1: break\nelse:\n{3}",
    "try:\n{2}\nexcept ValueError:\n{3}",
    "try:\n{2}\nfinally:\n{3}",
    "with contextlib.suppress(KeyError):\n{2}",
    "while True:\n{2}\n    break",
)
_TAGS = st.one_of(
    st.just("own"),
    st.just("own"),
    st.just(""),
    st.sampled_from(["step:a", "step:b", "step:c"]),
)


@st.composite
def notebooks(draw: Draw, max_cells: int = 9) -> list[str]:
    """Sources of cells, each with its tags in a first line, the first one the imports."""
    kinds = dict(_START_KINDS)
    cells = [FIRST, f"# tags: step:start\n{_START}"]
    for number in range(3, draw(st.integers(3, max_cells)) + 3):
        before = dict(kinds)
        lines = [_line(draw, kinds) for _ in range(draw(st.integers(1, 4)))]
        tag = _tag(draw, number, lines)
        if tag == "skip":
            kinds = before
        cells.append("\n".join([f"# tags: {tag}".rstrip(), *lines]))
    return cells


def _tag(draw: Draw, number: int, lines: list[str]) -> str:
    chance = draw(st.integers(0, 19))
    if chance == 0:
        return "skip"
    if all(line.startswith(("def ", "class ", "@")) for line in lines) and chance < 14:
        return "functions"
    if all(re.fullmatch(r"\w+ = \d", line) for line in lines) and chance < 10:
        return "parameters"
    tag: str = draw(_TAGS)
    return f"step:s{number}" if tag == "own" else tag


def _line(draw: Draw, kinds: Kinds, depth: int = 0) -> str:
    chance = draw(st.integers(0, 19))
    if chance == 19 and depth == 0 and len(kinds) > 4:
        name = draw(st.sampled_from(sorted(kinds)))
        del kinds[name]
        return f"del {name}"
    if chance >= 17 and depth < 2:
        return _wrapped(draw, kinds, depth)
    for _ in range(5):
        text = draw(st.sampled_from(_TEMPLATES[draw(st.sampled_from(_WEIGHTED))]))
        if _fits(text, kinds):
            return _filled(draw, text, kinds)
    return _filled(draw, "<=list> = [<N>, <N>]", kinds)


def _wrapped(draw: Draw, kinds: Kinds, depth: int) -> str:
    """Lines in a block: after it, names are there that have the same kind whether it ran or not."""
    test = _one(draw, "int", kinds)
    blocks = []
    ends = [dict(kinds)]
    for _ in range(2):
        inner = dict(kinds)
        lines = [_line(draw, inner, depth + 1) for _ in range(draw(st.integers(1, 2)))]
        blocks.append("\n".join("    " + line for text in lines for line in text.split("\n")))
        ends.append(inner)
    text = draw(st.sampled_from(_WRAPPERS)).format(test, draw(st.integers(0, 9)), *blocks)
    for name in list(kinds):
        if any(end.get(name) != kinds[name] for end in ends):
            del kinds[name]
    return str(text)


def _fits(text: str, kinds: Kinds) -> bool:
    there = set(kinds.values())
    needed = {
        "int" if kind == "intvar" else kind
        for function, binds, kind, _ in _HOLE.findall(text)
        if not function and not binds and kind not in ("N", "int")
    }
    return needed <= there and ("intvar" not in text or "int" in there)


def _filled(draw: Draw, text: str, kinds: Kinds) -> str:
    """The template with a name in each hole; the same hole of a global or function is the same name."""
    bound: Kinds = {}
    fixed: dict[str, str] = {}

    def fill(hole: re.Match[str]) -> str:
        function, binds, kind, _ = hole.groups()
        if kind == "N":
            return str(draw(st.integers(0, 9)))
        if kind in ("intvar",):
            return fixed.setdefault(kind, _one(draw, kind, kinds))
        if function or binds:
            name: str = draw(st.sampled_from(_FUNCTIONS if function else _NAMES))
            bound[name] = kind
            return name
        if text.startswith(("def ", "class ", "@")):
            return fixed.setdefault(kind, _one(draw, kind, kinds))
        if hole.group(4):
            kind = f"{kind}="
        return _one(draw, kind, kinds)

    filled = _HOLE.sub(fill, text)
    kinds |= bound
    return filled


def _one(draw: Draw, kind: str, kinds: Kinds) -> str:
    wanted = kind.rstrip("=").replace("intvar", "int")
    names = sorted(name for name, found in kinds.items() if found == wanted)
    if kind == "int" and (not names or draw(st.booleans())):
        return str(draw(st.integers(0, 9)))
    chosen: str = draw(st.sampled_from(names)) if names else "0"
    return chosen
