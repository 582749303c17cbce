"""The options of an executor, from [executors.NAME] of pipeline.toml or the command line, checked."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn  # Any: TOML

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.quantities import size

__all__ = ["Options"]


class Options:
    """Raises ProjectError for what the executor does not know. A text counts as what it says: from a command line."""

    def __init__(self, executor: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
        self.executor, self.given = executor, given
        unknown = sorted(given.keys() - set(known))
        if unknown:
            there = ", ".join(known)
            raise ProjectError(f"executors.{executor}.{unknown[0]} is no option of this executor; there are {there}")

    def text(self, name: str) -> str:
        value = self.given.get(name, "")
        if not isinstance(value, str):
            self._refuse(name, "a text")
        return value

    def whole(self, name: str) -> int | None:
        value = self.given.get(name)
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if not (value is None or (type(value) is int and value > 0)):
            self._refuse(name, "a whole number above 0")
        number: int | None = value
        return number

    def seconds(self, name: str, otherwise: float) -> float:
        value = self.given.get(name, otherwise)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1.0
        if number < 0 or isinstance(value, bool):
            self._refuse(name, "seconds")
        return number

    def size(self, name: str) -> int | None:
        value = self.given.get(name)
        if value is None:
            return None
        try:
            found = value if type(value) is int else size(value)
        except (AttributeError, ValueError):
            found = 0
        if found <= 0:
            self._refuse(name, "a size such as 500MB or 2GB")
        return found

    def chosen(self, name: str, choices: Sequence[str]) -> str:
        """The first is what holds where none is given."""
        value: str = self.given.get(name, choices[0])
        if value not in choices:
            self._refuse(name, " or ".join(choices))
        return value

    def _refuse(self, name: str, wanted: str) -> NoReturn:
        raise ProjectError(f"executors.{self.executor}.{name} is {self.given[name]!r}; it must be {wanted}")
