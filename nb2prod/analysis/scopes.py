"""Which names a function, class body or comprehension keeps to itself: Python's own rules, on the tree."""

import ast
from collections.abc import Iterator

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
    return frozenset(name for node in _same_scope(nodes) for name in _binds_of(node))


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


def _same_scope(nodes: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    stack: list[ast.AST] = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, _COMPREHENSIONS):
            stack.extend(n for n in walk(node) if isinstance(n, ast.NamedExpr))
            continue
        stack.extend(children(node))


def _binds_of(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.ExceptHandler(name=str(name)):
            return (name,)
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return tuple(alias.asname or alias.name.split(".")[0] for alias in names)
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return (name,)
        case ast.NamedExpr(target=ast.Name(id=name)):
            return (name,)
    return ()
