"""A step called so that its variables are seen as it returns, seeded as every side of a comparison is."""

import importlib
import random
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar  # Any: a step's values

from nb2prod.runtime.proof.fingerprint import Fingerprint, fingerprint
from nb2prod.runtime.state import unwarned

__all__ = ["SEED", "failure", "seed_all", "with_locals"]

T = TypeVar("T")
SEED = 20250101


def seed_all() -> None:
    """Both sides draw the same numbers where nobody set a seed."""
    random.seed(SEED)
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        return
    numpy.random.seed(SEED)


def with_locals(
    function: Callable[..., T], names: Iterable[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[T, dict[str, Fingerprint]]:
    """Call a step in this process.

    The profiler sees the step begin and then goes, so that the step runs at full speed: its frame keeps the variables.
    """
    frames: list[types.FrameType] = []
    code = function.__code__  # a step is a plain function

    def entered(frame: types.FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code is code:
            sys.setprofile(None)
            frames.append(frame)

    sys.setprofile(entered)
    try:
        given = function(*args, **kwargs)
    finally:
        sys.setprofile(None)
    held = frames[0].f_locals if frames else {}
    with unwarned():
        return given, {name: fingerprint(held[name]) for name in names if name in held}


def failure(error: BaseException, source: str) -> dict[str, Any]:
    """The failure in words, with the last place in `source` that it came from."""
    told = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in told if frame.filename.startswith(source)]
    place = inside[-1] if inside else told[-1]
    where = {"file": place.filename, "line": place.lineno}
    return {"failed": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc(), **where}
