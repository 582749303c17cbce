"""What `pipeline.run` asks for, in order: each step, where its inputs come from, and what it must wait for.

    Plan.add(function, args, kwargs) → Node(name, function, inputs, before)

An input is a value, or a `Ref` to a field of an earlier node. `before` are the nodes that must have ended well: those
that an input comes from, the last one that touches the same hidden state, and those that the notebook's tags name.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_type_hints  # Any: a step's values

from nb2prod.runtime.telling.measure import inputs_of

__all__ = ["Node", "Plan", "Ref", "ancestors_in", "fields_of", "stand_in"]


@dataclass(frozen=True)
class Ref:
    """Field `field` of what node `step` gives; "" is all of it."""

    step: str
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A call of a step. `name` is the function's, numbered when it is called again; `number` counts from 0."""

    number: int
    name: str
    function: Callable[..., Any]
    inputs: Mapping[str, object]
    before: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """MODULE:NAME of its function."""
        return f"{self.function.__module__}:{self.function.__name__}"

    @property
    def policy(self) -> str:
        """The name that pipeline.toml has for it."""
        return self.function.__name__


@dataclass(kw_only=True)
class Plan:
    """`hidden` is the pipeline's HIDDEN_STATE; `after` has the steps that must come before one, from the tags."""

    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    _touched: dict[str, str] = field(default_factory=dict)  # state → the last node that touches it
    _calls: dict[str, int] = field(default_factory=dict)  # function's name → how often it was called
    _latest: dict[str, str] = field(default_factory=dict)  # function's name → its last node

    def add(
        self,
        function: Callable[..., Any],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        ref: Callable[[object], Ref | None] = lambda value: value if isinstance(value, Ref) else None,
    ) -> Node:
        """`ref` says for an argument where it comes from; None for a value."""
        known = function.__name__
        inputs = {name: _origin(value, ref) for name, value in inputs_of(function, args, kwargs).items()}
        states = frozenset(self.hidden.get(known, ()))
        before = [value.step for value in inputs.values() if isinstance(value, Ref)]
        before += [self._touched[state] for state in sorted(states) if state in self._touched]
        before += [self._latest[name] for name in self.after.get(known, ()) if name in self._latest]
        node = Node(
            number=len(self.nodes),
            name=self._free(known),
            function=function,
            inputs=inputs,
            before=tuple(dict.fromkeys(before)),
            states=states,
        )
        self.nodes[node.name] = node
        self._touched |= dict.fromkeys(states, node.name)
        self._latest[known] = node.name
        return node

    def forget_inputs(self, node: Node) -> None:
        """Of a node that has ended: big values must not outlive their last user."""
        self.nodes[node.name] = replace(node, inputs={})

    def ancestors(self, name: str) -> list[Node]:
        """All that must have ended before it, in the order in which they were asked for."""
        found = ancestors_in(lambda each: self.nodes[each].before, name)
        return sorted((self.nodes[each] for each in found), key=lambda node: node.number)

    def _free(self, name: str) -> str:
        number = self._calls.get(name, 0) + 1
        while (unique := name if number == 1 else f"{name}-{number}") in self.nodes:
            number += 1
        self._calls[name] = number
        return unique


def ancestors_in(before: Callable[[str], Iterable[str]], name: str) -> set[str]:
    """All that must have ended before it: also what left hidden state, and what that needed in turn."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = [each for each in before(waiting.pop()) if each not in found]
        found.update(new)
        waiting += new
    return found


def _origin(value: object, ref: Callable[[object], Ref | None]) -> object:
    found = ref(value)
    return value if found is None else found


def fields_of(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The names of what a step gives: of its NamedTuple, ("",) for a single value, none for no value.

    None when its annotation does not tell.
    """
    annotation = _returned(function)
    if annotation is None or annotation is type(None):
        return ()
    if annotation is Any and "return" not in getattr(function, "__annotations__", {}):
        return None
    names = getattr(annotation, "_fields", None)
    return tuple(names) if names is not None and annotation.__module__ == function.__module__ else ("",)


def stand_in(function: Callable[..., Any], make: Callable[[str], Any]) -> Any:
    """What a call of the step gives, with `make(field)` in the place of each value."""
    names = fields_of(function)
    if names == ():
        return None
    if names is None or names == ("",):
        return make("")
    return _returned(function)(*(make(name) for name in names))


def _returned(function: Callable[..., Any]) -> Any:
    try:
        return get_type_hints(function).get("return", Any)
    except Exception:  # an annotation may name what is not there
        annotation = getattr(function, "__annotations__", {}).get("return", Any)
        known = getattr(sys.modules.get(function.__module__), str(annotation), Any)
        return known if isinstance(annotation, str) else annotation
