"""Errors that are swallowed.

`except: pass` hides every error, the ones nobody thought of too. In a notebook someone sees that a table looks odd;
in production the run is green and the results are wrong.

Instead of     try:
                   score = model.score(X, y)
               except Exception:
                   pass
write          except NotFittedError:        # the one error that is expected
                   score = None
or let the error rise: the step fails, says in which cell, and is tried again if it may be.
"""

import ast
from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.fixes import in_place_of, text_fix
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Fix, Severity

_BROAD = frozenset({"Exception", "BaseException"})
_HINT = "name the error that is expected, or let it rise: a failed step says in which cell and why"


def look(analysis: Analysis) -> Iterator[Remark]:
    for cell in analysis.production:
        yield from _remarks(cell.lowered)


@remembered
def _remarks(cell: LoweredCell) -> list[Remark]:
    found = []
    for node in cell.nodes:
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and all(map(_says_little, node.body)):
            what = "every error" if node.type is None else f"every {ast.unparse(node.type)}"
            message = f"{what} is swallowed here"
            fix = _raising(cell, node.body[-1])
            found.append(Remark(cell=cell.number, line=node.lineno, message=message, hint=_HINT, fix=fix))
        elif isinstance(node, ast.Call) and _suppresses(node):
            message = "every error is suppressed here"
            found.append(Remark(cell=cell.number, line=node.lineno, message=message, hint=_HINT))
    return found


def _raising(cell: LoweredCell, last: ast.stmt) -> Fix | None:
    title = "Let the error rise: the step fails where it went on"
    if not isinstance(last, ast.Expr) or isinstance(last.value, ast.Constant):
        return text_fix(cell, title, [in_place_of(last, "raise")])
    line = cell.lines[last.lineno - 1]
    indent = line[: len(line) - len(line.lstrip())]
    text = f"{ast.get_source_segment(cell.text, last)}\n{indent}raise"
    return text_fix(cell, title, [in_place_of(last, text)]) if len(indent) == last.col_offset else None


def _is_broad(node: ast.expr | None) -> bool:
    match node:
        case None:
            return True
        case ast.Name(id=name):
            return name in _BROAD
        case ast.Tuple(elts=elements):
            return any(map(_is_broad, elements))
    return False


def _says_little(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Continue() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return True
    return False


def _suppresses(node: ast.Call) -> bool:
    match node.func:
        case ast.Name(id="suppress") | ast.Attribute(attr="suppress", value=ast.Name(id="contextlib")):
            return any(map(_is_broad, node.args))
    return False


PLUGIN = Rule(code="NB404", name="swallowed-error", severity=Severity.WARNING, page=__doc__, look=look)
