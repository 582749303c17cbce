"""What each top-level statement of a cell is for: an import, a definition, a display, or work.

Imports go to the top of modules, definitions may be shared, displays go, and the rest is the body of a step.
"""

import ast
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeGuard

from nb2prod.analysis.displays import QUIET, Displays
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.scopes import bound_names
from nb2prod.analysis.trees import children, walk


class Use(StrEnum):
    IMPORT = "import"
    DEFINITION = "definition"
    DISPLAY = "display"
    BODY = "body"


@dataclass(frozen=True, kw_only=True, eq=False)
class Statement:
    """A top-level statement of cell `cell`; `first` is its first line, decorators included."""

    cell: int
    node: ast.stmt
    use: Use
    names: frozenset[str]
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return walk(self.node)

    @property
    def first(self) -> int:
        decorators: list[ast.expr] = getattr(self.node, "decorator_list", [])
        return (
            min(self.node.lineno, *(decorator.lineno for decorator in decorators)) if decorators else self.node.lineno
        )

    @property
    def last(self) -> int:
        return self.node.end_lineno or self.node.lineno


@remembered
def statements_of(cell: LoweredCell, displays: Displays) -> tuple[Statement, ...]:
    return classify(cell.number, cell.tree, displays)


def classify(cell: int, tree: ast.Module, displays: Displays = QUIET) -> tuple[Statement, ...]:
    """The statements of a cell. `displays` says what looking at a value may do in this notebook."""
    body = tree.body
    return tuple(
        Statement(cell=cell, node=node, use=_use_of(node, displays, last=node is body[-1]), names=bound_names([node]))
        for node in body
    )


def _use_of(node: ast.stmt, displays: Displays, *, last: bool) -> Use:
    if is_import(node):
        return Use.IMPORT
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or _is_named_lambda(node):
        return Use.DEFINITION
    if isinstance(node, ast.Expr) and (
        _is_display_call(node.value, displays.known) or (last and is_pure(node.value, displays.known))
    ):
        return Use.BODY if displays.may_change(node.value) else Use.DISPLAY
    if _prints_doc(node):
        return Use.DISPLAY
    return Use.BODY


def is_import(node: ast.stmt) -> bool:
    """An import, or a `try` that only chooses between imports."""
    match node:
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Try(body=body, handlers=handlers, orelse=[], finalbody=[]) if handlers:
            return all(map(is_import, body)) and all(all(map(is_import, handler.body)) for handler in handlers)
    return False


def is_star_import(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _is_named_lambda(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name()], value=ast.Lambda()):
            return True
    return False


def _prints_doc(node: ast.stmt) -> bool:
    """`print(__doc__)`, which says in a notebook that it is one: galleries of examples begin so."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[ast.Name(id="__doc__")], keywords=[])):
            return True
    return False


def _is_display_call(node: ast.expr, known: Knowledge) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="display"), args=args, keywords=[]):
            return all(is_pure(argument, known) for argument in args)
    return False


def _is_of_a_table(keywords: list[ast.keyword]) -> bool:
    return any(keyword.arg in ("axis", "by", "columns", "how", "index", "inplace", "on") for keyword in keywords)


def is_pure(node: ast.expr, known: Knowledge = KNOWN) -> bool:
    """Evaluating the expression surely changes nothing: it is there to be looked at."""
    match node:
        case ast.Constant() | ast.Name():
            return True
        case ast.Attribute(value=value) | ast.FormattedValue(value=value) | ast.Starred(value=value):
            return is_pure(value, known)
        case ast.Subscript(value=value, slice=index):
            return is_pure(value, known) and is_pure(index, known)
        case ast.Slice(lower=lower, upper=upper, step=step):
            return all(part is None or is_pure(part, known) for part in (lower, upper, step))
        case ast.Call(func=ast.Attribute(value=value, attr=method), args=args, keywords=keywords):
            quiet = method in known.pure_methods and method not in known.model_methods
            if known.may_write(method, len(args)) or (method in known.acting_methods and not _is_of_a_table(keywords)):
                return False
            return quiet and is_pure(value, known) and _pure_arguments(args, keywords, known)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return name in known.pure_functions and _pure_arguments(args, keywords, known)
        case (
            ast.BinOp()
            | ast.BoolOp()
            | ast.Compare()
            | ast.UnaryOp()
            | ast.IfExp()
            | ast.Tuple()
            | ast.List()
            | ast.Dict()
            | ast.JoinedStr()
        ):
            return all(is_pure(child, known) for child in children(node) if isinstance(child, ast.expr))
    return False


def _pure_arguments(args: list[ast.expr], keywords: list[ast.keyword], known: Knowledge) -> bool:
    """No argument has an effect, and none asks for one (`inplace`, a function to call)."""
    quiet = all(keyword.arg not in (None, "inplace", "out", "func") for keyword in keywords)
    return quiet and all(is_pure(value, known) for value in (*args, *(keyword.value for keyword in keywords)))
