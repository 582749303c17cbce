"""State that steps share without showing it: read as values that can be kept, compared and put back.

The global generators are watched around every step. The rest is looked at when a step of the pipeline declares it
in HIDDEN_STATE. A name that is not in STATES cannot be put back: a step that declares it is always run.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any  # the libraries are not imported here, so their objects have no types

__all__ = ["GENERATORS", "STATES", "capture", "difference", "digests", "restore", "seedings"]

GENERATORS = ("numpy.random", "random")


@dataclass(frozen=True, kw_only=True)
class State:
    """`read` gives a value that can be pickled; `write` puts it back. There is none before `module` is loaded."""

    module: str
    submodule: str = ""
    read: Callable[[Any], object]
    write: Callable[[Any, Any], None]

    @property
    def path(self) -> str:
        return f"{self.module}.{self.submodule}" if self.submodule else self.module


def capture(names: Iterable[str]) -> dict[str, object]:
    """The values of those states whose modules are loaded."""
    import importlib

    loaded = [name for name in names if name in STATES and STATES[name].module in sys.modules]
    # numpy loads its generators when they are first asked for: that would be too late for us
    return {name: STATES[name].read(importlib.import_module(STATES[name].path)) for name in loaded}


def restore(values: Mapping[str, object]) -> None:
    import importlib

    for name, value in values.items():
        state = STATES[name]
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
    import pickle

    return pickle.dumps(value, protocol=5)


def _write_environ(module: Any, value: dict[str, str | None]) -> None:
    for name, text in value.items():
        if text is None:
            module.environ.pop(name, None)
        else:
            module.environ[name] = text


def _write_filters(module: Any, value: list[Any]) -> None:
    module.filters[:] = value
    module._filters_mutated()  # drops what the registries of the modules remember


def _read_filters(module: Any) -> list[Any]:
    return [_plain_filter(entry) for entry in module.filters]


def _plain_filter(entry: Any) -> Any:
    return tuple(part.pattern if hasattr(part, "pattern") else part for part in entry)


def _compiled_filter(entry: Any) -> Any:
    import re

    action, message, category, module, line = entry
    texts = [re.compile(t, f) if isinstance(t, str) else t for t, f in ((message, re.IGNORECASE), (module, 0))]
    return action, texts[0], category, texts[1], line


def _read_rc(module: Any) -> dict[str, object]:
    return {key: value for key, value in dict.items(module.rcParams) if not key.startswith("backend")}


def _write_rc(module: Any, value: dict[str, object]) -> None:
    dict.update(module.rcParams, value)


def _read_options(module: Any) -> dict[str, object]:
    """Every option by its full name, as pandas describes them itself."""
    found: dict[str, object] = {}
    _walk(module.options, "", found)
    return found


def _walk(options: Any, prefix: str, found: dict[str, object]) -> None:
    for name in dir(options):
        value = getattr(options, name)
        if type(value).__name__ == "DictWrapper":
            _walk(value, f"{prefix}{name}.", found)
        else:
            found[f"{prefix}{name}"] = value


def _write_options(module: Any, value: dict[str, object]) -> None:
    now = _read_options(module)
    for name, option in value.items():
        if name in now and now[name] != option:
            module.set_option(name, option)


STATES: dict[str, State] = {
    "numpy.random": State(
        module="numpy", submodule="random", read=lambda m: m.get_state(legacy=False), write=lambda m, v: m.set_state(v)
    ),
    "random": State(module="random", read=lambda m: m.getstate(), write=lambda m, v: m.setstate(v)),
    "os.environ": State(module="os", read=lambda m: dict(m.environ), write=_write_environ),
    "cwd": State(module="os", read=lambda m: m.getcwd(), write=lambda m, v: m.chdir(v)),
    "warnings.filters": State(
        module="warnings",
        read=_read_filters,
        write=lambda m, v: _write_filters(m, [_compiled_filter(entry) for entry in v]),
    ),
    "matplotlib.rcParams": State(module="matplotlib", read=_read_rc, write=_write_rc),
    "pandas.options": State(module="pandas", read=_read_options, write=_write_options),
    "numpy.printoptions": State(
        module="numpy", read=lambda m: m.get_printoptions(), write=lambda m, v: m.set_printoptions(**v)
    ),
    "numpy.errstate": State(module="numpy", read=lambda m: m.geterr(), write=lambda m, v: m.seterr(**v)),
}
