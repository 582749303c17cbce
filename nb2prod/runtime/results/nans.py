"""Numbers that are none, as the objects that they are: numpy's own, Python's own, or another one."""

import math
import sys
from collections.abc import MutableMapping

__all__ = ["Nans", "nan_of"]

_NUMPY, _MATH = "numpy.nan", "math.nan"


class Nans:
    """Gives each such float a name, for pickling: pickle itself writes a float by its value. None for all else."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {id(math.nan): _MATH}
        self._kept: list[float] = []  # an id is only good while its object lives
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            self._names[id(numpy.nan)] = _NUMPY

    def __call__(self, value: object) -> str | None:
        if type(value) is not float or value == value:
            return None
        if id(value) not in self._names:
            self._names[id(value)] = f"nan {len(self._kept)}"
            self._kept.append(value)
        return self._names[id(value)]


def nan_of(name: str, others: MutableMapping[str, float]) -> float:
    """The object of that name here; `others` are those of one bundle, by their names."""
    if name == _NUMPY:
        import numpy

        return numpy.nan
    return math.nan if name == _MATH else others.setdefault(name, float("nan"))
