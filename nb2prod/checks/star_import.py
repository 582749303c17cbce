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
from nb2prod.model.finding import Fix, Severity

_WIDE = 100


def look(analysis: Analysis) -> Iterator[Remark]:
    refused = {(finding.cell, finding.line) for finding in analysis.findings if finding.code == "NB207"}
    for cell in analysis.production:
        if "*" not in cell.lowered.text:
            continue
        for node in cell.lowered.nodes:
            stars = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
            if isinstance(node, ast.ImportFrom) and stars and (cell.number, node.lineno) not in refused:
                message = f"`{ast.unparse(node)}` hides where names come from"
                hint = f"import the names that are used: from {'.' * node.level}{node.module or ''} import ..."
                fix = _by_name(analysis, cell.lowered, node)
                yield Remark(cell=cell.number, line=node.lineno, message=message, hint=hint, fix=fix)


def _by_name(analysis: Analysis, cell: LoweredCell, node: ast.ImportFrom) -> Fix | None:
    """The names that any cell says, those tagged `skip` too. Where there are none, who knows what the import is for."""
    module = f"{'.' * node.level}{node.module or ''}"
    brought = analysis.star_names.get(module, frozenset())
    said = {name for each in analysis.cells for name in _names(each.lowered)}
    said |= {name for each in analysis.cells for magic in each.lowered.magics for name in magic.reads}
    names = sorted(brought & said)
    if not names or len(node.names) != 1:
        return None
    head = f"from {module} import "
    text = head + ", ".join(names)
    if node.col_offset + len(text) > _WIDE:
        lines = textwrap.wrap(", ".join(names), _WIDE - 4)
        indent = " " * node.col_offset
        text = "\n".join([f"{head}(", *(f"{indent}    {line}" for line in lines), f"{indent})"])
    return text_fix(cell, f"Import the {len(names)} names that the notebook says", [in_place_of(node, text)])


@remembered
def _names(cell: LoweredCell) -> frozenset[str]:
    return mentioned([cell.tree])


PLUGIN = Rule(code="NB406", name="star-import", severity=Severity.INFO, page=__doc__, look=look)
