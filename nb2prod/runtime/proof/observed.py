"""What a value is, in a few words that a file can keep: class, shape and size."""

import sys
import types
from typing import Any  # a notebook's values

__all__ = ["observed"]


def observed(value: Any) -> dict[str, Any]:
    """`kind` is the class by its public path, `size` in bytes; `generic` says that the class takes parameters."""
    cls = type(value)
    found: dict[str, Any] = {"kind": _public(cls)}
    shape = _attribute(value, "shape")
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        found["shape"] = [int(size) for size in shape]
    elif isinstance(value, (list, tuple, dict, set, frozenset)):
        found["shape"] = [len(value)]
    size = _size(value)
    if size is not None:
        found["size"] = size
    if hasattr(cls, "__class_getitem__"):
        found["generic"] = True
    return found


def _public(cls: type) -> str:
    """`sklearn.linear_model.LogisticRegression` for a class that stands in `sklearn.linear_model._logistic`."""
    module, name = cls.__module__, cls.__qualname__
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        public = ".".join(parts[:count])
        if not parts[count - 1].startswith("_") and getattr(sys.modules.get(public), name, None) is cls:
            return f"{public}.{name}"
        if parts[count - 1].startswith("_"):
            break
    return f"{module}.{name}"


def _size(value: Any) -> int | None:
    if isinstance(value, types.ModuleType):
        return None
    for attribute in ("memory_usage", "nbytes"):
        found = _attribute(value, attribute)
        if callable(found):
            found = _called(found)
        if isinstance(found, int) or type(found).__name__ in ("int64", "int32"):
            return int(found)
    data = _attribute(_attribute(value, "data"), "nbytes")  # a sparse matrix
    if isinstance(data, int):
        return data
    try:
        return sys.getsizeof(value)
    except Exception:  # a class may answer as it likes
        return None


def _called(method: Any) -> Any:
    try:
        found = method()
        return found.sum() if hasattr(found, "sum") else found
    except Exception:  # a method of that name of somebody else's class
        return None


def _attribute(value: Any, name: str) -> Any:
    if not hasattr(type(value), name):  # not asked of the object: a class of the user's may count who asks
        return None
    try:
        return getattr(value, name)
    except Exception:  # any object may have a property of that name
        return None
