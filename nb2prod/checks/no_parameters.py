"""No cell is tagged `parameters`.

What differs between two runs of a pipeline (the data, a threshold, the size of the test set) is a parameter. The
assignments of the cell tagged `parameters` become the parameters, with the values as defaults, of the pipeline, of
`nb2prod run -p NAME=VALUE`, and of papermill. Without such a cell every change is a change of code.

Instead of     train, test = train_test_split(df, test_size=0.25, random_state=7)
write          test_size = 0.25        # in a cell of its own, tagged `parameters`
               random_state = 7
               …
               train, test = train_test_split(df, test_size=test_size, random_state=random_state)
"""

import ast
from collections import Counter
from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.checks.cells import calls_of
from nb2prod.checks.check import Remark, Rule
from nb2prod.checks.secret import names_a_secret
from nb2prod.model.finding import Severity
from nb2prod.model.notebook import RoleKind

_USUAL = frozenset(
    {"test_size", "random_state", "seed", "n_estimators", "max_depth", "n_clusters", "learning_rate", "C"}
    | {"epochs", "batch_size", "n_splits", "n_neighbors", "threshold"}
)
_MOST = 6


def look(analysis: Analysis) -> Iterator[Remark]:
    if not analysis.cells or any(cell.role.kind is RoleKind.PARAMETERS for cell in analysis.cells):
        return
    candidates = [*_assigned(analysis), *_given(analysis)]
    hint = "tag the cell that sets what may differ from run to run"
    if candidates:
        more = ", …" if len(candidates) > _MOST else ""
        hint = f"candidates: {', '.join(candidates[:_MOST])}{more}"
    yield Remark(message="no cell is tagged `parameters`, so every run is the same run", hint=hint)


def _assigned(analysis: Analysis) -> list[str]:
    """Names that get one literal, once, at the top level; a secret is no parameter, nor to be told here."""
    bound = Counter(
        node.id
        for cell in analysis.cells
        for node in cell.lowered.nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    )
    found = []
    for cell in analysis.production:
        for node in cell.lowered.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if _varies(name, bound[name], value):
                    found.append(f"{name} = {ast.unparse(value)} (cell {cell.number})")
    return found


def _varies(name: str, times: int, value: ast.expr) -> bool:
    return times == 1 and _is_literal(value) and not names_a_secret(name)


def _given(analysis: Analysis) -> list[str]:
    """Literals given to arguments that people vary."""
    return list(
        dict.fromkeys(
            f"{given.arg}={ast.unparse(given.value)} (cell {cell.number})"
            for cell in analysis.production
            for call in calls_of(cell.lowered.tree)
            for given in call.keywords
            if given.arg in _USUAL and _is_literal(given.value)
        )
    )


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and _is_literal(node.operand)
    if not isinstance(node, ast.Constant):
        return False
    value = node.value  # Python writes no whole number of more than 4300 digits
    return abs(value) < 10**40 if isinstance(value, int) else isinstance(value, float | str) and len(str(value)) <= 40


PLUGIN = Rule(code="NB403", name="no-parameters", severity=Severity.INFO, page=__doc__, look=look)
