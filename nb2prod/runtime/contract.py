"""The one thing that generated code asks of whoever runs it."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

__all__ = ["StepRunner"]

P = ParamSpec("P")
T = TypeVar("T")


class StepRunner(Protocol):
    """Calls a step's function with its arguments and gives what it gives; `lambda f, *a, **k: f(*a, **k)` will do."""

    def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...
