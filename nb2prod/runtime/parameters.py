"""Parameters given as text (a command line) or as values (JSON), checked before anything starts.

Nothing is evaluated: containers are read as Python literals or as JSON, and text for a `str` is taken as it is.
"""

import ast
import dataclasses
import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nb2prod.runtime.annotations import Misfit, Shape, fit, shape_of
from nb2prod.runtime.errors import ParameterError

__all__ = ["Spec", "check_parameters", "coerce", "comments_of", "parse_value", "specs_of", "specs_of_source"]

_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_NOTHING = {"none", "null"}
_NOT_READ = object()


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A parameter: `annotation` as text; `comment` is for a reader."""

    name: str
    annotation: str = "Any"
    default: object = None
    comment: str = ""


def parse_value(text: str, annotation: str, default: object = None) -> object:
    """The value that a text stands for. Raises Misfit, whose text says what would fit."""
    return _read(text, shape_of(annotation, default))


def coerce(given: Mapping[str, object], specs: Iterable[Spec]) -> dict[str, object]:
    """The given parameters as values of their types. Raises ParameterError for all that do not exist or fit."""
    known = {spec.name: spec for spec in specs}
    troubles = [_unknown(name, list(known)) for name in given if name not in known]
    values = {}
    for name, value in given.items():
        if name not in known:
            continue
        spec = known[name]
        try:
            shape = shape_of(spec.annotation, spec.default)
            values[name] = _read(value, shape) if isinstance(value, str) else fit(value, shape)
        except Misfit as misfit:
            shown = value if isinstance(value, str) else repr(value)
            troubles.append(f"parameter '{name}' was given {_short(shown)!r}, which is not {_article(str(misfit))}")
    if troubles:
        raise ParameterError("\n".join(troubles))
    return values


def check_parameters(parameters: type[Any], given: Mapping[str, object]) -> dict[str, object]:
    """`coerce` for the package's frozen dataclass."""
    return coerce(given, specs_of(parameters))


def specs_of(parameters: type[Any]) -> tuple[Spec, ...]:
    return tuple(
        Spec(name=field.name, annotation=_text_of(field.type), default=_default(field))
        for field in dataclasses.fields(parameters)
    )


def specs_of_source(source: str) -> tuple[Spec, ...]:
    """The fields of the class Parameters in a module's text, without importing it."""
    comments = comments_of(source)
    return tuple(
        Spec(
            name=node.target.id,
            annotation=ast.unparse(node.annotation),
            default=_literal_default(node.value),
            comment=comments.get(node.target.id, ""),
        )
        for node in _fields(source)
        if isinstance(node.target, ast.Name)
    )


def comments_of(source: str) -> dict[str, str]:
    """The comment behind each field of the class Parameters."""
    import io
    import tokenize

    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    texts = {t.start[0]: t.string.lstrip("# ").rstrip() for t in tokens if t.type == tokenize.COMMENT}
    fields = [node for node in _fields(source) if isinstance(node.target, ast.Name)]
    return {
        n.target.id: texts[n.end_lineno or 0]
        for n in fields
        if isinstance(n.target, ast.Name) and n.end_lineno in texts
    }


def _read(text: str, shape: Shape) -> object:
    if shape.kind == "union":
        return _read_union(text, shape)
    if shape.kind == "choice":
        return _read_choice(text, shape)
    if shape.kind == "plain" and shape.name in _PLAIN_READERS:
        return _PLAIN_READERS[shape.name](text)
    value = _literal(text)
    if shape.kind == "any":
        return text if value is _NOT_READ else value
    if value is _NOT_READ:
        raise Misfit(shape.text)
    return fit(value, shape)


def _read_union(text: str, shape: Shape) -> object:
    """None first, then the types that are hard to please; a `str` takes what nothing else does."""
    order = ["None", "int", "float", "bool"]
    parts = sorted(shape.parts, key=lambda p: order.index(p.name) if p.name in order else 9 if p.name == "str" else 5)
    for part in parts:
        try:
            return _read(text, part)
        except Misfit:
            continue
    raise Misfit(shape.text)


def _read_choice(text: str, shape: Shape) -> object:
    for choice in shape.values:
        if text == choice or (not isinstance(choice, str) and text.strip() == str(choice)):
            return choice
    raise Misfit(f"one of {', '.join(map(repr, shape.values))}")


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Misfit("int") from None


def _read_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Misfit("float") from None


def _read_bool(text: str) -> bool:
    try:
        return _BOOLS[text.strip().lower()]
    except KeyError:
        raise Misfit("bool (true, false, yes, no, 1 or 0)") from None


def _read_none(text: str) -> None:
    if text.strip().lower() not in _NOTHING:
        raise Misfit("None")


_PLAIN_READERS: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": _read_int,
    "float": _read_float,
    "bool": _read_bool,
    "None": _read_none,
}


def _literal(text: str) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of text that looks like dubious code
        for reader in (ast.literal_eval, json.loads):
            try:
                value: object = reader(text.strip())
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
            return value
    return _NOT_READ


def _unknown(name: str, known: list[str]) -> str:
    import difflib

    if not known:
        return f"there is no parameter '{name}': the pipeline has none"
    close = difflib.get_close_matches(name.replace("-", "_"), known, n=2)
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"there is no parameter '{name}'{hint} (the parameters are {', '.join(known)})"


def _article(text: str) -> str:
    return text if text.startswith("one of") else f"{'an' if text[:1] in 'aeiou' else 'a'} {text}"


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _text_of(annotation: object) -> str:
    if isinstance(annotation, str):
        return annotation
    plain = isinstance(annotation, type) and not hasattr(annotation, "__args__")
    return str(annotation.__name__) if plain and isinstance(annotation, type) else str(annotation)


def _default(field: "dataclasses.Field[Any]") -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def _fields(source: str) -> list[ast.AnnAssign]:
    classes = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Parameters"]
    return [node for cls in classes for node in cls.body if isinstance(node, ast.AnnAssign)]


def _literal_default(node: ast.expr | None) -> object:
    if isinstance(node, ast.Call) and node.keywords and isinstance(node.keywords[0].value, ast.Lambda):
        node = node.keywords[0].value.body  # field(default_factory=lambda: [...])
    try:
        return ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None
