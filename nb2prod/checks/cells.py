"""Calls of a notebook, by the full name of what they call."""

import ast
from collections.abc import Mapping

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.trees import walk


def imported_names(analysis: Analysis) -> dict[str, str]:
    """What each imported name stands for: {"np": "numpy", "split": "sklearn.model_selection.train_test_split"}."""
    names: dict[str, str] = {}
    for cell in analysis.cells:
        names |= _imported(cell.lowered)
    return names


@remembered
def _imported(cell: LoweredCell) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in cell.nodes:
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name.split(".")[0]: _module(alias) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def full_name(node: ast.expr, imported: Mapping[str, str]) -> str:
    """`np.random.seed` as "numpy.random.seed"; "" for what is not a name reached through an import or a builtin."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or (parts and node.id not in imported):
        return ""
    return ".".join([imported.get(node.id, node.id), *reversed(parts)])


def called_name(call: ast.Call) -> str:
    """The last name of what is called: `read_csv` of `pd.read_csv(...)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def calls_of(tree: ast.AST) -> list[ast.Call]:
    """All calls, in order of lines."""
    calls = [node for node in walk(tree) if isinstance(node, ast.Call)]
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((given.value for given in call.keywords if given.arg == name), None)


def _module(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.split(".")[0]
