"""Constructs that cannot be converted faithfully: for each, a finding with what to write instead."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.displays import QUIET, Displays
from nb2prod.analysis.fixes import lines_fix
from nb2prod.analysis.magics import Fate, LoweredCell
from nb2prod.analysis.trees import children, walk
from nb2prod.model.finding import Finding, Fix, Severity

_CALLS: dict[str, tuple[str, str, str]] = {
    "exec": ("NB204", "runs code that cannot be read", "write the statements out"),
    "eval": ("NB204", "runs code that cannot be read", "write the expression out, or use ast.literal_eval for data"),
    "globals": ("NB204", "reaches for names that cannot be followed", "use a dict of your own"),
    "locals": ("NB204", "reaches for names that cannot be followed", "use a dict of your own"),
    "input": ("NB205", "waits for a person at a keyboard", "make it a parameter in the parameters cell"),
    "exit": ("NB206", "ends the process", "raise an exception that says why"),
    "quit": ("NB206", "ends the process", "raise an exception that says why"),
}
_EXITS = {("sys", "exit"), ("os", "_exit"), ("os", "abort")}
_DUNDERS = {
    "__name__": "leave the `if __name__ == ...` out: a notebook always runs it",
    "__file__": "use a parameter for the path",
    "__doc__": "write the text out",
    "__builtins__": "import builtins",
}


def refuse_cell(cell: LoweredCell, statements: tuple[Statement, ...], displays: Displays = QUIET) -> Iterator[Finding]:
    if cell.error:
        yield _error(
            "NB202", cell.number, cell.error_line, f"the cell is not Python: {cell.error}", "repair it or tag it `skip`"
        )
    for magic in cell.magics:
        if magic.fate is Fate.REFUSED:
            yield _error("NB201", cell.number, magic.line, f"`{magic.text}` has no faithful translation", magic.note)
    bound = frozenset(name for statement in statements for name in statement.names)
    for statement in statements:
        if statement.use is Use.DISPLAY:
            yield from _refuse_display(cell.number, statement, displays)
            continue
        for node in statement.nodes:
            for finding in _refuse_node(cell.number, node, bound):
                yield replace(finding, fix=_as_run(cell, statement)) if finding.code == "NB215" else finding
        if isinstance(statement.node, ast.Global) or "async" in cell.text or "await" in cell.text:
            yield from _refuse_top(cell, statement.node)


def _refuse_display(cell: int, statement: Statement, displays: Displays) -> Iterator[Finding]:
    if displays.showing:
        message = f"showing a value may change it: class '{displays.showing}' writes to itself where it makes its text"
        hint = f"let the methods of '{displays.showing}' that make text only read"
        yield _error("NB217", cell, statement.first, message, hint)


def refuse_star(cell: int, line: int, module: str) -> Finding:
    message = f"`from {module} import *` brings names that cannot be known: {module} is not installed here"
    return _error("NB207", cell, line, message, "import the names that you use")


def _refuse_node(cell: int, node: ast.AST, bound: frozenset[str]) -> Iterator[Finding]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS and name not in bound:
            code, why, instead = _CALLS[name]
            yield _error(code, cell, node.lineno, f"`{name}()` {why}", instead)
        case ast.Call(func=ast.Name(id="vars" | "dir" as name), args=[]) if name not in bound:
            yield _error(
                "NB204", cell, node.lineno, f"`{name}()` reaches for names that cannot be followed", "use a dict"
            )
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)) if (module, name) in _EXITS:
            yield _error(
                "NB206", cell, node.lineno, f"`{module}.{name}()` ends the process", "raise an exception that says why"
            )
        case ast.Name(id=name, ctx=ast.Load()) if name in _DUNDERS:
            yield _error(
                "NB215", cell, node.lineno, f"`{name}` means something else outside a notebook", _DUNDERS[name]
            )


def _as_run(cell: LoweredCell, statement: Statement) -> Fix | None:
    """The lines below `if __name__ == "__main__":`, as a notebook runs them."""
    match statement.node:
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]
            ),
            orelse=[],
            body=[first, *_] as body,
        ) if first.lineno > statement.first:
            lines = cell.lines[statement.first : statement.last]
            indent = " " * first.col_offset
            goes_on = any(_goes_on(inner) for node in body for inner in walk(node))
            whole = all(line.startswith(indent) or not line.strip() for line in lines)
            if not goes_on and whole and cell.lines == cell.source.split("\n"):
                text = "\n".join(line.removeprefix(indent) for line in lines)
                title = "Leave the `if` out: a notebook always runs what is below it"
                return lines_fix(cell, title, statement.first, statement.last, text)
    return None


def _goes_on(node: ast.AST) -> bool:
    """A string with more than one line: in the next one, spaces count."""
    return isinstance(node, ast.Constant | ast.JoinedStr) and (node.end_lineno or node.lineno) > node.lineno


def _refuse_top(lowered: LoweredCell, node: ast.stmt) -> Iterator[Finding]:
    """What is allowed at the top of a cell and not, or differently, in a function."""
    cell = lowered.number
    if isinstance(node, ast.Global):
        message = "`global` at the top of a cell has no meaning"
        yield replace(_error("NB211", cell, node.lineno, message, "remove the line"), fix=_without(lowered, node))
    if any(isinstance(inner, ast.Await | ast.AsyncFor | ast.AsyncWith) for inner in _outside_functions(node)):
        message = "`await` at the top of a cell needs the notebook's event loop"
        yield _error("NB209", cell, node.lineno, message, "use `asyncio.run(...)` in a function")


def _without(cell: LoweredCell, node: ast.Global) -> Fix | None:
    line = cell.source.split("\n")[node.lineno - 1]
    is_alone = line.split("#")[0].split() == f"global {', '.join(node.names)}".split() and not node.col_offset
    return lines_fix(cell, "Remove the line", node.lineno, node.lineno) if is_alone else None


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    yield node
    for child in children(node):
        yield from _outside_functions(child)


def _error(code: str, cell: int, line: int, message: str, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, cell=cell, line=line, message=message, hint=hint)
