"""Passwords, keys and tokens in the code.

The notebook, the generated project and git's history keep what a cell says, for everyone who can read them. A secret
that stood in a notebook is to be replaced by a new one.

Instead of     engine = create_engine("postgresql://ann:s3cr3t@db/churn")
write          engine = create_engine(os.environ["CHURN_DATABASE_URL"])
"""

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.classify import is_import
from nb2prod.analysis.fixes import in_place_of, text_fix
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.trees import children
from nb2prod.checks.cells import imported_names
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Edit, Fix, Severity
from nb2prod.model.notebook import RoleKind

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
        for line, found in _secrets(cell.lowered).items():
            name = found[0].name
            message = f"{f'`{name}`' if name else 'the text'} looks like a secret"
            fix = _from_environment(analysis, cell, found)
            yield Remark(cell=cell.number, line=line, message=message, hint=_HINT, fix=fix)


@dataclass(frozen=True, kw_only=True)
class _Secret:
    """A string literal, and the name that it is given to, or ""; `is_whole`: an expression may stand in its place."""

    name: str
    value: ast.Constant
    is_whole: bool


@remembered
def _secrets(cell: LoweredCell) -> dict[int, list[_Secret]]:
    """By line."""
    found: dict[int, dict[int, _Secret]] = {}
    inside = {id(part) for node in cell.nodes if isinstance(node, ast.JoinedStr | ast.Expr) for part in children(node)}
    for name, value in _named_texts(cell.nodes):
        if _is_secret(name, str(value.value)):
            secret = _Secret(name=name, value=value, is_whole=id(value) not in inside)
            found.setdefault(value.lineno, {}).setdefault(value.col_offset, secret)
    return {line: list(secrets.values()) for line, secrets in found.items()}


def _from_environment(analysis: Analysis, cell: CellAnalysis, secrets: Sequence[_Secret]) -> Fix | None:
    """Not for parameters, which must be literals."""
    if not all(each.is_whole for each in secrets):
        return None
    if cell.role.kind is RoleKind.PARAMETERS or imported_names(analysis).get("os", "os") != "os":
        return None
    names = _variables(analysis)
    variables = [names[str(secret.value.value)] for secret in secrets]
    beside = [] if _knows_os(analysis, cell) else _import_os(analysis, cell)
    if beside is None:
        return None
    title = f"Read it from the environment variable {', '.join(variables)}; set it, and replace the secret by a new one"
    texts = [in_place_of(each.value, f'os.environ["{v}"]') for each, v in zip(secrets, variables, strict=True)]
    return text_fix(cell.lowered, title, texts, beside)


def _variables(analysis: Analysis) -> dict[str, str]:
    """A name for each secret of the notebook: that of what first holds it, and no name twice."""
    names: dict[str, str] = {}
    for cell in analysis.cells:
        for secret in (each for found in _secrets(cell.lowered).values() for each in found):
            plain = re.sub(r"\W+", "_", secret.name, flags=re.ASCII).strip("_").upper() or "SECRET"
            plain = f"SECRET_{plain}" if plain[0].isdigit() else plain
            text, name, number = str(secret.value.value), plain, 2
            while text not in names and name in names.values():
                name, number = f"{plain}_{number}", number + 1
            names.setdefault(text, name)
    return names


def _knows_os(analysis: Analysis, cell: CellAnalysis) -> bool:
    """An earlier cell imports it, or the first line of this one that is no import comes after it."""
    before = [each for each in analysis.production if each.number < cell.number]
    if any(_imports_os(statement.node) for each in before for statement in each.statements):
        return True
    head = itertools.takewhile(is_import, cell.lowered.tree.body)
    return any(_imports_os(node) for node in head)


def _imports_os(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import) and any(alias.name == "os" and not alias.asname for alias in node.names)


def _import_os(analysis: Analysis, cell: CellAnalysis) -> list[Edit] | None:
    """Above the first import of the last `imports` cell before the secret, or of its own cell; None where a cell's
    first line is a magic's."""
    above = [each for each in analysis.production if each.role.kind is RoleKind.IMPORTS and each.number < cell.number]
    into = above[-1] if above else cell
    body = into.lowered.tree.body
    later = [node for node in body if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    first = next((node for node in later if is_import(node)), later[0] if later else None)
    source = into.lowered.source.split("\n")
    if first is None or first not in body or source[first.lineno - 1] != into.lowered.lines[first.lineno - 1]:
        return None
    if first.col_offset or source[0].startswith("%%"):
        return None
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    line = min([first.lineno, *(decorator.lineno for decorator in decorators)])
    return [Edit(cell=into.number, first=line, last=line - 1, text="import os")]


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
