"""Tags for the cells that have none: what each cell is by its statements, and steps of cells that belong together.

Steps come from the headings, or, in a notebook without them, from what the cells do. Neighbours that cannot be parted
are joined: the conversion itself says which. A person reads the suggestions before they are written.
"""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.analysis.classify import Statement, Use, statements_of
from nb2prod.analysis.displays import displays_of
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.magics import LoweredCell, lower
from nb2prod.analysis.partings import settle
from nb2prod.analysis.step_names import main_doing, name_of_code, name_of_words
from nb2prod.analysis.step_runs import Run, by_code, by_headings
from nb2prod.analysis.trees import walk
from nb2prod.model.notebook import Cell, Notebook, Role
from nb2prod.notebooks.headings import headings_of
from nb2prod.notebooks.roles import FIRST_STEP, roles_of
from nb2prod.notebooks.tags import read_tags
from nb2prod.source import PythonName

__all__ = ["Suggestion", "suggest"]


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """`tag` for a cell, and the reason in a few words."""

    cell: int
    tag: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A notebook's code cells, lowered and classified."""

    notebook: Notebook
    cells: Mapping[int, LoweredCell]
    statements: Mapping[int, tuple[Statement, ...]]
    open_cells: tuple[Cell, ...]

    def of(self, run: Run) -> tuple[Statement, ...]:
        return tuple(statement for cell in run.cells for statement in self.statements[cell])


def suggest(notebook: Notebook, known: Knowledge = KNOWN) -> tuple[Suggestion, ...]:
    """A tag for each code cell that has none of ours. The tags there are stay; raises when they are wrong."""
    roles = roles_of(notebook)
    reading = _read(notebook, known)
    kinds = _kinds(reading)
    work = [cell.number for cell in reading.open_cells if cell.number not in kinds]
    tagged = [cell.number for cell in notebook.code_cells if _is_step(roles[cell.number - 1], cell, reading)]
    runs = by_headings(headings_of(notebook), work, tagged) or by_code(work, tagged, reading.statements)
    kinds, runs = settle(notebook, kinds, runs, known)
    names = _names(runs, reading, _written_names(notebook, roles))
    steps = {cell: (run, names[run.cells[0]]) for run in runs for cell in run.cells}
    return tuple(_suggestion(cell.number, kinds, steps, reading) for cell in reading.open_cells)


def _read(notebook: Notebook, known: Knowledge) -> _Reading:
    cells = {cell.number: lower(cell) for cell in notebook.code_cells}
    displays = displays_of((cell.tree for cell in cells.values()), known)
    return _Reading(
        notebook=notebook,
        cells=cells,
        statements={number: statements_of(cell, displays) for number, cell in cells.items()},
        open_cells=tuple(cell for cell in notebook.code_cells if not _is_tagged(notebook, cell)),
    )


def _suggestion(
    cell: int,
    kinds: Mapping[int, tuple[str, str]],
    steps: Mapping[int, tuple[Run, PythonName]],
    reading: _Reading,
) -> Suggestion:
    if cell in kinds:
        tag, reason = kinds[cell]
        return Suggestion(cell=cell, tag=tag, reason=reason)
    run, name = steps[cell]
    reason = dict(run.joined).get(cell) or (f"under {run.heading!r}" if run.heading else _why(run, reading))
    return Suggestion(cell=cell, tag=f"step:{name}", reason=reason)


def _why(run: Run, reading: _Reading) -> str:
    if headings_of(reading.notebook) and run.cells[0] < headings_of(reading.notebook)[0].cell:
        return "it stands before the first heading"
    doing = main_doing(reading.of(run))
    return doing.verb.told if doing else "a step of its own"


def _is_step(role: Role | None, cell: Cell, reading: _Reading) -> bool:
    """A cell whose own tag puts it into a step: a suggested step does not reach over it."""
    return role is not None and role.step is not None and cell not in reading.open_cells


def _is_tagged(notebook: Notebook, cell: Cell) -> bool:
    tags = read_tags(notebook.name, cell)
    return tags.kind is not None or bool(tags.flags)


def _written_names(notebook: Notebook, roles: tuple[Role | None, ...]) -> frozenset[str]:
    tagged = {cell.number for cell in notebook.code_cells if read_tags(notebook.name, cell).step is not None}
    return frozenset(role.step for number, role in enumerate(roles, 1) if role and role.step and number in tagged)


# ---------------------------------------------------------------------- cells that are no work


def _kinds(reading: _Reading) -> dict[int, tuple[str, str]]:
    """The cells that are no work: imports, functions, what only shows, and one of parameters before all work."""
    kinds: dict[int, tuple[str, str]] = {}
    worked = has_parameters = False
    for cell in reading.open_cells:
        found, lowered = reading.statements[cell.number], reading.cells[cell.number]
        if not found and not lowered.magics:
            if not lowered.error:
                kinds[cell.number] = ("skip", "it has no statement")
        elif found and not lowered.magics and all(map(_only_shows, found)):
            kinds[cell.number] = ("skip", "it only shows values")
        elif all(map(_is_import_or_option, found)):
            kinds[cell.number] = ("imports", "it imports, and sets options of libraries")
        elif all(map(_is_shared, found)) or (_defines(found) and all(_is_shared(s) or _is_constant(s) for s in found)):
            kinds[cell.number] = ("functions", "it defines functions or classes")
        elif not worked and not has_parameters and all(map(_is_parameter, found)):
            kinds[cell.number] = ("parameters", "it gives names to literals, before any work")
            has_parameters = True
        worked = worked or cell.number not in kinds
    return kinds


def _only_shows(statement: Statement) -> bool:
    """A value to look at, such as `df.head()` or `df.info()`: nothing of it reaches another cell."""
    match statement.node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(), attr="info"), args=[], keywords=[])):
            return True
        case ast.Expr(value=ast.Constant()):
            return False
    return statement.use is Use.DISPLAY


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


def _defines(statements: Sequence[Statement]) -> bool:
    return any(statement.use is Use.DEFINITION for statement in statements)


def _is_constant(statement: Statement) -> bool:
    """`PLANS = ["basic", "family"]`, which functions beside it use."""
    match statement.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper():
            return not any(isinstance(inner, ast.Call | ast.Name) for inner in walk(value))
    return False


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


# ---------------------------------------------------------------------- names


def _names(runs: Sequence[Run], reading: _Reading, written: frozenset[str]) -> dict[int, PythonName]:
    """For each run, by its first cell, a name that no other step and nothing in the code has."""
    names: dict[int, PythonName] = {}
    identifiers = _identifiers(reading.cells.values())
    taken = set(written)
    for run in runs:
        name = _name(run, reading)
        if name in identifiers:
            name = PythonName(f"{name}_step")
        number = 2
        unique = name
        while unique in taken or unique in identifiers:
            unique = PythonName(f"{name}_{number}")
            number += 1
        taken.add(unique)
        names[run.cells[0]] = unique
    return names


def _name(run: Run, reading: _Reading) -> PythonName:
    if not run.heading and _why(run, reading) == "it stands before the first heading":
        return FIRST_STEP
    by_heading = name_of_words(run.heading) if run.heading else None
    by_code = name_of_code(reading.of(run), reading.notebook.cell(run.cells[0]).source)
    return by_heading or by_code or PythonName(f"cell_{run.cells[0]}")


def _identifiers(cells: Iterable[LoweredCell]) -> frozenset[str]:
    """Every name in the code: a step called like one of them would hide it."""
    found: set[str] = set()
    for cell in cells:
        found |= set(re.findall(r"[^\W\d]\w*", cell.text))
    return frozenset(found)
