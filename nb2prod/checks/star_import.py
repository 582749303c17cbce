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
from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Severity


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
                yield Remark(cell=cell.number, line=node.lineno, message=message, hint=hint)


PLUGIN = Rule(code="NB406", name="star-import", severity=Severity.INFO, page=__doc__, look=look)
