"""The order of a set.

A set has no order that holds from one process to the next: texts are hashed with a seed that Python draws at its start,
and objects by where they stand in memory. What goes through a set item by item, and keeps the last, the first, or the
order, gives another result in another run.

Instead of     models = {LogisticRegression(), RandomForestClassifier()}
               for model in models:
                   ...
write          models = [LogisticRegression(), RandomForestClassifier()]
               for model in models:
                   ...
"""

import ast
from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.fixes import in_place_of, text_fix
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Fix, Severity

_IN_ORDER = frozenset({"list", "tuple", "enumerate", "zip", "iter", "map", "filter"})


def look(analysis: Analysis) -> Iterator[Remark]:
    named: dict[str, bool] = {}  # names, and whether they now hold a set whose order is chance
    for cell in analysis.production:
        named |= _named(cell.lowered)
        for gone_through in _gone_through(cell.lowered):
            chance = (
                named.get(gone_through.id, False) if isinstance(gone_through, ast.Name) else _is_chance(gone_through)
            )
            if chance:
                message = f"the order of `{_short(gone_through)}`, a set, is another in each run"
                hint = "make it a list, or go through it with sorted(...)"
                fix = _in_order(cell.lowered, gone_through)
                yield Remark(cell=cell.number, line=gone_through.lineno, message=message, hint=hint, fix=fix)


def _in_order(cell: LoweredCell, items: ast.expr) -> Fix | None:
    """Brackets for braces around what may not compare; else `sorted`."""
    text = ast.get_source_segment(cell.text, items) or ""
    if isinstance(items, ast.Set) and not all(_is_text(element) for element in items.elts):
        return text_fix(cell, "Make it a list", [in_place_of(items, f"[{text[1:-1]}]")])
    title = "Go through it in the order of sorted(), for which the items must compare"
    return text_fix(cell, title, [in_place_of(items, f"sorted({text})")])


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@remembered
def _named(cell: LoweredCell) -> dict[str, bool]:
    assigned = [node for node in cell.nodes if isinstance(node, ast.Assign) and len(node.targets) == 1]
    return {n.targets[0].id: _is_chance(n.value) for n in assigned if isinstance(n.targets[0], ast.Name)}


def _is_chance(value: ast.expr) -> bool:
    """A set with two items or more that are not all numbers, whose hashes are the same in each process."""
    match value:
        case ast.Set(elts=elements):
            return len(elements) > 1 and not all(_is_number(element) for element in elements)
        case ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset"), args=[ast.List() | ast.Tuple() as items]):
            return _is_chance(ast.Set(elts=items.elts))
        case ast.Call(func=ast.Name(id="set" | "frozenset"), args=[_]):
            return True
    return False


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


@remembered
def _gone_through(cell: LoweredCell) -> list[ast.expr]:
    return [found for node in cell.nodes for found in _through(node)]


def _through(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.For | ast.ListComp | ast.Assign):
        match node:
            case ast.For(iter=items):
                yield from _sources(items)
            case ast.ListComp(generators=generators):
                for generator in generators:
                    yield from _sources(generator.iter)
            case ast.Assign(value=ast.Call() as call):
                yield from _sources(call) if _is_in_order(call) else ()


def _sources(items: ast.expr) -> Iterator[ast.expr]:
    """What is gone through: the thing itself, or what `zip`, `enumerate`, … are given."""
    if isinstance(items, ast.Call) and _is_in_order(items):
        for argument in items.args:
            yield from _sources(argument)
    else:
        yield items


def _is_in_order(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in _IN_ORDER


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."


PLUGIN = Rule(code="NB410", name="set-order", severity=Severity.WARNING, page=__doc__, look=look)
