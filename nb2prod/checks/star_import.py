"""Star imports.

`from numpy import *` brings hundreds of names, and some of them hide builtins (`sum`, `abs`, `any`). Who reads the
code cannot tell where a name comes from, and a new version of the library brings other names. nb2prod looks up the
names that are used and converts the cell; where it cannot look them up it refuses the cell (NB207).

Instead of     from numpy import *
               m = mean(x)
write          import numpy as np
               m = np.mean(x)
"""

import ast
import textwrap
from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.fixes import in_place_of, text_fix
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.texts import mentioned
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Edit, Fix, Severity

_WIDE = 100


def look(analysis: Analysis) -> Iterator[Remark]:
    refused = {(finding.cell, finding.line) for finding in analysis.findings if finding.code == "NB207"}
    for cell in analysis.production:
        for node in _stars(cell.lowered):
            if (cell.number, node.lineno) not in refused:
                message = f"`{ast.unparse(node)}` hides where names come from"
                hint = f"import the names that are used: from {_module(node)} import ..."
                yield Remark(
                    cell=cell.number,
                    line=node.lineno,
                    message=message,
                    hint=hint,
                    fix=_by_name(analysis, _module(node)),
                )


@remembered
def _stars(cell: LoweredCell) -> list[ast.ImportFrom]:
    if "*" not in cell.text:
        return []
    found = [node for node in cell.nodes if isinstance(node, ast.ImportFrom)]
    return [node for node in found if any(alias.name == "*" for alias in node.names)]


def _module(node: ast.ImportFrom) -> str:
    return f"{'.' * node.level}{node.module or ''}"


def _by_name(analysis: Analysis, module: str) -> Fix | None:
    """In all star imports of the module, the names that any cell says, those tagged `skip` too. Where there are none,
    who knows what the import is for."""
    brought = analysis.star_names.get(module, frozenset())
    said = {name for each in analysis.cells for name in _names(each.lowered)}
    said |= {name for each in analysis.cells for magic in each.lowered.magics for name in magic.reads}
    names = sorted(brought & said)
    title = f"Import by name what the notebook says: {len(names)} of {len(brought)} names"
    edits: tuple[Edit, ...] = ()
    for cell in analysis.production:
        nodes = [node for node in _stars(cell.lowered) if _module(node) == module]
        if nodes and names:
            fix = text_fix(cell.lowered, title, [in_place_of(node, _written(node, names)) for node in nodes], edits)
            if fix is None:
                return None
            edits = fix.edits
    return Fix(title=title, edits=edits) if edits else None


def _written(node: ast.ImportFrom, names: list[str]) -> str:
    head = f"from {_module(node)} import "
    text = head + ", ".join(names)
    if node.col_offset + len(text) <= _WIDE:
        return text
    indent = " " * node.col_offset
    lines = textwrap.wrap(", ".join(names), _WIDE - 4)
    return "\n".join([f"{head}(", *(f"{indent}    {line}" for line in lines), f"{indent})"])


@remembered
def _names(cell: LoweredCell) -> frozenset[str]:
    return mentioned([cell.tree])


PLUGIN = Rule(code="NB406", name="star-import", severity=Severity.INFO, page=__doc__, look=look)
