"""What a value is, as JSON: its type and shape, and of a table each column's type, nulls and distribution.

    {"type", "shape", "nulls", "columns": [{"name", "dtype", "nulls", "numbers" | "categories" | "lengths"}], "sampled"}

It looks, and changes nothing: no attribute is set, no random number drawn, no method of the user's called. Of long
tables each n-th row is looked at, `sampled` of them; after a while only types are told.
"""

import re
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any  # pandas' and numpy's objects

from nb2prod.runtime.telling.sketches import categories_of, numbers_of

__all__ = ["SECRET", "Budget", "describe_value", "described", "forget", "shape_of", "short"]

SECRET = re.compile(r"password|passwd|token|secret|api_?key|credential", re.IGNORECASE)
_ROWS = 20_000  # of which a distribution is made
_COLUMNS = 100  # that are told of
_CELLS = 5_000_000  # a table with more is not searched for nulls as a whole
_SECONDS = 0.25  # for all values that go into a step, or come out of it
_TEXT = 60  # characters of a category's name
_FEW = 50  # different texts; more than that in half of the rows are names, addresses or numbers: not to be kept
_PLAIN = {"string", "boolean", "integer", "floating", "mixed-integer-float", "decimal", "date", "datetime"}


class Budget:
    """Of this thread's time: that of others does not count. `is_spent` says that enough has been looked at; it begins
    when it is asked first, for most values are not worth asking the time."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds, self._ends = seconds, 0.0

    @property
    def is_spent(self) -> bool:
        now = time.thread_time()
        self._ends = self._ends or now + self._seconds
        return now > self._ends


class _Known:
    """What was told of objects since a step ran last: what one gives is often what the next one takes."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[Any, dict[str, Any]]] = {}

    def forget(self) -> None:
        self._told.clear()

    def find(self, value: object) -> dict[str, Any] | None:
        reference, found = self._told.get(id(value), (None, None))
        return found if reference is not None and reference() is value else None

    def learn(self, value: object, found: dict[str, Any]) -> None:
        if "columns" in found:
            self._told[id(value)] = (weakref.ref(value), found)


_known = _Known()
forget = _known.forget


def described(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Each of them. `forget` is called before a step runs, which may change what it is given."""
    budget = Budget()
    found = {}
    for name, value in values.items():
        known = _known.find(value)
        if known is None:
            known = describe_value(name, value, budget)
            _known.learn(value, known)
        found[name] = known
    return found


def describe_value(name: str, value: Any, budget: Budget | None = None) -> dict[str, Any]:
    """Never raises: what cannot be looked at has its type alone."""
    found: dict[str, Any] = {"type": type(value).__name__}
    try:
        return {**found, **_more(name, value, budget or Budget())}
    except Exception:  # a table of strange things is not a reason to fail
        shape = shape_of(value)
        return found if shape is None else {**found, "shape": list(shape)}


def short(described: dict[str, Any]) -> dict[str, Any]:
    """Without the distributions: of each column its mean and bounds, or how many different values it has."""
    if "columns" not in described:
        return described
    return {**described, "columns": [_short(column) for column in described["columns"]]}


def shape_of(value: Any) -> tuple[int, ...] | None:
    if not hasattr(type(value), "shape"):  # not asked of the object: a class of the user's may count who asks
        return None
    try:
        shape = value.shape
        return tuple(int(size) for size in shape) if isinstance(shape, tuple) else None
    except Exception:  # any object may have a property of that name
        return None


def _more(name: str, value: Any, budget: Budget) -> dict[str, Any]:
    if type(value) in (bool, int, float):
        shown = not SECRET.search(name) and (not isinstance(value, float) or value - value == 0)
        return {"value": value} if shown and (isinstance(value, float) or abs(value) < 2**53) else {}
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return {"length": len(value)}
    pandas: Any = sys.modules.get("pandas")
    numpy: Any = sys.modules.get("numpy")
    if pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series)):
        return _of_frame(value, pandas, numpy, budget)
    shape = shape_of(value)
    if shape is not None:
        columns = _of_array(value, numpy, budget) if numpy is not None and type(value) is numpy.ndarray else {}
        return {"shape": list(shape), **columns}
    features = vars(value).get("feature_names_in_") if _is_estimator(value) else None
    return {} if features is None else {"features": [str(each) for each in features[:_COLUMNS]]}


def _is_estimator(value: object) -> bool:
    base: Any = sys.modules.get("sklearn.base")
    return base is not None and isinstance(value, base.BaseEstimator)


def _of_frame(value: Any, pandas: Any, numpy: Any, budget: Budget) -> dict[str, Any]:
    is_frame = isinstance(value, pandas.DataFrame)
    rows = value.shape[0]
    step = -(-rows // _ROWS) if rows > _ROWS else 1
    seen = value.iloc[::step] if step > 1 else value
    width = value.shape[1] if is_frame else 1
    named = islice(seen.items(), _COLUMNS) if is_frame else [("" if value.name is None else value.name, seen)]
    columns = [_column(str(name), series, pandas, numpy, budget) for name, series in named]
    found: dict[str, Any] = {"shape": list(value.shape), "columns": columns}
    if step > 1:
        found["sampled"] = len(seen)
        nulls = _nulls(value, is_frame) if value.size <= _CELLS and not budget.is_spent else None
    else:
        known = [column.get("nulls") for column in columns]
        whole = None not in known and width <= _COLUMNS
        nulls = sum(filter(None, known)) if whole else _nulls(value, is_frame) if value.size <= _CELLS else None
    return found if nulls is None else {**found, "nulls": nulls}


def _named(dtype: Any, numpy: Any) -> str:
    """A dtype of numpy's takes long to say what it is called."""
    if not isinstance(dtype, numpy.dtype):
        return str(dtype)
    if dtype not in _dtypes:
        _dtypes[dtype] = str(dtype)
    return _dtypes[dtype]


_dtypes: dict[Any, str] = {}


def _nulls(value: Any, is_frame: bool) -> int:
    counts = value.isna().sum()
    return int(counts.sum()) if is_frame else int(counts)


def _column(name: str, series: Any, pandas: Any, numpy: Any, budget: Budget) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "dtype": _named(series.dtype, numpy)}
    if budget.is_spent or SECRET.search(name):
        return found
    try:
        return {**found, **_distribution(series, pandas, numpy)}
    except Exception:  # a column of strange things
        return found


def _distribution(series: Any, pandas: Any, numpy: Any) -> dict[str, Any]:
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        codes = numpy.bincount(series.cat.codes.to_numpy() + 1, minlength=len(dtype.categories) + 1)
        names = [str(each)[:_TEXT] for each in dtype.categories]
        counts = {name: int(count) for name, count in zip(names, codes[1:], strict=True) if count}
        return {"nulls": int(codes[0]), "categories": categories_of(counts).to_json()}
    kind = getattr(dtype, "kind", "O")
    if kind in "iuf" and isinstance(dtype, numpy.dtype):
        return _numbers(series.to_numpy().astype("float64", copy=False), numpy)
    if kind in "iuf":
        return _numbers(series.to_numpy(dtype="float64", na_value=numpy.nan), numpy)
    if kind == "M" and getattr(dtype, "tz", None) is not None:
        series = series.dt.tz_convert(None)
    if kind in "mM":
        return _numbers(_seconds(series.to_numpy(), numpy), numpy)
    if kind == "b" and isinstance(dtype, numpy.dtype):
        return _counted_array(series.to_numpy(), numpy)
    if kind == "b" or isinstance(dtype, pandas.StringDtype) or pandas.api.types.infer_dtype(series) in _PLAIN:
        return _counted(series, pandas, numpy)
    return {"nulls": int(series.isna().sum())}


def _numbers(values: Any, numpy: Any) -> dict[str, Any]:
    numbers, nulls = numbers_of(values, numpy)
    return {"nulls": nulls, "numbers": numbers.to_json()}


def _seconds(values: Any, numpy: Any) -> Any:
    """Times since 1970 and lengths of time, as seconds."""
    unit = "datetime64[us]" if values.dtype.kind == "M" else "timedelta64[us]"
    seconds = values.astype(unit).astype("int64") / 1e6
    seconds[numpy.isnat(values)] = numpy.nan
    return seconds


def _counted(series: Any, pandas: Any, numpy: Any) -> dict[str, Any]:
    codes, different = pandas.factorize(series.array)
    nulls = int(numpy.count_nonzero(codes < 0))
    values = different.tolist()
    if len(values) > _FEW and 2 * len(values) > len(series) - nulls:
        texts = [len(each) for each in values if isinstance(each, str)]
        lengths, _ = numbers_of(numpy.array(texts, dtype="float64"), numpy)
        return {"nulls": nulls, "distinct": len(values), **({"lengths": lengths.to_json()} if texts else {})}
    names: dict[str, int] = {}
    for value, count in zip(values, numpy.bincount(codes[codes >= 0]).tolist(), strict=True):
        names[str(value)[:_TEXT]] = names.get(str(value)[:_TEXT], 0) + int(count)
    return {"nulls": nulls, "categories": categories_of(names).to_json()}


def _of_array(value: Any, numpy: Any, budget: Budget) -> dict[str, Any]:
    step = -(-len(value) // _ROWS) if value.ndim and len(value) > _ROWS else 1
    if value.ndim > 2 or (value.ndim == 2 and value.shape[1] > _COLUMNS):
        flat = value.reshape(-1) if value.flags.c_contiguous else value[..., 0].ravel()
        step = -(-len(flat) // _ROWS) or 1
        seen, columns = flat[::step], [("", flat[::step])]
    elif value.ndim == 2:
        seen = value[::step]
        columns = [(str(index), seen[:, index]) for index in range(value.shape[1])]
    elif value.ndim == 1:
        seen = value[::step]
        columns = [("", seen)]
    else:
        return {}
    found = {"columns": [_array_column(name, each, numpy, budget) for name, each in columns]}
    return {**found, "sampled": len(seen)} if step > 1 else found


def _array_column(name: str, values: Any, numpy: Any, budget: Budget) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "dtype": _named(values.dtype, numpy)}
    kinds: dict[str, Callable[[Any], dict[str, Any]]] = {
        **dict.fromkeys("iuf", lambda each: _numbers(each.astype("float64"), numpy)),
        **dict.fromkeys("mM", lambda each: _numbers(_seconds(each, numpy), numpy)),
        **dict.fromkeys("bUS", lambda each: _counted_array(each, numpy)),
    }
    look = kinds.get(values.dtype.kind)
    return found if look is None or budget.is_spent else {**found, **look(values)}


def _counted_array(values: Any, numpy: Any) -> dict[str, Any]:
    if values.dtype.kind == "b":
        true = int(numpy.count_nonzero(values))
        both = {"True": true, "False": len(values) - true}
        return {"nulls": 0, "categories": categories_of({name: n for name, n in both.items() if n}).to_json()}
    different, counts = numpy.unique(values, return_counts=True)
    if len(different) > _FEW and 2 * len(different) > len(values):
        return {"nulls": 0, "distinct": len(different)}
    names = {str(value)[:_TEXT]: int(count) for value, count in zip(different.tolist(), counts.tolist(), strict=True)}
    return {"nulls": 0, "categories": categories_of(names).to_json()}


def _short(column: dict[str, Any]) -> dict[str, Any]:
    return dict(_shortened(column))


def _shortened(column: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in column.items():
        if key == "numbers":
            yield from ((name, value[name]) for name in ("mean", "deviation", "least", "greatest") if name in value)
        elif key == "categories":
            yield "distinct", value["distinct"]
        elif key != "lengths":
            yield key, value
