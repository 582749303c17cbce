"""Passwords, keys and tokens in the code.

The notebook, the generated project and git's history keep what a cell says, for everyone who can read them. A secret
that stood in a notebook is to be replaced by a new one.

Instead of     engine = create_engine("postgresql://ann:s3cr3t@db/churn")
write          engine = create_engine(os.environ["CHURN_DATABASE_URL"])
"""

import ast
import re
from collections.abc import Iterable, Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Severity

_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|pwd|secret|client_?secret|secret_?key|api_?key|access_?key|private_?key|"
    r"auth_?token|access_?token|api_?token|bearer)(?:_|$)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?:^|_)(?:token|credentials?)$", re.IGNORECASE)
_FORMATS = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|sk-[A-Za-z0-9_-]{20,}|xox[baprs]-[\w-]{10,}|hf_[A-Za-z0-9]{30,}|"
    r"AIza[\w-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\w+://[^:/\s{}]+:[^@/\s{}<*]{3,}@"
)
_PLACEHOLDER = re.compile(
    r"^(?:your|my|the|some|enter|insert|change|replace|example|dummy|fake|test|none|null|todo|xxx|\*|\.|<|\{|\$)"
    r"|(?:here|xxx+|\*\*\*)$|\s",
    re.IGNORECASE,
)
_HINT = 'read it from the environment, os.environ["NAME"], and replace the secret by a new one: this one is known'


def look(analysis: Analysis) -> Iterator[Remark]:
    for cell in analysis.cells:  # those tagged `skip` too: the project keeps the notebook
        yield from _remarks(cell.lowered)


@remembered
def _remarks(cell: LoweredCell) -> list[Remark]:
    found: dict[int, Remark] = {}
    for name, value in _named_texts(cell.nodes):
        if value.lineno not in found and _is_secret(name, str(value.value)):
            message = f"{f'`{name}`' if name else 'the text'} looks like a secret"
            found[value.lineno] = Remark(cell=cell.number, line=value.lineno, message=message, hint=_HINT)
    return list(found.values())


def names_a_secret(name: str) -> bool:
    """By its name alone, the value should be seen by nobody."""
    return bool(_NAME.search(name) or _TOKEN.search(name))


def _is_secret(name: str, text: str) -> bool:
    if _FORMATS.search(text):
        return True
    if len(text) < 4 or _PLACEHOLDER.search(text):
        return False
    if _TOKEN.search(name):
        return len(text) >= 16 and any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return bool(_NAME.search(name)) and not re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", text)


def _named_texts(nodes: list[ast.AST]) -> Iterator[tuple[str, ast.Constant]]:
    """String literals with the name that they are given to; those without a name come last."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[target], value=ast.Constant(value=str()) as value):
                yield _name_of(target), value
            case ast.AnnAssign(target=target, value=ast.Constant(value=str()) as value):
                yield _name_of(target), value
            case ast.keyword(arg=str(name), value=ast.Constant(value=str()) as value):
                yield name, value
            case ast.Dict(keys=keys, values=values):
                yield from _items(zip(keys, values, strict=True))
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield "", node


def _items(pairs: Iterable[tuple[ast.expr | None, ast.expr]]) -> Iterator[tuple[str, ast.Constant]]:
    for key, value in pairs:
        if key is not None and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield _name_of(key), value


def _name_of(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return ""


PLUGIN = Rule(code="NB409", name="secret", severity=Severity.WARNING, page=__doc__, look=look)
