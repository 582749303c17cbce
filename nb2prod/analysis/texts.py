"""What stands in the emitted text of a step: the names its kept statements mention, formulas and queries included."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis.scopes import Function, global_names, locals_of, target_names

_QUERY = re.compile(r"@([A-Za-z_]\w*)")
_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")


def mentioned(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Every name that the text binds or can look up in its own scope: not those that an inner scope keeps to itself."""
    found: set[str] = set()
    for node in nodes:
        _collect(node, _Inner(), found)
    return frozenset(found)


@dataclass(frozen=True)
class _Inner:
    """Names that enclosing functions and comprehensions hide; a class hides what it binds from nobody but its own."""

    hidden: frozenset[str] = frozenset()
    in_class: bool = False

    def hiding(self, names: Iterable[str], shown: frozenset[str] = frozenset()) -> "_Inner":
        return _Inner((self.hidden | frozenset(names)) - shown)


def _collect(node: ast.AST, inner: _Inner, found: set[str]) -> None:
    match node:
        case ast.Name(id=name, ctx=context):
            if name not in inner.hidden and not (inner.in_class and isinstance(context, ast.Store)):
                found.add(name)
        case ast.Global(names=names):
            found.update(names)
        case ast.Constant(value=str(text)) if "~" in text:
            found.update(_WORD.findall(text))
        case ast.Constant(value=str(text)) if "@" in text:
            found.update(_QUERY.findall(text))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            _collect_function(node, inner, found)
        case ast.ClassDef(body=body):
            _collect_all([*node.decorator_list, *node.bases, *node.keywords], inner, found)
            _collect_all(body, _Inner(inner.hidden, in_class=True), found)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            _collect(node.generators[0].iter, inner, found)
            names = [name for generator in node.generators for name in target_names(generator.target)]
            _collect_all(ast.iter_child_nodes(node), inner.hiding(names), found)
        case _:
            _collect_all(ast.iter_child_nodes(node), inner, found)


def _collect_all(nodes: Iterable[ast.AST], inner: _Inner, found: set[str]) -> None:
    for node in nodes:
        _collect(node, inner, found)


def _collect_function(node: Function, inner: _Inner, found: set[str]) -> None:
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    inside = [*body, node.args]
    around = [child for child in ast.iter_child_nodes(node) if child not in inside]
    arguments = [child for child in ast.walk(node.args) if isinstance(child, ast.arg)]
    defaults = [default for default in (*node.args.defaults, *node.args.kw_defaults) if default]
    _collect_all([*around, *defaults, *(a.annotation for a in arguments if a.annotation)], inner, found)
    shown = frozenset() if isinstance(node, ast.Lambda) else global_names(node.body)
    _collect_all(body, inner.hiding(locals_of(node), shown), found)
