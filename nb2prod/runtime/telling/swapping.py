"""Hears the calls of a library's function, whoever holds it by whatever name, and leaves the function what it is.

The code of the function is exchanged while one listens: the object stays the same, so that what is pickled, compared
or kept while the step runs holds nothing of ours. A wrapper put in its place would miss `from library import function`.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any  # what any function takes and gives

__all__ = ["Hook", "Swap", "swapped"]

# called in the place of a function: with the function as it was, and what it was given
Hook = Callable[[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]], Any]


def _template(*args: Any, **kwargs: Any) -> Any:
    hook: Any = "hook"
    original: Any = "original"
    return hook(original, args, kwargs)


class Swap:
    """A function and the code that calls a hook in its place; made once, used for every step."""

    def __init__(self, function: FunctionType, hook: Hook) -> None:
        self.function, self.own = function, function.__code__
        original = FunctionType(
            self.own, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        original.__kwdefaults__, original.__annotations__ = function.__kwdefaults__, function.__annotations__
        self.code = _calling(hook, original, self.own)
        # whoever asks for its signature, as sklearn does, gets the one that it has
        known = {"__signature__", "__wrapped__"} & function.__dict__.keys()
        self.signature = None if known else inspect.signature(original)

    def on(self) -> bool:
        """False when it is on already, or somebody else has changed the function."""
        if self.function.__code__ is not self.own:
            return False
        self.function.__code__ = self.code
        if self.signature:
            self.function.__signature__ = self.signature  # type: ignore[attr-defined]
        return True

    def off(self) -> None:
        if self.function.__code__ is self.code:
            self.function.__code__ = self.own
            if self.signature:
                self.function.__dict__.pop("__signature__", None)


@contextmanager
def swapped(swaps: Iterable[Swap]) -> Iterator[None]:
    """Those that are on already stay on afterwards."""
    on: list[Swap] = []
    try:
        on += [swap for swap in swaps if swap.on()]
        yield
    finally:
        for swap in on:
            swap.off()


def _calling(hook: Hook, original: FunctionType, code: CodeType) -> CodeType:
    """Code that the function can take: as many free variables as its own, none of which it uses."""
    found = {"hook": hook, "original": original}
    template = _template.__code__
    consts = tuple(found.get(each, each) if isinstance(each, str) else each for each in template.co_consts)
    return template.replace(co_consts=consts, co_freevars=code.co_freevars, co_name=code.co_name)
