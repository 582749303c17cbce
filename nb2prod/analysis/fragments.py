"""The user's lines: cutting statements out of a cell's text without touching the rest."""

import ast
from collections.abc import Collection

from nb2prod.analysis.classify import Statement
from nb2prod.model.pipeline import Fragment


def body_fragment(
    cell: int,
    text: str,
    keep: Collection[Statement],
    drop: Collection[Statement],
    commented: Collection[Statement] = (),
) -> Fragment | None:
    """The cell's text without the dropped statements, those `commented` with the comments right above them; None when
    nothing but comments would be left."""
    if not keep:
        return None
    lines = text.split("\n")
    for statement in drop:
        _blank(lines, statement, keep, commented)
    while lines and not lines[-1].strip():
        lines.pop()
    first = next(index for index, line in enumerate(lines) if line.strip())
    return Fragment(cell=cell, line=first + 1, text="\n".join(lines[first:]))


def definition_fragment(statement: Statement, text: str) -> Fragment:
    """A definition with its decorators and the comment right above it."""
    lines = text.split("\n")
    first = _first_with_comment(lines, statement)
    return Fragment(cell=statement.cell, line=first, text="\n".join(lines[first - 1 : statement.last]))


def comment_above(statement: Statement, text: str) -> str:
    """The comment right above a statement, with its line end; "" when there is none."""
    lines = text.split("\n")
    return "".join(f"{line}\n" for line in lines[_first_with_comment(lines, statement) - 1 : statement.first - 1])


def _first_with_comment(lines: list[str], statement: Statement) -> int:
    first = statement.first
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return first


def _blank(
    lines: list[str], statement: Statement, keep: Collection[Statement], commented: Collection[Statement]
) -> None:
    """Remove a statement; where another one shares its first or last line, only its own part of that line."""
    first, last = statement.first, statement.last
    before = any(other.last == first and other is not statement for other in keep)
    after = any(other.first == last and other is not statement for other in keep)
    if statement in commented or isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        first = _first_with_comment(lines, statement)
    if before or after:
        return _cut(lines, statement)
    lines[first - 1 : last] = [""] * (last - first + 1)
    return None


def _cut(lines: list[str], statement: Statement) -> None:
    node = statement.node
    start, end = node.lineno - 1, statement.last - 1
    head = _bytes(lines[start])[: node.col_offset].decode()
    tail = _bytes(lines[end])[node.end_col_offset :].decode()
    rest = tail.lstrip()
    tail = rest[1:].lstrip() if rest.startswith(";") else tail
    if not tail.strip():
        head = head.rstrip().rstrip(";").rstrip()
    lines[start : end + 1] = [head + tail, *[""] * (end - start)]


def _bytes(line: str) -> bytes:
    return line.encode()
