"""Names that a step may leave without a value while a later step may do without one.

A step's function gives back all that later steps take, and Python ends it at a name without a value. Where the next
step reads that name whatever happens, the notebook ends there too; where it may not, the notebook would go on.
"""

import ast
from collections.abc import Iterator, Sequence

from nb2prod.analysis.classify import Statement
from nb2prod.analysis.fixes import lines_fix
from nb2prod.analysis.routing import Routed
from nb2prod.analysis.trees import children
from nb2prod.model.finding import Finding, Severity

__all__ = ["refuse_missing_values"]

_INNER = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def refuse_missing_values(steps: Sequence[Routed]) -> Iterator[Finding]:
    for place, step in enumerate(steps):
        for name in step.outputs:
            if name not in step.must and name not in step.inputs:
                taker = _first_without(name, steps[place + 1 :])
                binding = _binding(step, name)
                if taker is not None and binding is not None:
                    yield _missing(step, name, binding, taker)


def _first_without(name: str, later: Sequence[Routed]) -> Routed | None:
    """The step that takes the name and may do without its value; None when one needs it before any may make it."""
    found = None
    for step in later:
        if name in step.inputs:
            found = found or step
            for statement in step.kept:
                if name in _surely_read(statement.node):
                    return None
                if name in statement.names:
                    return found
        if name in step.must:
            return found
    return found


def _binding(step: Routed, name: str) -> Statement | None:
    return next((statement for statement in step.kept if name in statement.names), None)


def _surely_read(node: ast.AST) -> frozenset[str]:
    """The names that running the node reads, whatever happens in it, as long as nothing is raised before."""
    match node:
        case ast.Name(id=name, ctx=ast.Load() | ast.Del()):
            return frozenset({name})
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            return _surely_read(value) | {name}
        case ast.If(test=first) | ast.While(test=first) | ast.IfExp(test=first) | ast.Match(subject=first):
            return _surely_read(first)
        case ast.For(iter=first) | ast.BoolOp(values=[first, *_]) | ast.Assert(test=first):
            return _surely_read(first)
        case ast.Compare(left=first, comparators=[second, *_]):
            return _surely_read(first) | _surely_read(second)
        case ast.With(items=items):
            return frozenset().union(*map(_surely_read, items))
        case ast.Try() | ast.TryStar():
            return frozenset()
        case _ if isinstance(node, _COMPREHENSIONS):
            return _surely_read(node.generators[0].iter)
        case _ if isinstance(node, _INNER):
            return frozenset()
    return frozenset().union(*map(_surely_read, children(node)))


def _missing(step: Routed, name: str, binding: Statement, taker: Routed) -> Finding:
    (cell,) = (cell for cell in step.draft.cells if cell.number == binding.cell)
    first = binding.first
    return Finding(
        code="NB220",
        severity=Severity.ERROR,
        cell=binding.cell,
        line=first,
        message=f"step '{step.draft.name}' may end without a '{name}', and step '{taker.draft.name}' may need none",
        hint=f"give '{name}' a value before: `{name} = None`",
        fix=lines_fix(cell.lowered, f"Give '{name}' the value None first", first, first - 1, f"{name} = None"),
    )
