"""What stands in the emitted text of a step: the names its kept statements mention, formulas and queries included."""

import ast
import re
from collections.abc import Iterable

_QUERY = re.compile(r"@([A-Za-z_]\w*)")
_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")


def mentioned(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Every name that the text can look up in its own scope, at any depth."""
    found: set[str] = set()
    for root in nodes:
        for node in ast.walk(root):
            match node:
                case ast.Name(id=name):
                    found.add(name)
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    found.update(names)
                case ast.Constant(value=str(text)) if "~" in text:
                    found.update(_WORD.findall(text))
                case ast.Constant(value=str(text)) if "@" in text:
                    found.update(_QUERY.findall(text))
    return frozenset(found)
