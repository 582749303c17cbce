"""Where each name is bound in the production cells: by an import, a definition, a parameter or ordinary work."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.imports import ImportUnit, import_units
from nb2prod.model.notebook import RoleKind

_BUILTINS = frozenset(dir(builtins))


class Kind(StrEnum):
    IMPORT = "import"
    DEFINITION = "definition"
    DATA = "data"
    PARAMETER = "parameter"


@dataclass(frozen=True, kw_only=True, eq=False)
class Site:
    name: str
    kind: Kind
    cell: int
    line: int
    statement: Statement | None = None
    unit: ImportUnit | None = None

    @property
    def is_late_import(self) -> bool:
        """`from math import pi` in a notebook that says `math.pi = 4`: what it brings depends on where it stands."""
        return self.kind is Kind.DATA and self.statement is not None and self.statement.use is Use.IMPORT


@dataclass(kw_only=True)
class Sites:
    by_name: defaultdict[str, list[Site]] = field(default_factory=lambda: defaultdict(list))
    by_cell: defaultdict[int, list[Site]] = field(default_factory=lambda: defaultdict(list))
    _kinds: defaultdict[str, set[Kind]] = field(default_factory=lambda: defaultdict(set))

    def add(self, site: Site) -> None:
        self.by_name[site.name].append(site)
        self._kinds[site.name].add(site.kind)
        self.by_cell[site.cell].append(site)

    def kinds(self, name: str) -> Set[Kind]:
        return self._kinds.get(name, frozenset())

    def units(self, name: str) -> list[ImportUnit]:
        return [site.unit for site in self.by_name.get(name, ()) if site.unit]

    def is_import_only(self, name: str) -> bool:
        """Every binding of the name imports the same thing (or parts of one package)."""
        if self.kinds(name) != {Kind.IMPORT}:
            return False
        units = self.units(name)
        return len({unit.text for unit in units}) == 1 or all(unit.is_plain for unit in units)

    def dotted(self, node: ast.expr, *, through_calls: bool = False) -> str:
        """pandas.read_csv for pd.read_csv; "" for what hangs on something other than an import or a builtin. With
        `through_calls`, logging.getLogger.setLevel for logging.getLogger("a").setLevel."""
        attributes: list[str] = []
        while True:
            if isinstance(node, ast.Attribute):
                attributes.insert(0, node.attr)
                node = node.value
            elif through_calls and isinstance(node, ast.Call):
                node = node.func
            else:
                break
        if not isinstance(node, ast.Name):
            return ""
        if node.id not in self.by_name:
            return ".".join([node.id, *attributes])
        if not self.is_import_only(node.id):
            return ""
        unit = self.units(node.id)[0]
        return ".".join([node.id if unit.is_plain else unit.dotted, *attributes])

    def is_made_again(self, name: str) -> bool:
        """What the name was once, it may not be later."""
        return len(self.by_name.get(name, ())) > 1 and not self.is_import_only(name)

    def is_ordered(self, name: str) -> bool:
        """What the name means depends on where one stands: data, what is made again, what hides Python's own."""
        is_data = bool(self.kinds(name) & {Kind.DATA, Kind.PARAMETER})
        return is_data or self.is_made_again(name) or (name in self.by_name and name in _BUILTINS)

    def ordered_in(self, cell: int) -> set[str]:
        """Of the names that the cell makes, a star import's among them, those that mean something else elsewhere."""
        return {site.name for site in self.by_cell.get(cell, ()) if self.is_ordered(site.name)}

    def data_names(self, cell: int) -> set[str]:
        return {site.name for site in self.by_cell.get(cell, ()) if site.kind is Kind.DATA}


def find_sites(analysis: Analysis) -> Sites:
    sites = Sites()
    for cell in analysis.production:
        for site in sorted(_cell_sites(cell, analysis), key=lambda site: site.line):
            sites.add(site)
    return sites


def _cell_sites(cell: CellAnalysis, analysis: Analysis) -> list[Site]:
    found = [site for statement in cell.statements for site in _statement_sites(cell, statement, analysis)]
    known = {site.name for site in found} | {"__annotations__"}
    made = [name for name in cell.effects.binds if name not in known]
    lines = cell.effects.binds
    return found + [Site(name=name, kind=Kind.DATA, cell=cell.number, line=lines[name]) for name in made]


def _statement_sites(cell: CellAnalysis, statement: Statement, analysis: Analysis) -> list[Site]:
    line, number = statement.node.lineno, cell.number
    if statement.use is Use.IMPORT:
        units = import_units(statement, cell.lowered.text, analysis.star_names)
        late = {unit for unit in units if unit.member and f"attribute:{unit.dotted}" in analysis.states}
        return [
            Site(name=name, kind=Kind.DATA, cell=number, line=line, statement=statement)
            if unit in late
            else Site(name=name, kind=Kind.IMPORT, cell=number, line=line, statement=statement, unit=unit)
            for unit in units
            for name in unit.names
        ]
    kind = Kind.DEFINITION if statement.use is Use.DEFINITION else Kind.DATA
    if cell.role.kind is RoleKind.PARAMETERS and isinstance(statement.node, ast.Assign | ast.AnnAssign):
        kind = Kind.PARAMETER
    return [Site(name=name, kind=kind, cell=number, line=line, statement=statement) for name in sorted(statement.names)]
