"""A value's fingerprint: JSON that tells whether two processes hold the same value.

The text of this module is sent into kernels that may not have nb2prod, so it is whole in itself and imports the
standard library alone; numpy, pandas and scipy are found in `sys.modules` when a value needs them.

    exact       integers, texts, dates, categories, orders of rows, columns and keys
    tolerant    floats (see compare.py): arrays of up to 512 value by value, larger ones by 16 random projections
    by state    estimators and other objects: the class's name and all that pickling would keep, without caches
    by name     functions, classes, modules
    by type     figures and axes, generators, files, locks
    from there  paths into the copy of the working folder that a side of a comparison runs in
"""

import base64
import copyreg
import functools
import hashlib
import json
import re
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["COPY", "Fingerprint", "fingerprint"]

Fingerprint = dict[str, Any]
COPY = "nb2prod-copy"  # the folder's name
_INTO_COPY = re.compile(rf"[^\s'\"]*[/\\]{COPY}(?![\w-])")
_SMALL = 512  # floats kept one by one
_LONG = 2000  # items kept one by one; longer containers by digest
_BUDGET = 200_000  # parts of one value: some seconds
_DEPTH = 40
_CHUNK = 16_384
_PROJECTIONS = 16
_LARGE = 32_000  # characters; what is told in more is told in brief
_PICKLED_BY = ("__reduce_ex__", "__reduce__", "__getstate__")
_SHOWN = ("matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh", "altair", "IPython", "graphviz", "ipywidgets")
_CLOCKS = re.compile(r"(mean_|std_|re)?(fit|score|predict|train|training|elapsed)_time_?")


def fingerprint(value: Any) -> Fingerprint:
    """The fingerprint of a value; with `cut` when not all of it could be looked into.

    Never raises, and never changes the value.
    """
    walk = _Walk()
    try:
        found = _in_brief(walk.of(value, 0))
    except (Exception, RecursionError) as error:  # a foreign class may raise whatever it likes
        return {"t": "opaque", "type": _type_name(value), "why": type(error).__name__}
    return found | {"cut": True} if walk.is_cut else found


class _Walk:
    """One value's walk: what was seen, by identity, so that circles end and shared parts are told apart."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []  # an id is only good while its object lives
        self.parts = 0
        self.is_cut = False

    def of(self, value: Any, depth: int) -> Fingerprint:
        self.parts += 1
        if self.parts > _BUDGET or depth > _DEPTH:
            self.is_cut = True
            return {"t": "deep", "type": _type_name(value)}
        plain = _plain(value)
        if plain is not None:
            return plain
        if not (_is_interned(value) or _is_plain_record(value)):
            if id(value) in self.seen:
                return {"t": "again", "n": self.seen[id(value)]}
            self.seen[id(value)] = len(self.seen)
            self.kept.append(value)
        if type(value) in _BUILTIN:
            return _BUILTIN[type(value)](self, value, depth + 1)
        for applies, make in _MAKERS:
            if applies(value):
                return make(self, value, depth + 1)
        return self.of_object(value, depth + 1)

    def items(self, values: Iterable[Any], depth: int) -> Any:
        every = list(values)
        if len(every) <= _LONG:
            return [self.of(value, depth) for value in every]
        return _alike(every) or _digest_of([self.of(value, depth) for value in every])

    def of_object(self, value: Any, depth: int) -> Fingerprint:
        name = _type_name(value)
        kind = type(value)
        if not hasattr(kind, "__dataclass_fields__") and any(
            method in base.__dict__ for base in kind.__mro__[:-1] for method in _PICKLED_BY
        ):
            return self.of_reduced(value, name, depth)
        state = _state_of(value)
        if state is None:
            return self.of_reduced(value, name, depth)
        return {"t": "object", "type": name, "state": self.of_state(value, state, depth)}

    def of_state(self, value: Any, state: Mapping[str, Any], depth: int) -> Fingerprint:
        names = sorted((key for key in state if not _is_cache(type(value), key)), key=str)
        # made when somebody first asked for it, or not yet
        lazy = {name for name in names if str(name)[:1] == "_" and type(state[name]) in _BUILTIN and not state[name]}
        parts = [self.of(None if name in lazy else state[name], depth) for name in names]
        return {"t": "attributes", "names": [str(name) for name in names], "parts": parts}

    def of_reduced(self, value: Any, name: str, depth: int) -> Fingerprint:
        """By what pickling would keep: the parts of `__reduce_ex__`."""
        try:
            registered = copyreg.dispatch_table.get(type(value))
            reduced = registered(value) if registered else value.__reduce_ex__(4)
        except Exception:  # unpicklable: a lock, a generator, an open file
            state = _state_of(value)
            if state:
                return {"t": "object", "type": name, "state": self.of_state(value, state, depth)}
            return _opaque(self, value, depth)
        if isinstance(reduced, str):
            return {"t": "name", "name": reduced}
        _, arguments, state, listed, keyed = (*reduced, *[None] * (5 - len(reduced)))[:5]
        told: Fingerprint = {"t": "object", "type": name}
        told["args"] = [self.of(argument, depth) for argument in arguments if not isinstance(argument, type)]
        if isinstance(state, dict):
            told["state"] = self.of_state(value, state, depth)
        elif state is not None:
            told["state"] = self.of(state, depth)
        if listed is not None:
            told["list"] = self.items(listed, depth)
        if keyed is not None:
            told["dict"] = self.items(keyed, depth)
        return told


# ---------------------------------------------------------------------- plain values


def _plain(value: Any) -> Fingerprint | None:
    kind = type(value)
    if value is None or kind is bool:
        return {"t": "constant", "v": repr(value)}
    if kind is int:
        return {"t": "int", "v": str(value) if value.bit_length() < 4000 else _sha(hex(value).encode())}
    if kind is float:
        return {"t": "float", "v": value.hex()}
    if kind is str:
        told = _told(value)
        return {"t": "str", "v": told if len(told) <= 200 else _sha(told.encode("utf-8", "surrogatepass"))}
    if kind in (bytes, bytearray):
        return {"t": kind.__name__, "v": _sha(bytes(value))}
    if kind is complex:
        return {"t": "complex", "v": [value.real.hex(), value.imag.hex()]}
    return None


def _told(text: str) -> str:
    return _INTO_COPY.sub(".", text) if COPY in text else text


def _is_plain_record(value: Any) -> bool:
    """A library's dataclass of plain values: a class may hold one for all its instances, which pickling makes two."""
    if not hasattr(type(value), "__dataclass_fields__"):
        return False
    file = str(getattr(sys.modules.get(type(value).__module__), "__file__", ""))
    return "-packages" in file and all(type(part) in _PLAIN for part in (_state_of(value) or {}).values())


def _is_interned(value: Any) -> bool:
    """Python or a library may or may not give equal values of these types one identity."""
    if isinstance(value, tuple | frozenset) or _is_by_name(value):
        return True
    return f"{type(value).__module__}.{type(value).__name__}".startswith(("numpy.dtype", "pandas.core.in"))


def _is_instance(module: str, *names: str) -> Callable[[Any], bool]:
    """Whether a value is of a library's classes, if the library was imported at all."""

    def applies(value: Any) -> bool:
        found = sys.modules.get(module)
        classes = tuple(c for name in names if isinstance(c := getattr(found, name, None), type))
        return bool(classes) and isinstance(value, classes)

    return applies


def _is_by_name(value: Any) -> bool:
    if isinstance(value, types.BuiltinFunctionType):
        return value.__self__ is None or isinstance(value.__self__, type | types.ModuleType)
    return isinstance(value, type | types.ModuleType | types.FunctionType)


def _by_name(_walk: _Walk, value: Any, _depth: int) -> Fingerprint:
    """Code is the same if it has the same name: what it computes is seen in what it gave."""
    name = getattr(value, "__name__", _type_name(value))
    return {"t": "name", "name": name if isinstance(value, types.ModuleType) else str(name).rpartition(".")[2]}


def _method(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    return {"t": "method", "name": value.__name__, "self": walk.of(value.__self__, depth)}


def _is_shown(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in _SHOWN


def _shown(_walk: _Walk, value: Any, _depth: int) -> Fingerprint:
    return {"t": "shown", "type": _type_name(value)}


def _is_opaque(value: Any) -> bool:
    kinds = (types.GeneratorType, types.CoroutineType, types.FrameType, types.TracebackType)
    return isinstance(value, kinds) or hasattr(value, "fileno")


def _opaque(walk: _Walk, value: Any, _depth: int) -> Fingerprint:
    walk.is_cut = walk.is_cut or type(value).__module__ not in ("_thread", "_weakref", "weakref")  # these hold nothing
    return {"t": "opaque", "type": _type_name(value)}


def _sequence(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    told: Fingerprint = {"t": _type_name(value), "n": len(value), "items": walk.items(value, depth)}
    fields = getattr(type(value), "_fields", None)
    return told | {"fields": list(fields)} if fields else told


def _mapping(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    """In the order of its keys, which a program can see."""
    items = (OrderedDict if isinstance(value, OrderedDict) else dict).items  # an OrderedDict has an order of its own
    pairs = [(key, item) for key, item in items(value) if not (isinstance(key, str) and _CLOCKS.fullmatch(key))]
    keys = walk.items((key for key, _ in pairs), depth)
    return {"t": _type_name(value), "n": len(value), "keys": keys, "items": walk.items((v for _, v in pairs), depth)}


def _set(walk: _Walk, value: Any, _depth: int) -> Fingerprint:
    exact = {type(item) for item in value} <= _EXACT
    each = sorted(_told(repr(item)) if exact else json.dumps(fingerprint(item), sort_keys=True) for item in value)
    walk.parts += 0 if exact else len(value)
    return {"t": _type_name(value), "n": len(value), "v": _sha("\n".join(each).encode())}


def _as_text(_walk: _Walk, value: Any, _depth: int) -> Fingerprint:
    return {"t": _type_name(value), "v": _told(str(value))}


def _exception(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    return {"t": "exception", "type": _type_name(value), "args": walk.items(value.args, depth)}


# ---------------------------------------------------------------------- arrays and frames


_EXACT = frozenset({str, int, bool, bytes, type(None)})
_PLAIN = _EXACT | {float, complex}


def _alike(values: list[Any]) -> Fingerprint | None:
    """Many values of types that their text tells whole, or many floats: at once. None when there are others."""
    kinds = {type(value) for value in values}
    if kinds <= _EXACT:
        return {"t": "long", "n": len(values), "v": _sha(_told(repr(values)).encode())}
    numpy = sys.modules.get("numpy")
    if numpy is None or not kinds <= {float, type(None)}:
        return None
    gone = [index for index, value in enumerate(values) if value is None]
    floats = numpy.array([0.0 if value is None else value for value in values])
    return {"t": "floats", "n": len(values), "gone": _sha(repr(gone).encode())} | _floats(numpy, floats)


def _array(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    numpy = sys.modules["numpy"]
    told: Fingerprint = {"t": "array", "type": _type_name(value), "dtype": str(value.dtype), "shape": [*value.shape]}
    if isinstance(value, numpy.ma.MaskedArray):
        filled = numpy.where(numpy.ma.getmaskarray(value), numpy.zeros((), value.dtype), value.data)
        mask = numpy.ma.getmaskarray(value)
        return told | {"mask": walk.of(mask, depth), "data": walk.of(numpy.asarray(filled), depth)}
    if value.dtype.names:  # field by field: what lies between fields is chance
        fields = [_array(walk, value[name], depth) for name in value.dtype.names]
        return told | {"names": list(value.dtype.names), "parts": fields}
    if value.dtype.kind == "O":
        return told | {"items": walk.items(value.ravel().tolist(), depth)}
    if value.dtype.kind in "fc" and value.dtype.itemsize <= 16:
        return told | _floats(numpy, value)
    return told | {"v": _sha(numpy.ascontiguousarray(value).tobytes())}


def _floats(numpy: Any, value: Any) -> Fingerprint:
    flat = numpy.ascontiguousarray(value).ravel()
    flat = flat.view(flat.real.dtype) if value.dtype.kind == "c" else flat
    wide = flat.astype("<f8")
    wide[numpy.isnan(wide)] = numpy.nan  # one NaN for all their bit patterns
    told: Fingerprint = {"v": _sha(wide.tobytes())}
    if wide.size <= _SMALL:
        return told | {"floats": base64.b64encode(wide.tobytes()).decode()}
    return told | {"sketch": _sketch(numpy, wide)}


def _sketch(numpy: Any, wide: Any) -> dict[str, Any]:
    """Random projections of the finite values and of their logarithms, which see small numbers beside large ones;
    and where the others are."""
    finite = numpy.isfinite(wide)
    others = wide[~finite]
    clean = numpy.where(finite, wide, 0.0) if others.size else wide
    norm = float(numpy.linalg.norm(clean))
    unit = norm / clean.size**0.5 / 1e6 or 1.0
    draws = numpy.random.RandomState(20250101)  # of our own: the global one stays where it is
    signs = _signs(numpy)
    sums, log_sums, log_square = numpy.zeros(_PROJECTIONS), numpy.zeros(_PROJECTIONS), 0.0
    for start in range(0, clean.size, _CHUNK):
        part = clean[start : start + _CHUNK]
        logs = numpy.sign(part) * numpy.log1p(numpy.abs(part) / unit)
        weights = draws.uniform(0.5, 1.5, _PROJECTIONS)  # so that chunks cannot be exchanged
        sums += weights * (signs[:, : part.size] @ part)
        log_sums += weights * (signs[:, : part.size] @ logs)
        log_square += float(logs @ logs)
    return {
        "norm": norm,
        "sums": sums.tolist(),
        "log_norm": log_square**0.5,
        "log_sums": log_sums.tolist(),
        "others": _sha(numpy.packbits(finite).tobytes() + others.tobytes()),
    }


@functools.cache
def _signs(numpy: Any) -> Any:
    bits = numpy.frombuffer(numpy.random.RandomState(20250102).bytes(_PROJECTIONS * _CHUNK // 8), "u1")
    return numpy.unpackbits(bits).reshape(_PROJECTIONS, _CHUNK) * 2.0 - 1.0


def _numpy_scalar(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    numpy = sys.modules["numpy"]
    if value.dtype.kind == "f" and value.dtype.itemsize <= 8:
        return {"t": str(value.dtype), "v": float(value).hex()}
    if value.dtype.kind in "iub":
        return {"t": str(value.dtype), "v": str(value)}
    return {"t": "scalar", "array": _array(walk, numpy.asarray(value), depth)}


def _index(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    names = [walk.of(name, depth) for name in value.names]
    if value.nlevels > 1:
        levels = [_column(walk, value.get_level_values(level), depth) for level in range(value.nlevels)]
        return {"t": "index", "names": names, "levels": levels}
    return {"t": "index", "names": names, "values": _column(walk, value, depth)}


def _series(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    name, index = walk.of(value.name, depth), _index(walk, value.index, depth)
    return {"t": "series", "name": name, "index": index, "values": _column(walk, value, depth)}


def _frame(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    columns = [_column(walk, value.iloc[:, place], depth) for place in range(value.shape[1])]
    return {
        "t": "frame",
        "type": _type_name(value),
        "shape": [*value.shape],
        "columns": _index(walk, value.columns, depth),
        "index": _index(walk, value.index, depth),
        "values": columns if len(columns) <= _LONG else _digest_of(columns),
    }


def _column(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    """The values of a column or index, whatever array of pandas holds them."""
    numpy, kind = sys.modules["numpy"], str(value.dtype)
    values = value.array
    if hasattr(values, "categories") and hasattr(values, "codes"):
        ordered, codes = bool(values.ordered), _array(walk, numpy.asarray(values.codes), depth)
        return {"t": "categories", "ordered": ordered, "of": _index(walk, values.categories, depth), "codes": codes}
    if hasattr(values, "asi8"):
        return {"t": "dates", "dtype": kind, "v": _sha(numpy.ascontiguousarray(values.asi8).tobytes())}
    if hasattr(values, "_mask"):  # numbers of pandas that may be missing: as floats they would lose digits
        gone = numpy.asarray(value.isna())
        full = values.to_numpy(kind.lower() if kind != "boolean" else bool, na_value=0)
        return {"t": "column", "dtype": kind, "gone": _array(walk, gone, depth), "values": _array(walk, full, depth)}
    plain = numpy.asarray(values)
    if plain.dtype.kind == "O":
        missing = numpy.asarray(value.isna())
        texts = [None if gone else item for item, gone in zip(plain.tolist(), missing.tolist(), strict=True)]
        return {"t": "column", "dtype": kind, "items": walk.items(texts, depth)}
    return {"t": "column", "dtype": kind, "values": _array(walk, plain, depth)}


def _sparse(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    """By coordinates in order: storage order and duplicates are no difference."""
    coordinates = value.tocsr().copy()
    coordinates.sum_duplicates()
    coordinates = coordinates.tocoo()
    parts = [_array(walk, part, depth) for part in (coordinates.row, coordinates.col, coordinates.data)]
    return {"t": "sparse", "format": value.format, "shape": [*value.shape], "parts": parts}


def _tensor(walk: _Walk, value: Any, depth: int) -> Fingerprint:
    return {"t": "tensor", "dtype": str(value.dtype), "data": _array(walk, value.detach().cpu().numpy(), depth)}


_Maker = Callable[[_Walk, Any, int], Fingerprint]
_BUILTIN: Mapping[type, _Maker] = {list: _sequence, tuple: _sequence, dict: _mapping, set: _set, frozenset: _set}
_MAKERS: tuple[tuple[Callable[[Any], bool], _Maker], ...] = (
    (_is_by_name, _by_name),
    (lambda value: isinstance(value, types.MethodType | types.BuiltinMethodType), _method),
    (_is_instance("numpy", "ndarray"), _array),
    (_is_instance("numpy", "generic"), _numpy_scalar),
    (_is_instance("pandas", "DataFrame"), _frame),
    (_is_instance("pandas", "Series"), _series),
    (_is_instance("pandas", "Index"), _index),
    (_is_instance("pandas", "Timestamp", "Timedelta", "Period", "Interval"), _as_text),
    (_is_instance("scipy.sparse", "spmatrix", "sparray"), _sparse),
    (_is_instance("torch", "Tensor"), _tensor),
    (_is_shown, _shown),
    (lambda value: isinstance(value, list | tuple), _sequence),
    (lambda value: isinstance(value, dict), _mapping),
    (lambda value: isinstance(value, set | frozenset), _set),
    (lambda value: isinstance(value, BaseException), _exception),
    (_is_instance("datetime", "date", "time", "timedelta", "tzinfo"), _as_text),
    (_is_instance("decimal", "Decimal"), _as_text),
    (_is_instance("pathlib", "PurePath"), _as_text),
    (_is_opaque, _opaque),
)


# ---------------------------------------------------------------------- parts


def _state_of(value: Any) -> Mapping[str, Any] | None:
    """The attributes in `__dict__` and `__slots__`; None for a class that keeps its state elsewhere."""
    found: dict[str, Any] = {}
    has_slots = False
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if name in ("__dict__", "__weakref__"):
                continue
            has_slots = True
            if hasattr(value, name):
                found[name] = getattr(value, name)
    own = getattr(value, "__dict__", None)
    if own is None and not has_slots:
        return None if type(value).__basicsize__ > object.__basicsize__ else {}
    return found | dict(own or {})


def _is_cache(kind: type, name: Any) -> bool:
    """What an object remembers of what it could compute again, and its scratch paper: no part of its value."""
    if not isinstance(name, str):
        return False
    if name.startswith(("_tmp", "_scratch")) or _CLOCKS.fullmatch(name) or (name[0] == "_" and "cache" in name.lower()):
        return True
    return "cached" in type(getattr(kind, name, None)).__name__.lower()


def _in_brief(found: Fingerprint) -> Fingerprint:
    """A long fingerprint as a digest of all that is exact, and a sketch of all floats in their order."""
    numpy, floats = sys.modules.get("numpy"), list[Any]()
    exact = json.dumps(_without_floats(found, floats), sort_keys=True)
    if numpy is None or len(exact) + sum(map(len, floats)) <= _LARGE:
        return found
    wide = numpy.concatenate([numpy.zeros(1), *(_numbers(numpy, text) for text in floats)])
    kept = {key: found[key] for key in ("t", "type", "dtype", "shape", "format", "n", "fields") if key in found}
    return kept | {"brief": _sha(exact.encode()), "sketch": _sketch(numpy, wide)}


def _without_floats(found: Any, floats: list[Any]) -> Any:
    """The same with each float taken out, in order: base64 of many, the text of one, or numbers of a sketch."""
    if isinstance(found, list):
        return [_without_floats(part, floats) for part in found]
    if not isinstance(found, dict):
        return found
    if "sketch" in found:
        sketch = found["sketch"]
        floats.append([sketch["norm"], sketch["log_norm"], *sketch["sums"], *sketch["log_sums"]])
        return {key: part for key, part in found.items() if key not in ("v", "sketch")} | {"others": sketch["others"]}
    if "floats" in found:
        floats.append(found["floats"])
        return {key: part for key, part in found.items() if key not in ("v", "floats")}
    if found.get("t") in ("float", "float16", "float32", "float64"):
        floats.append((found["v"],))
        return found["t"]
    return {key: _without_floats(part, floats) for key, part in found.items()}


def _numbers(numpy: Any, told: Any) -> Any:
    if isinstance(told, str):
        return numpy.frombuffer(base64.b64decode(told), "<f8")
    return numpy.array([float.fromhex(told[0])] if isinstance(told, tuple) else told)


def _type_name(value: Any) -> str:
    """The last word of a class's name: a class of the notebook is of another module in the package."""
    return type(value).__qualname__.rpartition(".")[2]


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(found: list[Fingerprint]) -> Fingerprint:
    return {"t": "long", "n": len(found), "v": _sha(json.dumps(found, sort_keys=True).encode())}
