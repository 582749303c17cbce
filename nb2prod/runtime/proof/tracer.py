"""The tracer inside a kernel: what each cell does to names, values, hidden state and files, and what it costs.

It listens to IPython's events, so that a cell runs as it always does; what is looked at is looked at after the cell.
Functions are not watched as they run, which costs three to eight times the run on Python 3.11: the names that they load
are found by following what the cell reads to every function it can reach.
Values are compared by a digest of their pickled form. All looking together takes no longer than the cells did, and a
value that would take longer is told as unknown.
"""

import dis
import functools
import hashlib
import json
import pickle
import sys
import time
import types
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any  # a notebook's values

from nb2prod.runtime.proof.fingerprint import fingerprint
from nb2prod.runtime.proof.observed import observed
from nb2prod.runtime.results.watch import Watch
from nb2prod.runtime.state import capture, digests, unwarned
from nb2prod.runtime.states import STATES
from nb2prod.runtime.telling.measure import Clock

__all__ = ["Tracer", "start"]

_PLAIN = (int, float, complex, str, bytes, bool, type(None), range)
_CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
_SHOWN = ("matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh", "altair", "IPython", "ipywidgets")
_FREE = 0.3  # seconds of looking before it is weighed against the cells
_RATE = 300_000_000  # bytes that are pickled and hashed in a second, when nothing is known yet
_REACH = 2000  # objects that are followed from what a cell reads
_KEPT = 200  # items of a container that are followed


def start(shell: Any, request: str) -> None:
    """Listen to IPython's events. `request` is a file: the cells to come, in order, and where to write."""
    told = json.loads(Path(request).read_text(encoding="utf-8"))
    tracer = Tracer(shell.user_ns, told["cells"], Path(told["answers"]), shell.user_ns_hidden)
    shell.events.register("pre_run_cell", tracer.before)
    shell.events.register("post_run_cell", tracer.after)


class Tracer:
    """`cells` are {"cell": number, "text": its Python, "prints": names whose fingerprints are wanted}."""

    def __init__(
        self, namespace: dict[str, Any], cells: Iterable[Mapping[str, Any]], answers: Path, hidden: Iterable[str]
    ) -> None:
        self.namespace, self.cells, self.answers = namespace, iter(cells), answers
        self.hidden = frozenset(hidden)
        self.started = Path.cwd()
        self.digests: dict[str, bytes | None] = {}
        self.cost: dict[str, float] = {}
        self.ran = self.looked = self.began = 0.0
        self.depth = 0
        self.ids = self._ids()
        self.state: dict[str, str] = {}
        self.modules = _top_modules()
        self.watch = Watch(_ours())

    def before(self, _info: object = None) -> None:
        self.depth += 1
        if self.depth > 1:  # `%%capture` runs its cell within the cell
            return
        self.state = self.state or _states()
        self.watch = Watch(_ours())
        self.watch.__enter__()
        self.clock = Clock()

    def after(self, _result: object = None) -> None:
        self.depth -= 1
        if self.depth:
            return
        cost = self.clock.read()
        self.watch.__exit__()
        self.began = time.perf_counter()
        self.ran += float(str(cost["seconds"]))
        cell, state = next(self.cells), _states()
        with unwarned():
            entry = self._entry(cell, cost, state)
            self.looked += time.perf_counter() - self.began
            # fingerprints are what any verification takes, and not the tracer's own
            entry["prints"] = {name: self._fingerprint(name) for name in cell["prints"]}
        path = self.answers / f"{cell['cell']}.json"
        path.write_text(json.dumps(entry, ensure_ascii=True), encoding="utf-8")

    def _fingerprint(self, name: str) -> dict[str, Any] | None:
        return fingerprint(self.namespace[name]) if name in self.namespace else None

    def _entry(self, cell: Mapping[str, Any], cost: Mapping[str, object], state: dict[str, str]) -> dict[str, Any]:
        ids, modules = self._ids(), _top_modules()
        loads = [name for name in _loads(str(cell["text"])) if name in self.ids or name in ids]
        binds = sorted(name for name in ids if self.ids.get(name) != ids[name])
        mutates, unknown = self._changed(ids, binds)
        through = sorted(self._reached(loads) - set(loads))
        found = {
            "cell": cell["cell"],
            "seconds": cost["seconds"],
            "cpu_seconds": cost["cpu_seconds"],
            "peak_memory": cost["peak_memory_bytes"],
            "reads": loads,
            "through": [name for name in through if name in self.ids],
            "binds": binds,
            "deletes": sorted(self.ids.keys() - ids.keys()),
            "mutates": mutates,
            "unknown": unknown,
            "state": sorted(name for name in state.keys() | self.state.keys() if _differs(name, state, self.state)),
            "read": {path: what for path, what in self._paths(self.watch.required()).items() if _is_data(path, what)},
            "written": sorted(self._paths(dict.fromkeys(self.watch.written))),
            "outside": list(self.watch.reasons),
            "imports": sorted(modules - self.modules),
            "values": {name: observed(self.namespace[name]) for name in [*binds, *mutates] if self._is_data(name)},
        }
        self.ids, self.state, self.modules = ids, state, modules
        return found

    def _ids(self) -> dict[str, int]:
        mine = ((name, value) for name, value in list(self.namespace.items()) if isinstance(name, str))
        return {name: id(value) for name, value in mine if not name.startswith("_") and name not in self.hidden}

    def _changed(self, ids: Mapping[str, int], binds: list[str]) -> tuple[list[str], list[str]]:
        """The names whose objects hold something else, and those that it would take too long to look at."""
        mutates, unknown = [], []
        for name in ids:
            value = self.namespace[name]
            if isinstance(value, (*_PLAIN, *_CODE)) or type(value).__module__.split(".")[0] in _SHOWN:
                self.digests.pop(name, None)
            elif not self._can_afford(name, value):
                unknown.append(name)
                self.digests.pop(name, None)
            else:
                known, now = self.digests.get(name), self._look(name, value)
                if name not in binds and known != now and known and now:
                    mutates.append(name)
        for name in self.digests.keys() - ids.keys():
            del self.digests[name]
        return sorted(mutates), sorted(unknown)

    def _is_data(self, name: str) -> bool:
        return not isinstance(self.namespace[name], _CODE)

    def _can_afford(self, name: str, value: Any) -> bool:
        left = _FREE + self.ran - self.looked - (time.perf_counter() - self.began)
        return self.cost.get(name, (observed(value).get("size") or 0) / _RATE) <= left

    def _look(self, name: str, value: Any) -> bytes | None:
        began = time.perf_counter()
        self.digests[name] = digest = _digest(value)
        self.cost[name] = time.perf_counter() - began
        return digest

    def _reached(self, loads: Iterable[str]) -> set[str]:
        """The notebook's names that functions load which can be reached from these names."""
        found: set[str] = set()
        todo: list[Any] = [self.namespace[name] for name in loads if name in self.namespace]
        seen: dict[int, Any] = {}
        while todo and len(seen) < _REACH:
            value = todo.pop()
            if id(value) in seen:
                continue
            seen[id(value)] = value
            if isinstance(value, types.FunctionType) and value.__globals__ is self.namespace:
                names = _names_loaded(value.__code__) - found
                found |= names
                todo += [self.namespace[name] for name in names if name in self.namespace]
            todo += _parts(value)
        return found

    def _paths(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {self._path(path): what for path, what in found.items()}

    def _path(self, path: str) -> str:
        place = Path(path)
        return place.relative_to(self.started).as_posix() if place.is_relative_to(self.started) else path


def _differs(name: str, now: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """A state that came with a module was not touched by loading it."""
    return name in now and name in before and now[name] != before[name]


def _is_data(path: str, what: str) -> bool:
    """Not a folder that importing looks through."""
    return not what.startswith("folder ") or (path != "." and not Path(path).is_absolute())


def _states() -> dict[str, str]:
    return digests(capture(STATES))


def _top_modules() -> set[str]:
    tops = {name.split(".")[0] for name in list(sys.modules)}
    return {name for name in tops - sys.stdlib_module_names if not name.startswith("_")}


def _ours() -> list[str]:
    """Folders of Python, of libraries and of their settings."""
    home = Path.home()
    settings = (home / ".ipython", home / ".cache", home / ".config", Path(__file__).parents[2])
    return sorted({sys.prefix, sys.base_prefix, sys.exec_prefix, *map(str, settings)})


class _Hash:
    def __init__(self) -> None:
        self.hash = hashlib.blake2b(digest_size=16)

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)

    def take(self, buffer: pickle.PickleBuffer) -> None:
        try:
            self.hash.update(buffer.raw())
        except BufferError:  # not in one piece
            self.hash.update(memoryview(buffer).tobytes())


def _digest(value: Any) -> bytes | None:
    """Of what the value holds now; None for what cannot be pickled."""
    taken = _Hash()
    try:
        pickle.Pickler(taken, protocol=5, buffer_callback=taken.take).dump(value)
    except (Exception, RecursionError):  # pickling runs foreign code
        return None
    return taken.hash.digest()


def _loads(text: str) -> list[str]:
    """The names that the cell's own lines load, comprehensions, lambdas and class bodies of theirs included."""
    try:
        code = compile(text, "<cell>", "exec", flags=0x2000, dont_inherit=True)  # a cell may await
    except (SyntaxError, ValueError):
        return []
    return sorted(_own(code))


def _own(code: types.CodeType) -> set[str]:
    found = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType) and _runs_now(each)]
    return found.union(*map(_own, inner))


def _runs_now(code: types.CodeType) -> bool:
    return code.co_name.startswith("<") or not code.co_flags & 0x2  # not a function: a class body


@functools.cache
def _names_loaded(code: types.CodeType) -> frozenset[str]:
    """The globals that a function's code, and that of the functions in it, may load."""
    found = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return frozenset(found.union(*map(_names_loaded, inner)))


def _parts(value: Any) -> Iterator[Any]:
    """What may call a function of the notebook when the value is used."""
    if isinstance(value, (*_PLAIN, types.ModuleType)):
        return
    if isinstance(value, types.FunctionType):
        yield from (value.__defaults__ or ())
        yield from (value.__kwdefaults__ or {}).values()
        yield from (cell.cell_contents for cell in value.__closure__ or () if _is_full(cell))
        yield from vars(value).values()
    elif isinstance(value, types.MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, type):
        if value.__module__ == "__main__":
            yield from (*value.__bases__, *map(_bare, vars(value).values()))
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from list(value)[:_KEPT] if len(value) <= _KEPT else ()
    elif isinstance(value, dict):
        yield from list(value.values())[:_KEPT] if len(value) <= _KEPT else ()
    else:
        yield type(value)
        held = getattr(value, "__dict__", None)
        yield from list(held.values()) if isinstance(held, dict) and len(held) <= _KEPT else ()


def _bare(value: Any) -> Any:
    """The function in a property, a static method and the like."""
    for attribute in ("fget", "__func__", "func"):
        if isinstance(found := getattr(value, attribute, None), types.FunctionType):
            return found
    return value


def _is_full(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
