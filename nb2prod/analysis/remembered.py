"""What was worked out for a cell is not worked out again while its lines stay as they are.

A cell's lowered form is kept by its source and number (see magics.lower), and keeps what is asked of it here. All of
it is shared by one analysis after another, so nobody may change it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

__all__ = ["Remembering", "remembered"]


class Remembering(Protocol):
    """Something that never changes, with room for answers."""

    @property
    def memo(self) -> dict[Any, Any]: ...


About = TypeVar("About", bound=Remembering)
More = ParamSpec("More")
Answer = TypeVar("Answer")


def remembered(function: Callable[Concatenate[About, More], Answer]) -> Callable[Concatenate[About, More], Answer]:
    """The last answer for each thing is kept, with the further arguments that it was for."""

    @wraps(function)
    def answer(about: About, /, *args: More.args, **kwargs: More.kwargs) -> Answer:
        last = about.memo.get(function)
        if last is not None and last[0] == args and last[1] == kwargs:
            found: Answer = last[2]
            return found
        found = function(about, *args, **kwargs)
        about.memo[function] = (args, kwargs, found)
        return found

    return answer
