"""The inputs of a step and the generators, to begin again after the step may have changed them."""

import pickle
from typing import Any  # a step's values

from nb2prod.runtime import state

__all__ = ["Keepsake"]


class Keepsake:
    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.given, self.generators = (args, kwargs), state.capture(state.GENERATORS)
        try:
            self.bytes = pickle.dumps(self.given, protocol=5)
        except Exception:  # an object may fail to pickle in any way of its own
            self.bytes = b""

    @property
    def is_whole(self) -> bool:
        """Whether there is something to begin again with."""
        return bool(self.bytes)

    def restore(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same objects while they are the same; else copies."""
        state.restore(self.generators)
        if pickle.dumps(self.given, protocol=5) == self.bytes:
            return self.given
        args, kwargs = pickle.loads(self.bytes)
        return args, kwargs
