"""What every process of the package does before any step: imports that act when they are made, and calls that set
something for the whole process.

`import hvplot.pandas` gives tables a method, `sys.path.append("..")` lets later imports find their modules, and
`tqdm.pandas()` switches something on: in a notebook all that follows has it. A step may have a process of its own, so
such lines leave their cells for `steps/__init__.py`, which stands before the module of every step.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.classify import Statement, Use, is_star_import
from nb2prod.analysis.fragments import comment_above
from nb2prod.analysis.imports import ImportUnit, import_lines
from nb2prod.analysis.routing import Routed
from nb2prod.analysis.sites import Kind, Sites
from nb2prod.analysis.trees import walk
from nb2prod.model.notebook import RoleKind

__all__ = ["Setting", "effect_units", "settings_of", "setup_lines"]

_EXTENDING = frozenset({"append", "insert", "extend"})
_OF_PATHS = frozenset({"resolve", "absolute", "joinpath", "as_posix", "expanduser", "cwd", "home", "format"})
_PATH_FUNCTIONS = ("os.path.", "os.getcwd", "pathlib.")
_WORK = frozenset({"filesystem", "matplotlib.figure"})
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A statement that leaves its cell, as its text and with the imports that the text needs."""

    statement: Statement
    text: str
    units: frozenset[ImportUnit]


class _NotMovable(Exception):
    """Where the statement stands makes a difference."""


def settings_of(analysis: Analysis, sites: Sites) -> tuple[Setting, ...]:
    """The statements that set something for the whole process and give the same at its beginning."""
    finder = _Finder(analysis, sites)
    statements = (statement for cell in analysis.production for statement in cell.statements)
    return tuple(finder.found()) if any(map(finder.may_be_one, statements)) else ()


def effect_units(steps: Iterable[Routed], analysis: Analysis, sites: Sites) -> frozenset[ImportUnit]:
    """Imports that may act and that nothing else names, where a step from there on would not make them by itself."""
    found: set[ImportUnit] = set()
    steps = list(steps)
    for cell in analysis.production:
        for site in sites.by_cell.get(cell.number, ()):
            unit = site.unit
            if unit is None or not _acts(unit, site.statement, analysis):
                continue
            if site.name in analysis.reads and not (unit.is_plain and "." in unit.module):
                continue
            later = [step for step in steps if step.draft.last >= cell.number]
            if any(unit.text not in {each.text for each in step.units} for step in later):
                found.add(unit)
    return frozenset(found)


def setup_lines(settings: Iterable[Setting], effects: Iterable[ImportUnit]) -> tuple[str, ...]:
    """Imports and statements in the notebook's order, each import once."""
    settings = sorted(settings, key=lambda setting: (setting.statement.cell, setting.statement.first))
    waiting = {*effects, *(unit for setting in settings for unit in setting.units)}
    lines: list[str] = []
    for setting in settings:
        place = (setting.statement.cell, setting.statement.first)
        before = {unit for unit in waiting if (unit.cell, unit.line) <= place or unit in setting.units}
        waiting -= before
        lines += [*import_lines(before), setting.text]
    return (*lines, *import_lines(waiting))


def _acts(unit: ImportUnit, statement: Statement | None, analysis: Analysis) -> bool:
    is_star = statement is not None and is_star_import(statement.node)
    is_known = bool(unit.module) and not unit.module.startswith(".")
    return is_known and not is_star and analysis.known.acts_at_import(unit.dotted)


def _calls(node: ast.AST | None) -> bool:
    return node is not None and any(isinstance(part, ast.Call | ast.Await) for part in walk(node))


class _Finder:
    """Goes through the cells in order, and notes what was done before a statement.

    `used` are the packages that code named, in functions too; `imported` the imports that may act, which stay before
    the statement; after the first work `has_worked`, and `has_moved` after a change of the working folder.
    """

    def __init__(self, analysis: Analysis, sites: Sites) -> None:
        self.analysis = analysis
        self.sites = sites
        self.used: set[str] = set()
        self.imported: set[ImportUnit] = set()
        self.has_worked = False
        self.has_moved = False
        self.is_path_read = any(map(self.reads_path, (s for cell in analysis.production for s in cell.statements)))

    def found(self) -> Iterator[Setting]:
        for cell in self.analysis.production:
            for statement in cell.statements:
                if statement.use is Use.IMPORT:
                    self.note_import(statement)
                    continue
                try:
                    if cell.role.kind is RoleKind.PARAMETERS:
                        raise _NotMovable
                    yield self.setting(statement, cell)
                except _NotMovable:
                    self.note(statement)

    def may_be_one(self, statement: Statement) -> bool:
        """By its form alone: most notebooks have none."""
        match statement.node:
            case ast.Expr(value=ast.Call(func=function)) | ast.If(body=[ast.Expr(value=ast.Call(func=function))]):
                dotted, known = self.dotted(function), self.analysis.known
                return dotted.startswith("sys.path.") or known.is_addition(dotted) or known.is_setting(dotted)
        return False

    def reads_path(self, statement: Statement) -> bool:
        """Work that looks at `sys.path` sees where in it a folder was put; what is only shown may differ."""
        if isinstance(statement.node, ast.Expr | ast.Import | ast.ImportFrom):
            return False
        found = [node for node in statement.nodes if isinstance(node, ast.Attribute) and node.attr == "path"]
        return any(self.dotted(node) == "sys.path" for node in found) and not self.may_be_one(statement)

    def note_import(self, statement: Statement) -> None:
        units = {site.unit for site in self.sites.by_cell[statement.cell] if site.statement is statement and site.unit}
        acting = {unit for unit in units if _acts(unit, statement, self.analysis)}
        self.imported |= acting
        is_plain = isinstance(statement.node, ast.Import | ast.ImportFrom) and bool(units)
        is_unsure = any(self.analysis.known.acts_at_import(unit.dotted) for unit in units - acting)
        self.has_worked = self.has_worked or not is_plain or is_unsure

    def note(self, statement: Statement) -> None:
        names = {node.id for node in statement.nodes if isinstance(node, ast.Name)}
        self.used |= {unit.module.split(".")[0] for name in names for unit in self.sites.units(name)}
        moving = {node.attr for node in statement.nodes if isinstance(node, ast.Attribute)}
        self.has_moved = self.has_moved or bool(moving & {"chdir", "fchdir"})
        self.has_worked = self.has_worked or not self.is_quiet(statement)

    def is_quiet(self, statement: Statement) -> bool:
        """Nothing is called but what sets something itself."""
        node = statement.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return not node.decorator_list and not any(map(_calls, (*node.args.defaults, *node.args.kw_defaults)))
        if statement.use is Use.DISPLAY or not _calls(node):
            return True
        calls = [part for part in statement.nodes if isinstance(part, ast.Call)]
        return isinstance(node, ast.Expr) and all(map(self.is_setting_too, calls))

    def is_setting_too(self, call: ast.Call) -> bool:
        dotted = self.dotted(call.func)
        states = {*self.analysis.known.states_of_function(dotted)}
        return bool(states) and not any(state in _WORK or "random" in state for state in states)

    def setting(self, statement: Statement, cell: CellAnalysis) -> Setting:
        """Raises _NotMovable."""
        node, inlined = statement.node, _Inlined(self)
        match node:
            case ast.Expr(value=ast.Call() as call) if self.extends_path(call):
                new: ast.stmt = ast.Expr(inlined.visit(deepcopy(call)))
            case ast.If(
                test=ast.Compare(ops=[ast.NotIn()], comparators=[there]),
                body=[ast.Expr(value=ast.Call() as call)],
                orelse=[],
            ) if self.extends_path(call) and self.dotted(there) == "sys.path":
                new = inlined.visit(deepcopy(node))
            case ast.Expr(value=ast.Call() as call) if self.is_setting(call):
                new = node
            case _:
                raise _NotMovable
        text = ast.unparse(new) if inlined.has_replaced else ast.get_source_segment(cell.lowered.text, node) or ""
        names = {part.id for part in walk(new) if isinstance(part, ast.Name)}
        units = self.imported.union(*(self.units(name, statement) for name in names))
        return Setting(
            statement=statement, text=comment_above(statement, cell.lowered.text) + text, units=frozenset(units)
        )

    def units(self, name: str, statement: Statement) -> list[ImportUnit]:
        """Of imports that stand before the statement. Raises _NotMovable when there is none."""
        units = self.sites.units(name)
        if name in _BUILTINS and name not in self.sites.by_name:
            return []
        if not units or not any((unit.cell, unit.line) <= (statement.cell, statement.first) for unit in units):
            raise _NotMovable
        return units[:1]

    def extends_path(self, call: ast.Call) -> bool:
        function = call.func
        is_one = isinstance(function, ast.Attribute) and function.attr in _EXTENDING
        return is_one and self.dotted(call.func).startswith("sys.path.") and not (self.has_moved or self.is_path_read)

    def is_setting(self, call: ast.Call) -> bool:
        dotted = self.dotted(call.func)
        package = dotted.partition(".")[0]
        known = self.analysis.known
        sets = known.is_addition(dotted) or (known.is_setting(dotted) and not self.has_worked)
        if not sets or package in self.used:
            return False
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        inner = [*arguments, *(each for part in walk(call.func) if isinstance(part, ast.Call) for each in part.args)]
        return all(self.is_constant(each) for each in inner)

    def is_constant(self, node: ast.expr) -> bool:
        """A literal, or something of a module such as `logging.INFO`."""
        if isinstance(node, ast.List | ast.Tuple):
            return all(map(self.is_constant, node.elts))
        return isinstance(node, ast.Constant) or (isinstance(node, ast.Attribute) and bool(self.dotted(node)))

    def dotted(self, node: ast.expr) -> str:
        return self.sites.dotted(node, through_calls=True)

    def value_of(self, name: str) -> ast.expr:
        """What a name is from its only assignment on. Raises _NotMovable."""
        sites = self.sites.by_name.get(name, [])
        node = sites[0].statement.node if len(sites) == 1 and sites[0].statement else None
        if not isinstance(node, ast.Assign) or sites[0].kind is not Kind.DATA or self.changes(name):
            raise _NotMovable
        if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            raise _NotMovable
        return node.value

    def changes(self, name: str) -> bool:
        reworked = any(name in cell.effects.reworked for cell in self.analysis.production)
        return reworked or name in self.analysis.mutated


class _Inlined(ast.NodeTransformer):
    """A path's expression with the values of the notebook's names in their places. Raises _NotMovable for what may
    give something else at the beginning of the process."""

    def __init__(self, finder: _Finder) -> None:
        self.finder = finder
        self.inside: set[str] = set()
        self.has_replaced = False

    def visit_Name(self, node: ast.Name) -> ast.expr:
        is_builtin = node.id in ("str", "repr") and node.id not in self.finder.sites.by_name
        if is_builtin or self.finder.sites.is_import_only(node.id):
            return node
        if node.id in self.inside:
            raise _NotMovable
        self.inside.add(node.id)
        found: ast.expr = self.visit(deepcopy(self.finder.value_of(node.id)))
        self.inside.discard(node.id)
        self.has_replaced = True
        return found

    def visit_Call(self, node: ast.Call) -> ast.expr:
        dotted, function = self.finder.dotted(node.func), node.func
        is_method = isinstance(function, ast.Attribute) and function.attr in _OF_PATHS
        is_plain = isinstance(function, ast.Name) and function.id in ("str", "repr")
        if not (is_plain or is_method or dotted.startswith((*_PATH_FUNCTIONS, "sys.path."))):
            raise _NotMovable
        self.generic_visit(node)
        return node
