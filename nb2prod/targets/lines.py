"""Where each line of a generated file comes from, after formatting moved it."""

import ast
import warnings
from collections.abc import Mapping

from nb2prod.model.pipeline import Fragment

Origin = tuple[int, int]


def origins(fragments: tuple[Fragment, ...], text: str, start: int) -> dict[int, Origin]:
    """Line of `text` -> (cell, line in the cell), for fragments that stand in order from line `start` on."""
    lines = text.split("\n")
    found: dict[int, Origin] = {}
    at = start
    for fragment in fragments:
        blank = len(fragment.text) - len(fragment.text.lstrip("\n"))
        for offset, wanted in enumerate(fragment.text.strip("\n").split("\n"), start=blank):
            while at <= len(lines) and lines[at - 1].strip() != wanted.strip():
                at += 1
            if fragment.line:
                found[at] = (fragment.cell, fragment.line + offset)
            at += 1
    return found


def after_formatting(before: str, after: str, known: Mapping[int, Origin]) -> list[list[int]]:
    """[line, cell, line in the cell] for `after`: the syntax tree of `before`, but for the order of imports."""
    found: dict[int, Origin] = {}
    for old, new in zip(_nodes(before), _nodes(after), strict=True):
        was, now = getattr(old, "lineno", 0), getattr(new, "lineno", 0)
        if was in known:
            found.setdefault(now, known[was])
    return [[line, *found[line]] for line in sorted(found)]


def _nodes(text: str) -> list[ast.AST]:
    """All but the imports, which are leaves: sorting may move and merge them."""
    imports = (ast.Import, ast.ImportFrom, ast.alias)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    return [node for node in ast.walk(tree) if not isinstance(node, imports)]
