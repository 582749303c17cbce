"""`%timeit`: a benchmark is left out, unless the statement changes what other cells see.

timeit binds nothing in the notebook, but `%timeit model.fit(X, y)` leaves a fitted model behind. Running such a
statement once does the same, where it can be repeated at all.
"""

import ast
from dataclasses import replace

from nb2prod.analysis.knowledge import KNOWN
from nb2prod.analysis.magic_find import parse
from nb2prod.analysis.magic_table import REFUSED_LINES, Fate, Magic
from nb2prod.analysis.trees import walk

_LEFT_OUT = "timing is left out"


def judge_timeit(magic: Magic, statement: str, reads: tuple[str, ...]) -> Magic:
    if magic.binds:
        return replace(magic, reads=reads, note=REFUSED_LINES["timeit"])
    changed = changed_outside(statement)
    if not changed:
        return replace(magic, fate=Fate.DROPPED, reads=reads, note=_LEFT_OUT)
    if timed_once(statement):
        return replace(magic, fate=Fate.LOWERED, note=f"it runs once, without timing, since it may change `{changed}`")
    return replace(magic, reads=reads, note=f"write the statement, which may change `{changed}`, without timing it")


def judge_timeit_cell(magic: Magic, code: str, reads: tuple[str, ...]) -> Magic:
    changed = changed_outside(code)
    if changed:
        note = f"write the statements, which may change `{changed}`, without timing them, or tag the cell `skip`"
        return replace(magic, reads=reads, note=note)
    return replace(magic, fate=Fate.DROPPED, reads=reads, note=f"{_LEFT_OUT}; nothing that it binds is seen outside")


def timed_once(statement: str) -> str:
    """The expression to run once; "" when the statement is not an expression, or one that is given to a name."""
    tree = parse(statement.strip())
    match tree:
        case ast.Module(body=[ast.Expr(value=value) | ast.Assign(targets=[ast.Name()], value=value)]):
            return ast.get_source_segment(statement.strip(), value) or ""
    return ""


def changed_outside(code: str) -> str:
    """A name from outside the code whose value it may change in place; "" when there is none."""
    tree = parse(code.strip())
    if not isinstance(tree, ast.Module):
        return ""
    own = {n.id for n in walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    roots = [_root(node) for node in walk(tree) if _changes(node)]
    return next((root for root in roots if root and root not in own), "")


def _changes(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in KNOWN.mutating_methods
        case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
            return True
    return False


def _root(node: ast.AST) -> str:
    """`a` of `a.b[0].append(1)`; "" when the value is new, as in `Model().fit(X)`, or the module's own (np.random…)."""
    node = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        parts += [node.attr] if isinstance(node, ast.Attribute) else []
        node = node.value
    return node.id if isinstance(node, ast.Name) and "random" not in parts and node.id != "random" else ""
