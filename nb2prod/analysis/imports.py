"""Import statements as units that can be put at the top of any module."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nb2prod.analysis.classify import Statement
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.scopes import bound_names


@dataclass(frozen=True, kw_only=True)
class ImportUnit:
    """One imported name. `module` and `member` as in `from module import member as name`; a `try` of imports is kept
    whole in `text` and may bind several names."""

    cell: int
    line: int
    names: frozenset[str]
    module: str = ""
    member: str = ""
    text: str = ""

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.member}" if self.member else self.module

    @property
    def is_plain(self) -> bool:
        """`import a.b`: it adds to what the name `a` reaches and replaces nothing."""
        return not self.member and self.text == f"import {self.module}"


@remembered
def import_units(statement: Statement, source: str, stars: dict[str, frozenset[str]]) -> tuple[ImportUnit, ...]:
    """The units of an import statement. A star import is one unit for each name that the module brings."""
    node, cell, line = statement.node, statement.cell, statement.node.lineno
    if isinstance(node, ast.Import):
        return tuple(_import(cell, line, alias) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        return tuple(_from(cell, line, module, member, name) for member, name in _members(node, module, stars))
    text = ast.get_source_segment(source, node) or ""
    return (ImportUnit(cell=cell, line=line, names=bound_names([node]), text=text),)


def _members(node: ast.ImportFrom, module: str, stars: dict[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    for alias in node.names:
        if alias.name == "*":
            yield from ((name, name) for name in sorted(stars.get(module, ())))
        else:
            yield alias.name, alias.asname or alias.name


def _import(cell: int, line: int, alias: ast.alias) -> ImportUnit:
    name = alias.asname or alias.name.split(".")[0]
    text = f"import {alias.name} as {alias.asname}" if alias.asname else f"import {alias.name}"
    return ImportUnit(cell=cell, line=line, names=frozenset({name}), module=alias.name, text=text)


def _from(cell: int, line: int, module: str, member: str, name: str) -> ImportUnit:
    text = f"from {module} import {member}" + (f" as {name}" if name != member else "")
    return ImportUnit(cell=cell, line=line, names=frozenset({name}), module=module, member=member, text=text)


def import_lines(units: Iterable[ImportUnit]) -> tuple[str, ...]:
    """The statements for these units, in notebook order; members of one module share a statement."""
    lines: dict[str, list[str]] = {}
    for unit in sorted(
        set(units), key=lambda unit: (unit.module != "__future__", unit.cell, unit.line, unit.dotted, unit.text)
    ):
        if unit.member:
            member = unit.text.partition(" import ")[2]
            members = lines.setdefault(f"from {unit.module} import ", [])
            if member not in members:
                members.append(member)
        else:
            lines.setdefault(unit.text, [])
    return tuple(head + ", ".join(members) for head, members in lines.items())


# of no cell: what a package needs for what a notebook has without
DISPLAY = _from(0, 0, "IPython.display", "display", "display")
PYPLOT = _import(0, 0, ast.alias("matplotlib.pyplot", "plt"))
