"""What stands in the emitted text of a step: the names its kept statements mention, formulas and queries included."""

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nb2prod.analysis.classify import Statement
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.scopes import Comprehension, Function, global_names, locals_of, target_names
from nb2prod.analysis.trees import children, walk

_QUERY = re.compile(r"@([A-Za-z_]\w*)")
_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")


def mentioned(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Every name that the text binds or can look up in its own scope: not those that an inner scope keeps to itself."""
    found: set[str] = set()
    for node in nodes:
        _collect(node, _Inner(), found)
    return frozenset(found)


@remembered
def names_in(statement: Statement) -> frozenset[str]:
    """`mentioned`, of one statement of a cell."""
    return mentioned([statement.node])


@dataclass(frozen=True)
class _Inner:
    """Names that enclosing functions and comprehensions hide; a class hides what it binds from nobody but its own."""

    hidden: frozenset[str] = frozenset()
    in_class: bool = False

    def hiding(self, names: Iterable[str], shown: frozenset[str] = frozenset()) -> "_Inner":
        return _Inner((self.hidden | frozenset(names)) - shown)


def _collect(node: ast.AST, inner: _Inner, found: set[str]) -> None:
    collector = _COLLECTORS.get(type(node))
    if collector is None:
        _collect_all(children(node), inner, found)
    else:
        collector(node, inner, found)


def _collect_all(nodes: Iterable[ast.AST], inner: _Inner, found: set[str]) -> None:
    for node in nodes:
        _collect(node, inner, found)


def _collect_name(node: ast.Name, inner: _Inner, found: set[str]) -> None:
    if node.id not in inner.hidden and not (inner.in_class and isinstance(node.ctx, ast.Store)):
        found.add(node.id)


def _collect_global(node: ast.Global, inner: _Inner, found: set[str]) -> None:  # noqa: ARG001 (all take the same)
    found.update(node.names)


def _collect_text(node: ast.Constant, inner: _Inner, found: set[str]) -> None:  # noqa: ARG001 (all take the same)
    if isinstance(node.value, str) and "~" in node.value:
        found.update(_WORD.findall(node.value))
    elif isinstance(node.value, str) and "@" in node.value:
        found.update(_QUERY.findall(node.value))


def _collect_class(node: ast.ClassDef, inner: _Inner, found: set[str]) -> None:
    _collect_all([*node.decorator_list, *node.bases, *node.keywords], inner, found)
    _collect_all(node.body, _Inner(inner.hidden, in_class=True), found)


def _collect_comprehension(node: Comprehension, inner: _Inner, found: set[str]) -> None:
    _collect(node.generators[0].iter, inner, found)
    names = [name for generator in node.generators for name in target_names(generator.target)]
    _collect_all(children(node), inner.hiding(names), found)


def _collect_function(node: Function, inner: _Inner, found: set[str]) -> None:
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    inside = [*body, node.args]
    around = [child for child in children(node) if child not in inside]
    arguments = [child for child in walk(node.args) if isinstance(child, ast.arg)]
    defaults = [default for default in (*node.args.defaults, *node.args.kw_defaults) if default]
    _collect_all([*around, *defaults, *(a.annotation for a in arguments if a.annotation)], inner, found)
    shown = frozenset() if isinstance(node, ast.Lambda) else global_names(node.body)
    _collect_all(body, inner.hiding(locals_of(node), shown), found)


# each takes the kind of node that it stands beside
_COLLECTORS: dict[type[ast.AST], Callable[[Any, _Inner, set[str]], None]] = {
    ast.Name: _collect_name,
    ast.Global: _collect_global,
    ast.Constant: _collect_text,
    ast.FunctionDef: _collect_function,
    ast.AsyncFunctionDef: _collect_function,
    ast.Lambda: _collect_function,
    ast.ClassDef: _collect_class,
    ast.ListComp: _collect_comprehension,
    ast.SetComp: _collect_comprehension,
    ast.DictComp: _collect_comprehension,
    ast.GeneratorExp: _collect_comprehension,
}
