"""Ids of runs: sorted as they were made, short enough to type."""

import secrets
import threading
from collections.abc import Callable

__all__ = ["RunIds"]

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # without i, l, o and u, which are read wrong
_BITS = len(_DIGITS).bit_length() - 1
_TIME, _CHANCE = 11, 6  # digits: microseconds to the year 3111, and one in a billion


class RunIds:
    """Each id of this object is greater than the one before, though the clock stands or goes back."""

    def __init__(self, chance: Callable[[int], int] = secrets.randbits) -> None:
        self._chance, self._last, self._lock = chance, 0, threading.Lock()

    def make(self, micros: int) -> str:
        with self._lock:
            self._last = max(micros, self._last + 1)
            return _digits(self._last, _TIME) + _digits(self._chance(_BITS * _CHANCE), _CHANCE)


def _digits(number: int, count: int) -> str:
    return "".join(_DIGITS[number >> _BITS * place & len(_DIGITS) - 1] for place in reversed(range(count)))
