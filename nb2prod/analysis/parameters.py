"""The parameters cell: assignments of literals, with their types and comments."""

import ast
import contextlib
import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.magics import LoweredCell, lower
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import Parameter
from nb2prod.source import PythonName

_TAGS = frozenset({"parameters", "pipeline-parameters"})
_Place = tuple[int, bool]  # the line of a comment, and whether it has the line to itself


def read_parameters(cell: LoweredCell, statements: tuple[Statement, ...]) -> tuple[list[Parameter], list[Finding]]:
    """The parameters of a cell, and a finding for each statement that is none."""
    comments = _comments(cell.text)
    parameters: dict[str, Parameter] = {}
    findings: list[Finding] = []
    for statement in statements:
        if statement.use in (Use.IMPORT, Use.DISPLAY):
            continue
        parameter = _parameter(cell.number, statement.node, comments)
        if parameter is not None:
            parameters[parameter.name] = parameter
        elif not _is_text(statement.node):
            findings.append(_not_a_literal(cell.number, statement))
    return list(parameters.values()), findings


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """`default` is a literal's repr, the text of what is computed, or "": then the parameter must be given."""

    name: str
    annotation: str
    default: str
    comment: str
    cell: int
    line: int


def declared_parameters(notebook: Notebook) -> tuple[tuple[str, str, str, str], ...]:
    """What a job may be given, whatever the other tags are: (name, annotation, default, comment) of each."""
    return tuple((each.name, each.annotation, each.default, each.comment) for each in declarations(notebook))


def declarations(notebook: Notebook) -> tuple[Declaration, ...]:
    """What a job may be given, each with the place where it was last said."""
    found: dict[str, Declaration] = {}
    for cell in notebook.code_cells:
        if _TAGS.intersection(cell.tags):
            lowered = lower(cell)
            comments = _comments(lowered.text)
            for node in lowered.tree.body:
                _declare(found, cell.number, node, comments)
    return tuple(found.values())


def _declare(found: dict[str, Declaration], cell: int, node: ast.stmt, comments: Mapping[_Place, str]) -> None:
    """`x: int` and then `x = 1` is one parameter."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            written = ""
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            written = ast.unparse(annotation)
        case _:
            return
    before = found.get(name, Declaration(name=name, annotation="", default="", comment="", cell=0, line=0))
    given, kind = _default_of(value)
    found[name] = Declaration(
        name=name,
        annotation=written or before.annotation or kind,
        default=given or before.default,
        comment=_comment_of(node, comments) or before.comment,
        cell=cell,
        line=node.lineno,
    )


def _default_of(value: ast.expr | None) -> tuple[str, str]:
    """The text of a default, and its type."""
    if value is None:
        return "", ""
    try:
        default = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ast.unparse(value), "Any"
    return repr(default), _type_of(default)


def _parameter(cell: int, node: ast.stmt, comments: Mapping[_Place, str]) -> Parameter | None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            annotation = ""
        case ast.AnnAssign(target=ast.Name(id=name), annotation=written, value=ast.expr() as value):
            annotation = ast.unparse(written)
        case _:
            return None
    try:
        default = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return Parameter(
        name=PythonName(name),
        annotation=annotation or _type_of(default),
        default=default,
        comment=_comment_of(node, comments),
        cell=cell,
        line=node.lineno,
    )


def _comment_of(node: ast.stmt, comments: Mapping[_Place, str]) -> str:
    return comments.get((node.end_lineno or node.lineno, False)) or comments.get((node.lineno - 1, True), "")


def _type_of(default: object) -> str:
    return "Any" if default is None else type(default).__name__


def _comments(text: str) -> dict[_Place, str]:
    """Those up to where the tokenizer gives up: it is stricter than the parser, on a last backslash for one."""
    found: dict[_Place, str] = {}
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        found.update(_comment_tokens(text))
    return found


def _comment_tokens(text: str) -> Iterator[tuple[_Place, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            alone = token.line.lstrip().startswith("#")
            yield (token.start[0], alone), token.string.lstrip("# ").rstrip()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _not_a_literal(cell: int, statement: Statement) -> Finding:
    text = ast.unparse(statement.node).split("\n")[0]
    return Finding(
        code="NB105",
        severity=Severity.ERROR,
        cell=cell,
        line=statement.first,
        message=f"the parameters cell holds `{text}`, which is not a name with a literal value",
        hint="keep only literals in the parameters cell and move what is computed to the next cell",
    )
