"""What was worked out for a cell is not worked out again while its lines stay as they are.

A cell's lowered form is kept by its source and number (see magics.lower), and keeps what is asked of it here. All of
it is shared by one analysis after another, so nobody may change it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, TypeVarTuple

__all__ = ["Remembering", "remembered"]


class Remembering(Protocol):
    """Something that never changes, with room for answers."""

    @property
    def memo(self) -> dict[Any, Any]: ...


About = TypeVar("About", bound=Remembering)
More = TypeVarTuple("More")
Answer = TypeVar("Answer")


def remembered(function: Callable[[About, *More], Answer]) -> Callable[[About, *More], Answer]:
    """The last answer for each thing is kept, with the further arguments that it was for."""

    @wraps(function)
    def answer(about: About, *given: *More) -> Answer:
        last = about.memo.get(function)
        if last is not None and last[0] == given:
            found: Answer = last[1]
            return found
        found = function(about, *given)
        about.memo[function] = (given, found)
        return found

    return answer
