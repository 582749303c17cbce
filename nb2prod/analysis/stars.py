"""Star imports: the names that `from MODULE import *` brings, asked from the module itself."""

import ast
import importlib
import importlib.util
import warnings
from collections.abc import Iterable

from nb2prod.analysis.classify import is_star_import
from nb2prod.analysis.trees import walk


def star_modules(trees: Iterable[ast.Module]) -> dict[str, int]:
    """The modules that are imported with a star at the top of a cell, with the line."""
    found: dict[str, int] = {}
    for tree in trees:
        for node in walk(tree):
            if is_star_import(node):
                found.setdefault("." * node.level + (node.module or ""), node.lineno)
    return found


def star_names(module: str) -> frozenset[str] | None:
    """What a star import of the module binds: its `__all__`, else its public names; None when it cannot be imported."""
    if module.startswith(".") or not _is_installed(module):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loaded = importlib.import_module(module)
        except Exception:  # any error of somebody else's module means: not resolvable
            return None
    public = getattr(loaded, "__all__", None)
    return frozenset(public if public is not None else (name for name in vars(loaded) if not name.startswith("_")))


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
