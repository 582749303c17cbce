"""Does a value fit an annotation? Decided from the annotation's text, so that nothing is imported or evaluated.

Shape = Plain(name) | Container(name, item shapes) | Union(shapes) | Choice(values) | Anything
"""

import ast
from dataclasses import dataclass

__all__ = ["ANY", "Misfit", "Shape", "fit", "shape_of"]

CONTAINERS = {
    "list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "dict": dict,
    "List": list, "Tuple": tuple, "Set": set, "FrozenSet": frozenset, "Dict": dict,
    "Sequence": list, "Iterable": list, "Collection": list, "Mapping": dict, "MutableMapping": dict,
}  # fmt: skip
_PLAIN = {"int": int, "float": float, "bool": bool, "str": str, "bytes": bytes, "complex": complex, "None": type(None)}


class Misfit(ValueError):
    """The value does not fit; the text says what would."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`kind` is "plain", "container", "union", "choice" or "any"; `text` is the annotation as written."""

    kind: str
    text: str
    name: str = ""
    parts: "tuple[Shape, ...]" = ()
    values: tuple[object, ...] = ()


ANY = Shape(kind="any", text="Any")


def shape_of(annotation: str, default: object = None) -> Shape:
    """What we do not know is taken for the type of the default, else for Any."""
    try:
        found = _shape(ast.parse(annotation.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = None
    if found is not None:
        return found
    name = type(default).__name__
    if default is None or type(default).__module__ != "builtins" or name not in _PLAIN.keys() | CONTAINERS.keys():
        return ANY
    return _named(name)


def fit(value: object, shape: Shape) -> object:
    """The value, as a float for an int where a float is wanted, a list as a tuple, and so on. Raises Misfit."""
    if shape.kind == "any":
        return value
    if shape.kind == "choice":
        for choice in shape.values:
            if value == choice and type(value) is type(choice):
                return choice
        raise Misfit(f"one of {', '.join(map(repr, shape.values))}")
    if shape.kind == "union":
        return _fit_union(value, shape)
    return _fit_plain(value, shape) if shape.kind == "plain" else _fit_container(value, shape)


def _fit_union(value: object, shape: Shape) -> object:
    for part in sorted(shape.parts, key=lambda part: part.name != type(value).__name__):
        try:
            return fit(value, part)
        except Misfit:
            continue
    raise Misfit(shape.text)


def _fit_plain(value: object, shape: Shape) -> object:
    wanted = _PLAIN[shape.name]
    if type(value) is wanted:
        return value
    if wanted is float and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise Misfit("a float") from None
    raise Misfit(shape.text)


def _fit_container(value: object, shape: Shape) -> object:
    wanted = CONTAINERS[shape.name]
    if wanted is dict:
        if not isinstance(value, dict):
            raise Misfit(shape.text)
        key, item = shape.parts if len(shape.parts) == 2 else (ANY, ANY)
        try:
            return {fit(k, key): fit(v, item) for k, v in value.items()}
        except (TypeError, Misfit):
            raise Misfit(shape.text) from None
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise Misfit(shape.text)
    fixed = wanted is tuple and bool(shape.parts) and shape.parts[-1].text != "..."
    if fixed and len(value) != len(shape.parts):
        raise Misfit(shape.text)
    shapes = shape.parts if fixed else (shape.parts[:1] or (ANY,)) * len(value)
    try:
        made: object = wanted(fit(item, part) for item, part in zip(value, shapes, strict=True))
    except (TypeError, Misfit):
        raise Misfit(shape.text) from None  # an item that does not fit, or a list in a set
    return made


def _shape(node: ast.expr) -> Shape | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _shape(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Constant):
        return {None: _named("None"), ...: Shape(kind="any", text="...")}.get(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union(node, [node.left, node.right])
    if isinstance(node, ast.Subscript):
        return _subscript(node)
    name = _last(node)
    if name in ("Any", "object"):
        return ANY
    return _named(name) if name in _PLAIN or name in CONTAINERS else None


def _subscript(node: ast.Subscript) -> Shape | None:
    name = _last(node.value)
    items = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    text = ast.unparse(node)
    if name == "Literal":
        return Shape(kind="choice", text=text, values=tuple(ast.literal_eval(item) for item in items))
    if name == "Optional":
        return _union(node, [*items, ast.Constant(value=None)])
    if name == "Union":
        return _union(node, items)
    if name not in CONTAINERS:
        return _shape(items[0]) if name in ("Final", "Annotated") else None
    parts = tuple(_shape(item) or ANY for item in items)
    return Shape(kind="container", text=text, name=name, parts=parts)


def _union(node: ast.expr, items: list[ast.expr]) -> Shape:
    parts = [_shape(item) or ANY for item in items]
    flat = [inner for part in parts for inner in (part.parts if part.kind == "union" else (part,))]
    if any(part.kind == "any" for part in flat):
        return ANY
    return Shape(kind="union", text=ast.unparse(node), parts=tuple(flat))


def _named(name: str) -> Shape:
    return Shape(kind="container" if name in CONTAINERS else "plain", text=name, name=name)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
