"""Paths that exist on one machine.

A path that starts at the root, at a drive or at a home folder is that of the machine on which the notebook was
written. In production the file is elsewhere, and the step fails or, worse, reads another file.

Instead of     df = pd.read_csv("/home/ann/churn/data.csv")
write          data_path = "data/churn.csv"        # in the cell tagged `parameters`, relative to the notebook
               df = pd.read_csv(data_path)
"""

import ast
import re
from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.trees import walk
from nb2prod.checks.cells import called_name, calls_of
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Severity
from nb2prod.model.notebook import RoleKind

_PATH = re.compile(
    r"^(?:/(?!/|dev/|proc/|sys/|tmp(?:/|$))[\w.-][^\n]*|[A-Za-z]:[\\/][^\n]*|\\\\\w[^\n]*|~[\w.-]*(?:[\\/][^\n]*)?)$"
)
_READS_OR_WRITES = re.compile(
    r"^(?:read_\w+|to_(?:csv|parquet|pickle|excel|json|hdf|feather|stata|html)|open|Path|PurePath|load\w*|save\w*|imread|"
    r"dump|imsave|genfromtxt|fromfile|listdir|glob|iglob|scandir|walk|makedirs|mkdir|chdir|join|exists|isfile|isdir|"
    r"expanduser|ExcelFile|ExcelWriter|HDFStore|ImageFolder|copy2?|copyfile|move|rmtree|remove|add_directory)$"
)
_NAMES_A_PATH = re.compile(
    r"(?:^|_)(?:path|paths|dir|folder|file|filename|filepath|fname|root|home|location)s?(?:_|$)", re.I
)
_HINT = 'make it a parameter with a path relative to the notebook: data_path = "data/..." in a `parameters` cell'


def look(analysis: Analysis) -> Iterator[Remark]:
    for cell in analysis.production:
        if cell.role.kind is not RoleKind.PARAMETERS:  # the run can say another one
            yield from _remarks(cell.lowered)


@remembered
def _remarks(cell: LoweredCell) -> list[Remark]:
    found: dict[str, Remark] = {}
    for node in _paths_of(cell.tree):
        text = _leading_text(node)
        if _PATH.match(text) and text not in found:
            message = f"{text!r} is a path of one machine"
            found[text] = Remark(cell=cell.number, line=node.lineno, message=message, hint=_HINT)
    return list(found.values())


def _paths_of(tree: ast.Module) -> Iterator[ast.expr]:
    """Expressions that are used as paths."""
    nodes = [node for node in walk(tree) if isinstance(node, ast.Assign)]
    for node in nodes:
        if any(isinstance(target, ast.Name) and _NAMES_A_PATH.search(target.id) for target in node.targets):
            yield node.value
    for call in calls_of(tree):
        if _READS_OR_WRITES.match(called_name(call)):
            yield from call.args[:2]
        yield from (given.value for given in call.keywords if given.arg and _NAMES_A_PATH.search(given.arg))


def _leading_text(node: ast.expr) -> str:
    """The text that a string expression starts with: of `"/data/" + name` and f"/data/{name}" it is "/data/"."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
        case ast.BinOp(left=left, op=ast.Add()):
            return _leading_text(left)
    return ""


PLUGIN = Rule(code="NB402", name="absolute-path", severity=Severity.WARNING, page=__doc__, look=look)
