"""Which names a function, class body or comprehension keeps to itself: Python's own rules, on the tree."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from nb2prod.analysis.trees import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def parameters_of(function: Function) -> tuple[str, ...]:
    a = function.args
    extra = [arg for arg in (a.vararg, a.kwarg) if arg]
    return tuple(arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs, *extra))


def locals_of(function: Function) -> frozenset[str]:
    """The names that are local to a function: parameters and whatever the body binds, unless declared global."""
    if isinstance(function, ast.Lambda):
        return frozenset(parameters_of(function)) | bound_names([function.body])
    declared = declared_names(function.body)
    return (frozenset(parameters_of(function)) | bound_names(function.body)) - declared


def bound_names(nodes: list[ast.stmt] | list[ast.expr]) -> frozenset[str]:
    """Names that statements bind in their own scope, however deep in blocks."""
    found: set[str] = set()
    for node in _same_scope(nodes):
        binder = _BINDERS.get(type(node))
        if binder is not None:
            found.update(binder(node))
    return frozenset(found)


def declared_names(body: list[ast.stmt]) -> frozenset[str]:
    """Names that a `global` or `nonlocal` statement of this scope names."""
    nodes = _same_scope(body)
    return frozenset(n for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names)


def global_names(body: list[ast.stmt]) -> frozenset[str]:
    return frozenset(name for node in _same_scope(body) if isinstance(node, ast.Global) for name in node.names)


def target_names(target: ast.expr) -> Iterator[str]:
    """The names that an assignment target binds (attributes and items bind none)."""
    for node in walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _same_scope(nodes: list[ast.stmt] | list[ast.expr]) -> list[ast.AST]:
    found: list[ast.AST] = list(nodes)
    for node in found:
        kind = type(node)
        if kind in _LEAVES:
            continue
        if isinstance(node, _COMPREHENSIONS):
            found += [inner for inner in walk(node) if isinstance(inner, ast.NamedExpr)]
        elif not isinstance(node, _SCOPES):
            found += children(node)
    return found


_LEAVES = frozenset({ast.Name, ast.Constant})


def _name(node: ast.Name) -> tuple[str, ...]:
    return () if isinstance(node.ctx, ast.Load) else (node.id,)


def _named(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> tuple[str, ...]:
    return (node.name,)


def _perhaps_named(node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar) -> tuple[str, ...]:
    return (node.name,) if node.name else ()


def _imported(node: ast.Import | ast.ImportFrom) -> tuple[str, ...]:
    return tuple(alias.asname or alias.name.split(".")[0] for alias in node.names)


# what each takes, it stands beside
_BINDERS: dict[type[ast.AST], Callable[[Any], tuple[str, ...]]] = {
    ast.Name: _name,
    ast.FunctionDef: _named,
    ast.AsyncFunctionDef: _named,
    ast.ClassDef: _named,
    ast.ExceptHandler: _perhaps_named,
    ast.Import: _imported,
    ast.ImportFrom: _imported,
    ast.MatchAs: _perhaps_named,
    ast.MatchStar: _perhaps_named,
    ast.MatchMapping: lambda node: (node.rest,) if node.rest else (),
    ast.NamedExpr: lambda node: (node.target.id,),
}
