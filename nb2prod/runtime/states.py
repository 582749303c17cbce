"""The table of hidden states that can be read as values and put back, one `State` each.

`attribute:numpy.flag` is one too: an attribute of a module or of a library's class that the notebook assigned.
"""

import contextlib
import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any  # the libraries are not imported here, so their objects have no types

from nb2prod.runtime.counters import read_counters, write_counters

__all__ = ["STATES", "State", "state_of"]

ATTRIBUTE = "attribute:"
_ABSENT = "\0absent"


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


def state_of(name: str) -> State | None:
    """None for a state that cannot be put back."""
    return _attribute(name.removeprefix(ATTRIBUTE)) if name.startswith(ATTRIBUTE) else STATES.get(name)


def _attribute(dotted: str) -> State | None:
    owner, _, name = dotted.rpartition(".")
    if not owner:
        return None

    def read(_: Any) -> object:
        return getattr(_resolved(owner), name, _ABSENT)

    def write(_: Any, value: Any) -> None:
        if value != _ABSENT:
            setattr(_resolved(owner), name, value)
        elif hasattr(_resolved(owner), name):
            delattr(_resolved(owner), name)

    return State(module=dotted.split(".")[0], read=read, write=write)


def _resolved(dotted: str) -> Any:
    """The module or class of that name."""
    parts = dotted.split(".")
    found: Any = importlib.import_module(parts[0])
    for count, part in enumerate(parts[1:], 2):
        if not hasattr(found, part):
            importlib.import_module(".".join(parts[:count]))
        found = getattr(found, part)
    return found


def _read_environ(module: Any) -> dict[str, str]:
    """Without what we tell a process of the run that it is of."""
    return {name: text for name, text in module.environ.items() if not name.startswith("NB2PROD_")}


def _write_environ(module: Any, value: dict[str, str | None]) -> None:
    for name, text in value.items():
        if text is None:
            module.environ.pop(name, None)
        else:
            module.environ[name] = text


def _write_path(module: Any, value: list[str]) -> None:
    """Entries that are missing here: in front when they stood before all that both have, else at the end."""
    here = set(module.path)
    first = next((index for index, entry in enumerate(value) if entry in here), len(value))
    module.path[:0] = [entry for entry in value[:first] if entry not in here]
    module.path += [entry for entry in value[first:] if entry not in here]


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
    if value.get("image.cmap", "viridis") not in module.colormaps:  # seaborn brings its own
        with contextlib.suppress(ImportError):
            importlib.import_module("seaborn")


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some options are there only to say that they are going
        now = _read_options(module)
        for name, option in value.items():
            if name in now and now[name] != option:
                module.set_option(name, option)


def _read_levels(module: Any) -> dict[str, int]:
    """Of the root as "", and what is disabled as its own entry: a name of a logger has no space."""
    loggers = {name: logger for name, logger in module.root.manager.loggerDict.items() if hasattr(logger, "level")}
    levels = {name: logger.level for name, logger in loggers.items() if logger.level}
    return {**levels, "": module.root.level, " disabled": module.root.manager.disable}


def _write_levels(module: Any, value: dict[str, int | None]) -> None:
    for name, level in value.items():
        if name == " disabled":
            module.disable(level or 0)
        else:
            module.getLogger(name).setLevel(level or 0)


def _write_torch(module: Any, value: bytes) -> None:
    module.set_rng_state(module.frombuffer(bytearray(value), dtype=module.uint8))


STATES: dict[str, State] = {
    "numpy.random": State(
        module="numpy", submodule="random", read=lambda m: m.get_state(legacy=False), write=lambda m, v: m.set_state(v)
    ),
    "random": State(module="random", read=lambda m: m.getstate(), write=lambda m, v: m.setstate(v)),
    "torch.random": State(
        module="torch", read=lambda m: m.get_rng_state().numpy().tobytes(), write=lambda m, v: _write_torch(m, v)
    ),
    "torch.dtype": State(
        module="torch", read=lambda m: m.get_default_dtype(), write=lambda m, v: m.set_default_dtype(v)
    ),
    "torch.grad": State(module="torch", read=lambda m: m.is_grad_enabled(), write=lambda m, v: m.set_grad_enabled(v)),
    "xarray.options": State(
        module="xarray", read=lambda m: dict(m.get_options()), write=lambda m, v: m.set_options(**v)
    ),
    "os.environ": State(module="os", read=_read_environ, write=_write_environ),
    "cwd": State(module="os", read=lambda m: m.getcwd(), write=lambda m, v: m.chdir(v)),
    "sys.path": State(module="sys", read=lambda m: list(m.path), write=_write_path),
    "sys.recursionlimit": State(
        module="sys", read=lambda m: m.getrecursionlimit(), write=lambda m, v: m.setrecursionlimit(v)
    ),
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
    "sklearn.config": State(module="sklearn", read=lambda m: m.get_config(), write=lambda m, v: m.set_config(**v)),
    "decimal.context": State(
        module="decimal", read=lambda m: m.getcontext().copy(), write=lambda m, v: m.setcontext(v)
    ),
    "time.zone": State(module="time", read=lambda m: (*m.tzname, m.timezone), write=lambda m, _: m.tzset()),
    "logging": State(module="logging", read=_read_levels, write=_write_levels),
    "gc": State(module="gc", read=lambda m: m.isenabled(), write=lambda m, v: m.enable() if v else m.disable()),
    "socket.timeout": State(
        module="socket", read=lambda m: m.getdefaulttimeout(), write=lambda m, v: m.setdefaulttimeout(v)
    ),
    "csv.limit": State(module="csv", read=lambda m: m.field_size_limit(), write=lambda m, v: m.field_size_limit(v)),
    "calendar.firstweekday": State(
        module="calendar", read=lambda m: m.firstweekday(), write=lambda m, v: m.setfirstweekday(v)
    ),
    "sys.switchinterval": State(
        module="sys", read=lambda m: m.getswitchinterval(), write=lambda m, v: m.setswitchinterval(v)
    ),
    "sys.int_max_str_digits": State(
        module="sys", read=lambda m: m.get_int_max_str_digits(), write=lambda m, v: m.set_int_max_str_digits(v)
    ),
    "numpy.bufsize": State(module="numpy", read=lambda m: m.getbufsize(), write=lambda m, v: m.setbufsize(v)),
    "scipy.special.errstate": State(
        module="scipy", submodule="special", read=lambda m: m.geterr(), write=lambda m, v: m.seterr(**v)
    ),
    "library.counters": State(module="sys", read=read_counters, write=write_counters),
    "locale": State(module="locale", read=lambda m: m.setlocale(m.LC_ALL), write=lambda m, v: m.setlocale(m.LC_ALL, v)),
}
