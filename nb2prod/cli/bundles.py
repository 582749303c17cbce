"""Options that go together: one decorator gives a command all of them, and it gets them as one frozen object."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar  # what click's decorators take and give

__all__ = ["bundled"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def bundled(
    kind: Any, argument: str, options: Sequence[Callable[[Any], Any]], also: Mapping[str, str] | None = None
) -> Callable[[_Command], _Command]:
    """The options as one object of the dataclass `kind`, whose fields are named as they are.

    `also` are options of the command that the object needs too: its field → the command's name for it.
    """
    shared = dict(also or {})
    names = [field.name for field in fields(kind) if field.name not in shared]

    def decorate(command: _Command) -> _Command:
        @functools.wraps(command)
        def wrapped(*args: Any, **given: Any) -> Any:
            own = {name: given.pop(name) for name in names}
            own |= {name: given[source] for name, source in shared.items()}
            return command(*args, **{argument: kind(**own)}, **given)

        result: Any = wrapped
        for option in reversed(options):
            result = option(result)
        return result  # type: ignore[no-any-return]

    return decorate
