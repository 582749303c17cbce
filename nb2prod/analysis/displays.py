"""When looking at a value changes something: the notebook's own classes, and dictionaries that fill themselves.

A last expression such as `df["x"]` or `model` is there to be looked at, and goes. Not when evaluating it runs a
method of the notebook that has an effect, or makes an entry in a `defaultdict`.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.trees import walk

__all__ = ["QUIET", "Displays", "displays_of", "has_effect"]

_SHOWN = ("__repr__", "__str__", "__format__", "_ipython_display_", "_mime_", "_repr_")


@dataclass(frozen=True, kw_only=True)
class Displays:
    """`items`: a subscript may insert; `operations`: an attribute, item or operator may; `showing`: a repr may.

    `functions` are those of the notebook: a method that is given one calls it.
    """

    functions: frozenset[str] = frozenset()
    items: bool = False
    operations: bool = False
    known: Knowledge = KNOWN
    showing: str = ""  # the class whose repr has an effect

    def may_change(self, node: ast.expr) -> bool:
        """Evaluating this pure-looking expression may change a value."""
        inner = walk(node)
        if self.functions and len(inner) > 1 and any(getattr(part, "id", "") in self.functions for part in inner):
            return True
        if self.operations and any(not isinstance(part, ast.Name | ast.Constant) for part in inner):
            return True
        return self.items and any(isinstance(part, ast.Subscript) for part in inner)


QUIET = Displays()


def displays_of(trees: Iterable[ast.Module], known: Knowledge = KNOWN) -> Displays:
    """What looking at values may do in a notebook of these cells."""
    items = operations = False
    showing = ""
    functions: set[str] = set()
    for tree in trees:
        functions |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        for node in walk(tree):
            items = items or _names_defaultdict(node)
            if isinstance(node, ast.ClassDef):
                effects = [method.name for method in _methods(node) if has_effect(method, known)]
                operations = operations or any(not name.startswith(_SHOWN) for name in effects if name[:2] == "__")
                operations = operations or any(_is_property(m) and has_effect(m, known) for m in _methods(node))
                showing = showing or (node.name if any(name.startswith(_SHOWN) for name in effects) else "")
    return Displays(functions=frozenset(functions), items=items, operations=operations, showing=showing, known=known)


def has_effect(function: ast.FunctionDef | ast.AsyncFunctionDef, known: Knowledge = KNOWN) -> bool:
    """The body writes to something that outlives the call, as far as its own text shows."""
    return function.name != "__init__" and any(_writes(node, known) for node in walk(function))


def _names_defaultdict(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="defaultdict") | ast.Attribute(attr="defaultdict") | ast.alias(name="defaultdict"):
            return True
        case ast.FunctionDef(name="__missing__"):
            return True
    return False


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement


def _is_property(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in method.decorator_list}
    return bool(names & {"property", "cached_property"})


def _writes(node: ast.AST, known: Knowledge) -> bool:
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return True
        case ast.Global() | ast.Nonlocal():
            return True
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in known.mutating_methods
        case ast.Call(func=ast.Name(id=name)):
            return name in ("setattr", "delattr", "next")
    return False
