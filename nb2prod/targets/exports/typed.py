"""A pipeline's parameters as the forms of others know them: numbers, flags and texts.

What is none of these (a list, a tuple, a None) is a text that stands for it: `-p NAME=TEXT` gives the same value again,
where JSON would make a list of a tuple, and Kubeflow floats of the integers in a list.
"""

import math
from dataclasses import dataclass

from nb2prod.runtime.annotations import Misfit, shape_of
from nb2prod.runtime.parameters import Spec, parse_value
from nb2prod.targets.exports.base import ExportOrder, Note
from nb2prod.targets.exports.texts import one_line

__all__ = ["Typed", "typed_parameters"]

_KINDS: dict[str, type] = {"integer": int, "number": float, "boolean": bool, "string": str}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """`kind` is integer, number, boolean, string, or literal: a text that stands for the value."""

    name: str
    kind: str
    default: object  # an int, a float, a bool or a str
    about: str
    choices: tuple[str, ...] = ()


def typed_parameters(order: ExportOrder) -> tuple[tuple[Typed, ...], tuple[Note, ...]]:
    """Those that a form can give, with the values that were given as defaults; and notes on the others."""
    found, notes = [], []
    for spec in order.specs:
        typed = _typed(spec, order.values.get(spec.name, spec.default))
        if typed is None:
            notes.append(_unsayable(spec))
        else:
            found.append(typed)
    return tuple(found), tuple(notes)


def _typed(spec: Spec, value: object) -> Typed | None:
    shape = shape_of(spec.annotation, spec.default)
    about = one_line(spec.comment) or spec.name
    choices = tuple(each for each in shape.values if isinstance(each, str))
    if shape.kind == "choice" and isinstance(value, str) and len(choices) == len(shape.values):
        return Typed(name=spec.name, kind="string", default=value, about=about, choices=choices)
    plain = shape.name if shape.kind == "plain" else ""
    value = float(value) if plain == "float" and type(value) is int else value
    for kind, wanted in _KINDS.items():
        if plain == wanted.__name__ and type(value) is wanted and _is_json(value):
            return Typed(name=spec.name, kind=kind, default=value, about=about)
    text = _text(spec, value)
    told = f"{about} (a Python literal: {one_line(shape.text)})"
    return None if text is None else Typed(name=spec.name, kind="literal", default=text, about=told)


def _is_json(value: object) -> bool:
    """Also to those who take every number for a float."""
    if isinstance(value, int):
        return abs(value) <= 2**53
    return not isinstance(value, float) or math.isfinite(value)


def _text(spec: Spec, value: object) -> str | None:
    """The text that is read as this value again."""
    for text in (*([value] if isinstance(value, str) else []), repr(value)):
        try:
            read = parse_value(text, spec.annotation, spec.default)
        except Misfit:
            continue
        if repr(read) == repr(value):
            return text
    return None


def _unsayable(spec: Spec) -> Note:
    return Note(
        what=f"parameter {spec.name}",
        why=f"no text stands for {one_line(repr(spec.default))[:60]}",
        do="it keeps its default; to have another, change parameters.py and export again",
    )
