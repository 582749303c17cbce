"""Tags for the cells that have none: what each cell is by its statements, and a step for each section.

Sections come from the headings. A notebook without them gets a step for each code cell that works, named by the
cell's first comment or by what it binds. A person reads the suggestions before they are written.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nb2prod.analysis.classify import Statement, Use, classify
from nb2prod.analysis.magics import LoweredCell, lower
from nb2prod.errors import InvalidName
from nb2prod.model.notebook import Cell, Notebook, Role
from nb2prod.notebooks.headings import Heading, headings_of
from nb2prod.notebooks.roles import FIRST_STEP, roles_of
from nb2prod.notebooks.tags import read_tags
from nb2prod.source import PythonName

__all__ = ["Suggestion", "suggest"]

_WORDS = 4  # of a heading that make a step's name
_NUMBERING = re.compile(r"^\s*(?:step\s+)?(?:\d+(?:\.\d+)*|[ivx]+|[a-h])\s*[.):]\s*", re.IGNORECASE)
_SMALL_WORDS = frozenset("a an and at by for from in into is it of on or our some the this to using via with".split())


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """`tag` for a cell, and the reason in a few words."""

    cell: int
    tag: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class _Section:
    first: int  # the number of the cell that opens it
    title: str
    reason: str


def suggest(notebook: Notebook) -> tuple[Suggestion, ...]:
    """A tag for each code cell that has none of ours. The tags there are stay; raises when they are wrong."""
    roles = roles_of(notebook)
    open_cells = [cell for cell in notebook.code_cells if not _is_tagged(notebook, cell)]
    cells = {cell.number: lower(cell) for cell in notebook.code_cells}
    statements = {number: classify(number, cell.tree) for number, cell in cells.items()}
    kinds = _kinds(open_cells, cells, statements)
    work = [cell for cell in notebook.code_cells if cell.number not in kinds]
    sections = _sections(headings_of(notebook), work, statements)
    names = _names(sections, _identifiers(cells.values()), _written_names(notebook, roles))
    suggestions: list[Suggestion] = []
    for cell in open_cells:
        if cell.number in kinds:
            tag, reason = kinds[cell.number]
            suggestions.append(Suggestion(cell=cell.number, tag=tag, reason=reason))
            continue
        section = _section_of(cell.number, sections)
        name = names.get(section.first, FIRST_STEP) if section else FIRST_STEP
        reason = section.reason if section else "it stands before the first heading"
        suggestions.append(Suggestion(cell=cell.number, tag=f"step:{name}", reason=reason))
    return tuple(suggestions)


def _is_tagged(notebook: Notebook, cell: Cell) -> bool:
    tags = read_tags(notebook.name, cell)
    return tags.kind is not None or bool(tags.flags)


def _written_names(notebook: Notebook, roles: tuple[Role | None, ...]) -> frozenset[str]:
    tagged = {cell.number for cell in notebook.code_cells if read_tags(notebook.name, cell).step is not None}
    return frozenset(role.step for number, role in enumerate(roles, 1) if role and role.step and number in tagged)


def _kinds(
    open_cells: list[Cell], cells: Mapping[int, LoweredCell], statements: Mapping[int, tuple[Statement, ...]]
) -> dict[int, tuple[str, str]]:
    """The cells that are no work: imports, functions, and one of parameters before all work."""
    kinds: dict[int, tuple[str, str]] = {}
    worked = has_parameters = False
    for cell in open_cells:
        found = statements[cell.number]
        if not found and not cells[cell.number].magics:
            empty = not cells[cell.number].error
            if empty:
                kinds[cell.number] = ("skip", "it has no statement")
        elif all(map(_is_import_or_option, found)):
            kinds[cell.number] = ("imports", "it imports, and sets options of libraries")
        elif all(_is_shared(statement) for statement in found):
            kinds[cell.number] = ("functions", "it defines functions or classes")
        elif not worked and not has_parameters and all(map(_is_parameter, found)):
            kinds[cell.number] = ("parameters", "it gives names to literals, before any work")
            has_parameters = True
        worked = worked or cell.number not in kinds
    return kinds


_OPTION_CALLS = re.compile(
    r"(\w+\.)*(set_option|set_printoptions|filterwarnings|simplefilter|set_theme|set_style|style\.use|set_config"
    r"|register_matplotlib_converters|rc|set_context|set_palette)$"
)


def _is_import_or_option(statement: Statement) -> bool:
    if statement.use is Use.IMPORT or _is_text(statement):
        return True
    match statement.node:
        case ast.Expr(value=ast.Call(func=func)):
            return _OPTION_CALLS.match(ast.unparse(func)) is not None
    return False


def _is_shared(statement: Statement) -> bool:
    return statement.use in (Use.IMPORT, Use.DEFINITION) or _is_text(statement)


def _is_text(statement: Statement) -> bool:
    match statement.node:
        case ast.Expr(value=ast.Constant()):
            return True
    return False


def _is_parameter(statement: Statement) -> bool:
    """A name for a literal that nothing changes in place."""
    match statement.node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            return not name.startswith("_") and _is_scalar(value)
    return _is_text(statement)


def _is_scalar(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=str() | int() | float()):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return True
    return False


def _sections(
    headings: tuple[Heading, ...], work: list[Cell], statements: Mapping[int, tuple[Statement, ...]]
) -> tuple[_Section, ...]:
    """By the shallowest level of headings that divides the work in two at least; else a section a cell."""
    for level in range(1, 7):
        chosen = [heading for heading in headings if heading.level <= level]
        used = {_last_before(cell.number, chosen) for cell in work} - {None}
        titles = [heading for heading in chosen if heading in used]
        if len(titles) >= 2:
            return tuple(
                _Section(first=heading.cell, title=heading.text, reason=f"under {heading.text!r}") for heading in titles
            )
    return tuple(
        _Section(first=cell.number, title=_title_of(cell, statements[cell.number]), reason="a step of its own")
        for cell in work
    )


def _last_before(cell: int, headings: list[Heading]) -> Heading | None:
    return next((heading for heading in reversed(headings) if heading.cell < cell), None)


def _section_of(cell: int, sections: tuple[_Section, ...]) -> _Section | None:
    return next((section for section in reversed(sections) if section.first <= cell), None)


def _title_of(cell: Cell, statements: tuple[Statement, ...]) -> str:
    first = cell.source.strip().split("\n")[0]
    comment = re.match(r"#+\s*(\w[\w\s,&/-]{3,60})$", first)
    if comment is not None:
        return comment.group(1)
    bound = {name for statement in statements for name in statement.names if statement.use is Use.BODY}
    in_order = [name for statement in statements for name in sorted(statement.names)]
    last = next((name for name in reversed(in_order) if name in bound), "")
    return f"make {last}" if last.strip("_") else f"cell {cell.number}"


def _identifiers(cells: Iterable[LoweredCell]) -> frozenset[str]:
    """Every name in the code: a step called like one of them would hide it."""
    found: set[str] = set()
    for cell in cells:
        found |= set(re.findall(r"[^\W\d]\w*", cell.text))
    return frozenset(found)


def _names(
    sections: tuple[_Section, ...], identifiers: frozenset[str], written: frozenset[str]
) -> dict[int, PythonName]:
    names: dict[int, PythonName] = {}
    taken = set(written)
    for section in sections:
        name = _name(section)
        if name in identifiers:
            name = PythonName(f"{name}_step")
        number = 2
        unique = name
        while unique in taken or unique in identifiers:
            unique = PythonName(f"{name}_{number}")
            number += 1
        taken.add(unique)
        names[section.first] = unique
    return names


def _name(section: _Section) -> PythonName:
    words = re.findall(r"[^\W_]+", _NUMBERING.sub("", section.title).replace("'", ""))
    telling = [word for word in words if word.lower() not in _SMALL_WORDS] or words
    try:
        return PythonName.of(" ".join(telling[:_WORDS]))
    except InvalidName:
        return PythonName(f"section_{section.first}")
