"""A value that a step has not given yet. It is passed on as it is; whoever looks at it waits for it.

Steps are given values, never these. `pipeline.run` only passes them on; code between steps that a person has put
there may use them as the values that they stand for, but for `is` and `type`.
"""

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

from nb2prod.runtime.running.plan import Ref

__all__ = ["Pending", "ref_of", "settled"]

# names of special methods, without their underscores
_UNARY = (
    *("abs", "bool", "bytes", "ceil", "complex", "dir", "float", "floor", "hash", "index", "int", "invert", "iter"),
    *("len", "neg", "next", "pos", "repr", "reversed", "round", "str", "trunc"),
)
_NUMERIC = ("add", "and", "floordiv", "lshift", "matmul", "mod", "mul", "or", "pow", "rshift", "sub", "truediv", "xor")
_BINARY = (
    *("contains", "delitem", "divmod", "eq", "format", "ge", "getitem", "gt", "le", "lt", "ne", "rdivmod"),
    *(f"{prefix}{name}" for name in _NUMERIC for prefix in ("", "i", "r")),
)

_BUILTINS: dict[str, Callable[..., Any]] = {
    **{name: function for name in (*_UNARY, "divmod", "format") if callable(function := getattr(builtins, name, None))},
    **{name: getattr(math, name) for name in ("ceil", "floor", "trunc")},
}


class Pending:
    """`wait` gives the value of a Ref once it is there, and raises when it will never be."""

    __slots__ = ("_nb2prod_ref", "_nb2prod_wait")

    def __init__(self, ref: Ref, wait: Callable[[Ref], Any]) -> None:
        object.__setattr__(self, "_nb2prod_ref", ref)
        object.__setattr__(self, "_nb2prod_wait", wait)

    def __getattr__(self, name: str) -> Any:
        return getattr(_value(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_value(self), name, value)

    def __setitem__(self, key: Any, value: Any) -> None:
        _value(self)[key] = value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _value(self)(*args, **kwargs)

    def __reduce__(self) -> Any:
        raise TypeError("a value that is not there yet cannot be pickled; look at it first")


def ref_of(value: object) -> Ref | None:
    """Where a value will come from; None for one that is there."""
    return object.__getattribute__(value, "_nb2prod_ref") if type(value) is Pending else None


def settled(value: Any) -> Any:
    """The value itself, once it is there."""
    return _value(value) if type(value) is Pending else value


def _value(pending: Pending) -> Any:
    wait = object.__getattribute__(pending, "_nb2prod_wait")
    return wait(object.__getattribute__(pending, "_nb2prod_ref"))


def _passed_on(name: str) -> Callable[..., Any]:
    special = f"__{name}__"
    mirrored = name[1:] if name[0] == "r" and name[1:] in _BINARY else ""

    def method(self: Pending, *others: Any) -> Any:
        value, rest = _value(self), tuple(settled(other) for other in others)
        if mirrored:  # the other side is asked first, as Python does
            return _function(mirrored)(rest[0], value)
        known = _function(name)
        return known(value, *rest) if known is not None else getattr(type(value), special)(value, *rest)

    method.__name__ = special
    return method


def _function(name: str) -> Any:
    """What Python itself calls for the operation; None where there is no more to it than the method."""
    return vars(operator).get(f"__{name}__") or _BUILTINS.get(name)


for _name in (*_UNARY, *_BINARY):
    setattr(Pending, f"__{_name}__", _passed_on(_name))
