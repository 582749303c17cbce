"""State that steps share without showing it: read as values that can be kept, compared and put back.

The global generators are watched around every step. The rest is looked at when a step of the pipeline declares it
in HIDDEN_STATE. A name that states.py does not know cannot be put back: a step that declares it is always run.
"""

import hashlib
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any  # the libraries are not imported here, so their objects have no types

from nb2prod.runtime.results.bundles import NotPortable, dumps
from nb2prod.runtime.states import state_of

__all__ = ["GENERATORS", "capture", "difference", "digests", "restore", "seedings", "unwarned"]

GENERATORS = ("numpy.random", "random")


def capture(names: Iterable[str]) -> dict[str, object]:
    """The values of those states whose modules are loaded."""
    found = {name: state for name in names if (state := state_of(name)) and state.module in sys.modules}
    filters = {name: state.read(sys.modules["warnings"]) for name, state in found.items() if state.module == "warnings"}
    with unwarned():
        # numpy loads its generators when they are first asked for: that would be too late for us
        values = {name: state.read(importlib.import_module(state.path)) for name, state in found.items()}
    return values | filters


@contextmanager
def unwarned() -> Iterator[None]:
    """Looking is not what the user's filters are for: they may turn a warning into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def restore(values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if state := state_of(name):
            state.write(importlib.import_module(state.path), value)


def digests(values: Mapping[str, object]) -> dict[str, str]:
    return {name: hashlib.sha256(_bytes(value)).hexdigest() for name, value in values.items()}


def difference(name: str, before: object, after: object) -> object:
    """What to put back later: of a state that is a table, only what changed, for the rest is of that day."""
    if name in GENERATORS or not isinstance(before, dict) or not isinstance(after, dict):
        return after
    changed = {key: value for key, value in after.items() if key not in before or before[key] != value}
    return changed | dict.fromkeys(before.keys() - after.keys())


@contextmanager
def seedings(entry: Mapping[str, str]) -> Iterator[set[str]]:
    """Gives the generators that were seeded before anything was drawn: what they were at entry does not matter.

    `seed` is replaced by one that looks first. Code that imported the function by name goes unnoticed,
    which costs a cache hit and nothing else.
    """
    seeded: set[str] = set()
    replaced: list[tuple[Any, Any]] = []
    for name in entry.keys() & set(GENERATORS):
        module = sys.modules[name]
        replaced.append((module, module.seed))
        module.seed = _looking(name, module.seed, entry[name], seeded)  # type: ignore[attr-defined]
    try:
        yield seeded
    finally:
        for module, seed in replaced:
            module.seed = seed


def _looking(name: str, seed: Callable[..., Any], entry: str, seeded: set[str]) -> Callable[..., Any]:
    def look_and_seed(*args: Any, **kwargs: Any) -> Any:
        chosen = [value for value in (*args[:1], kwargs.get("seed"), kwargs.get("a")) if value is not None]
        if chosen and digests(capture([name])) == {name: entry}:
            seeded.add(name)
        return seed(*args, **kwargs)

    return look_and_seed


def _bytes(value: object) -> bytes:
    try:
        return dumps(value)
    except NotPortable:  # never what it was
        return os.urandom(16)
