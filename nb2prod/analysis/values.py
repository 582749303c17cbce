"""Abstract values: which objects a value is or holds, which definitions it can call, and its rough kind.

    own    objects that the value is, or is a part or view of: mutating the value mutates them
    held   objects that it contains: mutating them shows in the value
    defs   functions and classes that using the value may call

An object is a label: a number for one made in a cell, `param:NAME` or `global:NAME` inside a function's body.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

Label = int | str


@dataclass(eq=False, kw_only=True)
class Definition:
    """A function, class or lambda of the notebook. What calling it does, the environment knows."""

    name: str
    cell: int
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)


@dataclass(kw_only=True)
class Summary:
    """What calling a definition does to the world outside its own frame."""

    exposed: dict[str, int] = field(default_factory=dict)  # globals read before the body surely binds them
    reads: set[str] = field(default_factory=set)  # all globals looked up at call time, nested functions included
    must_bind: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    mutated: set[Label] = field(default_factory=set)
    may_mutated: set[Label] = field(default_factory=set)
    drawn: set[Label] = field(default_factory=set)  # changed if they are figures: `data.plot()` leaves a table alone
    state: set[str] = field(default_factory=set)
    opaque: list[tuple[int, str]] = field(default_factory=list)
    returned: set[Label] = field(default_factory=set)  # params and globals that the result is, or is a part of
    kept: set[Label] = field(default_factory=set)  # those that the result holds
    raised: set[Label] = field(default_factory=set)  # those that an exception holds
    returns_function: bool = False
    implicit: bool = False  # of a class: using an instance at all may change it (properties, operators)
    methods: dict[str, Definition] = field(default_factory=dict)


@dataclass(frozen=True)
class Value:
    own: frozenset[Label] = frozenset()
    held: frozenset[Label] = frozenset()
    defs: frozenset[Definition] = frozenset()
    kind: str = ""

    @property
    def reach(self) -> frozenset[Label]:
        """Own and held; the objects of a value are asked for often, and may be thousands."""
        if not self.held:
            return self.own
        found: frozenset[Label] | None = self.__dict__.get("_reach")
        if found is None:
            found = self.__dict__["_reach"] = self.own | self.held
        return found

    @property
    def is_definition(self) -> bool:
        return self.kind == "def"

    @property
    def immutable(self) -> bool:
        return self.kind.startswith("import:")


NOTHING = Value()


def globals_among(labels: Iterable[Label]) -> set[Label]:
    """Those that stand, in a function's body, for what the notebook's names have when it is called."""
    return {label for label in labels if str(label).startswith("global:")}


def union(*values: Value) -> Value:
    """A value that is one of these."""
    if not values:
        return NOTHING
    first, *others = values
    own, held, defs, kind = first.own, first.held, first.defs, first.kind
    for other in others:  # a list that a long notebook fills holds thousands: nothing is copied that can be shared
        own = own | other.own if own and other.own else own or other.own
        held = held | other.held if held and other.held else held or other.held
        defs = defs | other.defs if defs and other.defs else defs or other.defs
        kind = kind if kind == other.kind else ""
    return Value(own=own, held=held, defs=defs, kind=kind)


def part_of(value: Value) -> Value:
    """An attribute, item or view: changing it changes the whole, and it may be one of what the whole holds."""
    return Value(own=value.reach, held=value.held, defs=value.defs)


def aliasing(label: Label, *values: Value, kind: str = "") -> Value:
    """An object that may be one of these values, or share its memory."""
    made = holding(label, *values, kind=kind)
    return Value(own=made.own | made.held, held=made.held, defs=made.defs, kind=kind)


def holding(label: Label, *values: Value, kind: str = "") -> Value:
    """A new object that keeps references to these values."""
    return Value(
        own=frozenset({label}),
        held=frozenset().union(*[value.reach for value in values]),
        defs=frozenset().union(*[value.defs for value in values]),
        kind=kind,
    )
