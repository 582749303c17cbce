"""What a pipeline is for: its metrics, its fitted models, and the last values of the steps that end it."""

import ast
from collections.abc import Iterable

from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.routing import Routed
from nb2prod.analysis.scopes import target_names

_FIGURES = frozenset({"fig", "ax", "axs", "axes", "figure"})
_SHOWING = frozenset({"print", "display", "show"})


def metrics_of(step: Routed) -> tuple[str, ...]:
    """Names that the `metrics` cells of a step assign at their top, or print one by one as Kale's do."""
    cells = [cell.number for cell in step.draft.cells if cell.role.metrics]
    kept = [statement for cell in cells for statement in step.keep.get(cell, ())]
    return tuple(dict.fromkeys([*_assigned(kept), *_printed(kept)]))


def products_of(step: Routed, read_later: frozenset[str]) -> tuple[str, ...]:
    """Values worth giving back at the end: metrics, fitted models, and what nothing reads any more."""
    kept = step.kept
    assigned = [name for name in dict.fromkeys(_assigned(kept)) if name in step.must and name not in _FIGURES]
    fitted = {name for statement in kept for name in _fitted(statement)}
    read = _read(kept)
    wanted = [name for name in assigned if name in fitted or (name not in read and name not in read_later)]
    return tuple(dict.fromkeys([*metrics_of(step), *(name for name in wanted if not name.startswith("_"))]))


def _assigned(statements: Iterable[Statement]) -> list[str]:
    return [name for statement in statements for name in _targets(statement)]


@remembered
def _targets(statement: Statement) -> tuple[str, ...]:
    node = statement.node
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if statement.use is not Use.BODY or not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return ()
    if _draws(node):
        return ()
    return tuple(name for target in targets if target is not None for name in target_names(target))


def _printed(statements: Iterable[Statement]) -> list[str]:
    names: list[str] = []
    for statement in statements:
        match statement.node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[ast.Name(id=name)])):
                names.append(name)
    return names


def _draws(node: ast.stmt) -> bool:
    """A figure or axes is assigned: something to look at, not a result."""
    value = getattr(node, "value", None)
    if not isinstance(value, ast.Call):
        return False
    called = ast.unparse(value.func)
    return called.startswith(("plt.", "sns.")) or "plot" in called.rpartition(".")[2] or ".plot." in called


@remembered
def _fitted(statement: Statement) -> list[str]:
    found = []
    for inner in statement.nodes:
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="fit")):
                found.append(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(attr="fit"))):
                found.append(name)
    return found


def _read(statements: list[Statement]) -> frozenset[str]:
    """Names that the statements read, other than to show them."""
    return frozenset().union(*map(_loaded, statements))


@remembered
def _loaded(statement: Statement) -> frozenset[str]:
    if _shows(statement.node):
        return frozenset()
    return frozenset(n.id for n in statement.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def _shows(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))) | ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return name in _SHOWING
    return False
