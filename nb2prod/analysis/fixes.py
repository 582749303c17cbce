"""Fixes of cells: made so that all other lines stay as they are byte for byte, and what comes out is Python."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.analysis.magics import LoweredCell, lower
from nb2prod.model.finding import Edit, Fix
from nb2prod.model.notebook import Cell, CellKind

__all__ = ["Replacement", "applied", "disjoint", "end_of", "in_place_of", "lines_fix", "text_fix"]

_Place = tuple[int, int]  # a line from 1, and a byte in it from 0, as Python's parser counts


@dataclass(frozen=True, kw_only=True)
class Replacement:
    start: _Place
    end: _Place
    text: str


def in_place_of(node: ast.expr | ast.stmt, text: str) -> Replacement:
    return Replacement(start=(node.lineno, node.col_offset), end=end_of(node), text=text)


def end_of(node: ast.expr | ast.stmt) -> _Place:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def text_fix(
    cell: LoweredCell, title: str, replacements: Sequence[Replacement], beside: Sequence[Edit] = ()
) -> Fix | None:
    """The fix that puts texts in the place of others. None where the cell's lines are not those that were parsed, or
    would be no Python then. `beside` are edits that go with it."""
    groups: list[list[Replacement]] = []
    for each in sorted(set(replacements), key=lambda r: r.start):
        if groups and each.start[0] <= max(other.end[0] for other in groups[-1]):
            groups[-1].append(each)
        else:
            groups.append([each])
    edits = [edit for group in groups if (edit := _edit(cell, group)) is not None]
    return _checked(cell, title, (*beside, *edits)) if len(edits) == len(groups) else None


def lines_fix(cell: LoweredCell, title: str, first: int, last: int, text: str = "") -> Fix | None:
    """The fix that puts a text in the place of whole lines, or takes them away."""
    return _checked(cell, title, (Edit(cell=cell.number, first=first, last=last, text=text),))


def _edit(cell: LoweredCell, group: Sequence[Replacement]) -> Edit | None:
    """One edit of the lines that hold the replacements, which may not touch each other."""
    first, last = group[0].start[0], max(each.end[0] for each in group)
    source = cell.source.split("\n")[first - 1 : last]
    if source != cell.lines[first - 1 : last]:
        return None  # a magic stood there, or the cell was cleaned
    text, done = b"", 0
    whole = "\n".join(source).encode()
    starts = [0]
    for line in source:
        starts.append(starts[-1] + len(line.encode()) + 1)
    for each in group:
        start, end = (starts[line - first] + column for line, column in (each.start, each.end))
        if start < done:
            return None
        text += whole[done:start] + each.text.encode()
        done = end
    return Edit(cell=cell.number, first=first, last=last, text=(text + whole[done:]).decode())


def _checked(cell: LoweredCell, title: str, edits: tuple[Edit, ...]) -> Fix | None:
    own = [edit for edit in edits if edit.cell == cell.number]
    after = Cell(number=cell.number, kind=CellKind.CODE, source=applied(cell.source, own))
    return None if lower(after).error else Fix(title=title, edits=edits)


def applied(source: str, edits: Iterable[Edit]) -> str:
    """The cell's source after edits of it that do not overlap."""
    lines = source.split("\n")
    for edit in sorted(edits, key=lambda edit: (edit.first, edit.last), reverse=True):
        lines[edit.first - 1 : edit.last] = edit.text.split("\n") if edit.text else []
    return "\n".join(lines)


def disjoint(fixes: Iterable[Fix]) -> tuple[list[Fix], Mapping[int, list[Edit]]]:
    """Those of the fixes, in their order, that can be made together, and the edits of each cell. An edit that several
    fixes have (an import) is made once."""
    taken: list[Fix] = []
    edits: dict[int, list[Edit]] = {}
    for fix in fixes:
        new = [edit for edit in fix.edits if edit not in edits.get(edit.cell, [])]
        if any(_overlap(edit, other) for edit in new for other in edits.get(edit.cell, ())):
            continue
        taken.append(fix)
        for edit in new:
            edits.setdefault(edit.cell, []).append(edit)
    return taken, edits


def _overlap(one: Edit, other: Edit) -> bool:
    """An insertion overlaps only what stands on both sides of it, and another insertion at its place."""
    if one.last < one.first and other.last < other.first:
        return one.first == other.first
    if one.last < one.first:
        return other.first < one.first <= other.last
    if other.last < other.first:
        return one.first < other.first <= one.last
    return one.first <= other.last and other.first <= one.last
