"""Objects to try methods on: by name the code that makes one, and what a trial of an expression with them shows."""

import contextlib
import io
import random
import re
import sqlite3
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any  # a receiver may be anything

import numpy as np

from nb2prod.runtime.proof.fingerprint import fingerprint

SETUP = """
import collections, copy, datetime, functools, heapq, bisect, io, itertools, json, operator, pathlib, pickle, random
import sqlite3, string, contextlib, abc, dataclasses, os, sys, types, warnings
import numpy as np
import pandas as pd
import scipy.sparse as sparse
"""

BUILTINS = {
    "nums": "[3, 1, 2]",
    "boxes": "[[3], [1], [2]]",
    "named": "{'a': 1, 'b': 2}",
    "boxed": "{'a': [1], 'b': [2]}",
    "chosen": "{1, 2}",
    "line": "collections.deque([3, 1, 2])",
    "counted": "collections.Counter('abca')",
    "ordered": "collections.OrderedDict(a=1, b=2)",
    "fallback": "collections.defaultdict(list, a=[1])",
    "octets": "bytearray(b'ab')",
    "text": "'a,b'",
    "raw": "b'a,b'",
    "pair": "(1, 2)",
    "frozen": "frozenset({1, 2})",
    "moment": "datetime.datetime(2024, 5, 6)",
    "span": "datetime.timedelta(3)",
    "path": "pathlib.Path('a.txt')",
    "memory": "io.StringIO('a\\nb\\n')",
    "raw_memory": "io.BytesIO(b'ab')",
    "made": "(n for n in [1, 2])",
    "dice": "random.Random(1)",
    "window": "memoryview(bytearray(b'abcd'))",
}
NUMPY = {
    "arr": "np.array([[3.0, 1.0], [2.0, 4.0]])",
    "flat": "np.array([3.0, 1.0, 2.0])",
    "whole": "np.array([3, 1, 2])",
    "rng": "np.random.default_rng(1)",
    "old": "np.random.RandomState(1)",
}
PANDAS = {
    "df": "pd.DataFrame({'a': [3.0, None, 1.0], 'b': [1, 2, 2]})",
    "s": "pd.Series([3.0, None, 1.0], name='a')",
    "words": "pd.Series(['a', 'b', 'a'])",
    "times": "pd.Series([1, 2, 3], index=pd.date_range('2024-01-01', periods=3))",
    "index": "pd.Index([3, 1, 2])",
    "days": "pd.date_range('2024-01-01', periods=3)",
    "kinds": "pd.Categorical(['a', 'b', 'a'])",
    "groups": "pd.DataFrame({'a': [3.0, None, 1.0], 'b': [1, 2, 2]}).groupby('b')",
    "parts": "pd.Series([3.0, 2.0, 1.0]).groupby([1, 2, 2])",
    "rolled": "pd.Series([3.0, 2.0, 1.0]).rolling(2)",
    "grown": "pd.Series([3.0, 2.0, 1.0]).expanding()",
    "stamp": "pd.Timestamp('2024-01-01')",
    "delta": "pd.Timedelta(days=1)",
    "spelled": "pd.Series(['a', 'b', 'a']).str",
    "dated": "pd.Series(pd.date_range('2024-01-01', periods=3)).dt",
}
SCIPY = {"matrix": "sparse.csr_matrix([[0, 1.0], [2.0, 0]])", "coordinates": "sparse.coo_matrix([[0, 1.0], [2.0, 0]])"}
_X = "np.array([[float(n), float(n % 3)] for n in range(12)])"
_Y = "np.array([n % 2 for n in range(12)])"
ESTIMATORS = {
    "fitted_line": f"sklearn.linear_model.LinearRegression().fit({_X}, {_Y})",
    "scaler": f"sklearn.preprocessing.StandardScaler().fit({_X})",
}
OTHERS = {
    "fitted_classes": f"sklearn.linear_model.LogisticRegression().fit({_X}, {_Y})",
    "connection": "sqlite3.connect(':memory:')",
    "cursor": "sqlite3.connect(':memory:').execute('values (1), (2), (3)')",
    "inner": "[1]",
    "many": "list(range(99))",
    "x": _X,
    "y": _Y,
    "line_model": "sklearn.linear_model.LinearRegression()",
    "stepwise": "sklearn.linear_model.SGDClassifier(random_state=0)",
    "clusters": "sklearn.cluster.KMeans(2, random_state=0)",
    "density": f"sklearn.neighbors.KernelDensity().fit({_X})",
    "estimate": f"statsmodels.api.OLS({_Y}, {_X}).fit()",
    "series_model": f"statsmodels.tsa.arima.model.ARIMA({_X}[:, 1])",
    "series_estimate": f"statsmodels.tsa.arima.model.ARIMA({_X}[:, 1]).fit()",
    "general": f"statsmodels.api.GLM({_Y}, {_X})",
}
FACTORIES = {**BUILTINS, **NUMPY, **PANDAS, **SCIPY, **ESTIMATORS, **OTHERS}
_MODULES: dict[str, Any] = {}
exec(SETUP, _MODULES)
_LARGE = (
    "sklearn.linear_model", "sklearn.preprocessing", "sklearn.cluster", "sklearn.neighbors", "sklearn.pipeline",
    "sklearn.compose", "sklearn.metrics", "sklearn.utils", "sklearn.model_selection", "statsmodels.api",
    "statsmodels.tsa.arima.model", "imblearn.over_sampling", "imblearn.pipeline", "matplotlib.pyplot", "torch",
    "xgboost", "lightgbm",
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]\w*")


def namespace_for(code: str) -> dict[str, Any]:
    """The modules, and a new receiver for each name of one that the code has."""
    found = dict(_MODULES)
    exec(_imports_of(code), found)
    for name in dict.fromkeys(_WORD.findall(code)):
        if name in FACTORIES and name not in found:
            found[name] = eval(FACTORIES[name], found)
    return found


@dataclass(frozen=True)
class Trial:
    """What running `code` once did: `changed` are the names whose values are not what they were."""

    code: str
    changed: frozenset[str]
    error: str = ""


def shown(code: str) -> bool:
    """Whether the last line of the code holds, after the lines before it."""
    values = namespace_for(code)
    *lines, last = code.split("; ")
    with quietly():
        exec("\n".join(lines), values)
        return bool(eval(last, values))


def _imports_of(code: str) -> str:
    """Large libraries are imported when an example has them."""
    text = code + "".join(FACTORIES[name] for name in _WORD.findall(code) if name in FACTORIES)
    return "\n".join(f"import {name}" for name in _LARGE if name.split(".")[0] in text)


def tried(code: str) -> Trial:
    values = namespace_for(code)
    watched = {name: value for name, value in values.items() if name in FACTORIES}
    with quietly():
        before = {name: told(value) for name, value in watched.items()}
        try:
            exec(code, values)
        except Exception as error:
            return Trial(code, frozenset(), f"{type(error).__name__}: {error}")
        after = {name: told(value) for name, value in watched.items()}
    return Trial(code, frozenset(name for name in watched if before[name] != after[name]))


def told(value: Any) -> object:
    """A value's fingerprint; for what has none a state that reading and drawing change."""
    if isinstance(value, sqlite3.Connection):
        return (list(value.iterdump()), value.in_transaction)
    if isinstance(value, io.IOBase):
        return (
            "closed"
            if value.closed
            else (value.tell(), value.getvalue() if isinstance(value, io.StringIO | io.BytesIO) else "")
        )
    if isinstance(value, types.GeneratorType):
        return value.gi_frame.f_lasti if value.gi_frame else "done"
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, memoryview):
        with contextlib.suppress(ValueError):
            return bytes(value)
        return "released"
    return fingerprint(value)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
