"""Fingerprints: equal for equal values whatever process made them, different for what a user would call different."""

import collections
import copy
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import json
import pathlib
import re
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn._loss.link import Interval
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from verify.values import FEATURES, LABELS, NAN, difference, frame

from nb2prod.runtime.proof.compare import compare
from nb2prod.runtime.proof.fingerprint import COPY, fingerprint


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Account:
    owner: str
    balance: float


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    owner: str
    balance: float


class Plain:
    def __init__(self, **state: Any) -> None:
        self.__dict__.update(state)


class Growing(list[int]):
    """A list with a memory."""


class Booster:
    """Keeps its state behind a pointer, as libraries written in C do."""

    def __init__(self, text: str) -> None:
        self.handle = ctypes.c_int(id(text) % 1000)
        self.text: Callable[[], str] = lambda: text

    def __getstate__(self) -> dict[str, str]:
        return {"text": self.text()}


class Remembering:
    """Looking at it fills what begins with an underscore."""

    def __init__(self, cache_size: int) -> None:
        self.cache_size = cache_size
        self._cache: dict[int, int] = {}

    @functools.cached_property
    def double(self) -> int:
        return 2 * self.cache_size

    def looked_at(self) -> "Remembering":
        self._cache[1] = self.double
        return self


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def two_functions() -> tuple[Callable[[], int], Callable[[], int]]:
    def same() -> int:
        return 1

    return same, copy.copy(same)


def circle(last: int) -> list[Any]:
    items: list[Any] = [1, last]
    items.append(items)
    return items


def drawn(seed: int, draws: int) -> np.random.Generator:
    generator = np.random.default_rng(seed)
    generator.random(draws)
    return generator


def drawn_old(seed: int, draws: int) -> np.random.RandomState:
    generator = np.random.RandomState(seed)
    generator.rand(draws)
    return generator


def consumed(items: list[int], steps: int) -> Any:
    iterator = iter(items)
    for _ in range(steps):
        next(iterator)
    return iterator


LONG = np.random.default_rng(2).normal(size=2 * 16_384)
MANY = np.random.default_rng(1).normal(size=20_000)


def fitted(**options: Any) -> Any:
    return LogisticRegression(**options).fit(FEATURES, LABELS)


EQUAL: dict[str, tuple[object, object]] = {
    "nan": (NAN, -NAN),
    "text of two makings": ("a" * 500, "".join(["a"] * 500)),
    "long integers": (3**5000, 3**5000),
    "sets in any order": ({"a", "b", "c"}, {"c", "b", "a"}),
    "frozensets of sets": (frozenset([frozenset("ab")]), frozenset([frozenset("ba")])),
    "named tuples": (Point(1, 2), Point(1, 2)),
    "dataclasses": (Account("a", 0.1 + 0.2), Account("a", 0.3)),
    "slots": (Slotted("a", 1.0), Slotted("a", 1.0)),
    "functions of one name": two_functions(),
    "lambdas": (lambda: 1, lambda: 1),
    "partials": (functools.partial(len, [1]), functools.partial(len, [1])),
    "circles": (circle(2), circle(2)),
    "objects of no state": (object(), object()),
    "states behind pointers": (Booster("a" * 9), Booster("a" * 9)),
    "what was remembered": (Remembering(1), Remembering(1).looked_at()),
    "many arrays with noise": ([*FEATURES, *FEATURES * 2], [*FEATURES * (1 + 1e-13), *FEATURES * 2]),
    "locks": (threading.Lock(), threading.Lock()),
    "generators": ((n for n in range(3)), (n for n in range(3))),
    "patterns": (re.compile("a+"), re.compile("a+")),
    "iterators at one place": (consumed([1, 2, 3], 1), consumed([1, 2, 3], 1)),
    "counters": (collections.Counter("abca"), collections.Counter("abca")),
    "floats with noise": (1.0, 1.0 + 1e-12),
    "arrays with noise": (FEATURES, FEATURES * (1 + 1e-12)),
    "long lists with noise": (MANY.tolist(), (MANY * (1 + 1e-12)).tolist()),
    "long arrays with noise": (MANY, MANY * (1 + 1e-12)),
    "long arrays with noise of their sum": (MANY - MANY.mean(), MANY - MANY[::-1].mean()),
    "noise about zero": (np.append(MANY, 1e-17), np.append(MANY, -2e-16)),
    "long complex arrays with noise": (MANY + 1j * MANY, (MANY + 1j * MANY) * (1 + 1e-13)),
    "memory order": (np.asfortranarray(FEATURES), np.ascontiguousarray(FEATURES)),
    "views": (FEATURES[::2], FEATURES[::2].copy()),
    "all kinds of nan": (np.array([NAN, 1.0]), np.array([-NAN, 1.0])),
    "what a mask hides": (np.ma.array([1, 2], mask=[False, True]), np.ma.array([1, 9], mask=[False, True])),
    "sparse with duplicates": (
        scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 2)),
        scipy.sparse.coo_matrix(([3.0], ([0], [1])), shape=(2, 2)),
    ),
    "generators at one place": (drawn(3, 5), drawn(3, 5)),
    "old generators at one place": (drawn_old(3, 5), drawn_old(3, 5)),
    "frames": (frame(), frame()),
    "dtypes": (np.dtype("int64"), np.dtype("int64")),
    "index of integers": (pd.Series([1, 2]), pd.Series([1, 2], index=pd.RangeIndex(2))),
    "models": (fitted(), fitted()),
    "forests": (
        RandomForestRegressor(5, random_state=0).fit(FEATURES, LABELS),
        RandomForestRegressor(5, random_state=0).fit(FEATURES, LABELS),
    ),
    "boosting": (
        GradientBoostingClassifier(n_estimators=3, random_state=0).fit(FEATURES, LABELS),
        GradientBoostingClassifier(n_estimators=3, random_state=0).fit(FEATURES, LABELS),
    ),
    "searches, but for their times": (
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(FEATURES, LABELS),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(FEATURES, LABELS),
    ),
    "classes of two modules": (type("Model", (), {})(), type("Model", (), {})()),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_values_have_no_difference(name: str) -> None:
    assert difference(*EQUAL[name]) == ""


def moved_first() -> collections.OrderedDict[str, int]:
    table = collections.OrderedDict(a=1, b=2)
    table.move_to_end("a")
    return table


DIFFERENT: dict[str, tuple[object, object, str]] = {
    "integers": (1, 2, "1 against 2"),
    "bool and int": (True, 1, "constant against int"),
    "int and float": (1, 1.0, "int against float"),
    "none and nan": (None, NAN, "constant against float"),
    "zero and none": (0, None, "int against constant"),
    "floats": (1.0, 1.000001, "1.0 against 1.000001"),
    "infinities": (float("inf"), float("-inf"), "inf against -inf"),
    "infinity and a number": (float("inf"), 1e308, "inf against 1e+308"),
    "complex": (1 + 2j, 1 + 3j, "2 values differ"),
    "texts": ("yes", "no", "yes against no"),
    "long texts": ("a" * 300, "a" * 299 + "b", "against"),
    "bytes": (b"a", b"b", "values differ"),
    "bytes and bytearray": (b"a", bytearray(b"a"), "bytes against bytearray"),
    "list and tuple": ([1], (1,), "list against tuple"),
    "lengths": ([1, 2], [1, 2, 3], "length 2 against 3"),
    "items": ([1, [2, 3]], [1, [2, 4]], "[1][1]: 3 against 4"),
    "long lists": ([*range(5000)], [*range(4999), 1], "values differ"),
    "order of moved keys": (
        collections.OrderedDict(a=1, b=2),
        moved_first(),
        "keys",
    ),
    "order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "keys"),
    "values of keys": ({"a": 1}, {"a": 2}, "1 against 2"),
    "sets": ({1, 2}, {1, 3}, "values differ"),
    "set and frozenset": ({1}, frozenset([1]), "set against frozenset"),
    "named tuples": (Point(1, 2), Point(1, 3), "2 against 3"),
    "named tuple and tuple": (Point(1, 2), (1, 2), "Point against tuple"),
    "dataclasses": (Account("a", 1.0), Account("a", 2.0), "balance"),
    "slots": (Slotted("a", 1.0), Slotted("a", 2.0), "balance"),
    "objects": (Plain(a=1), Plain(a=2), "1 against 2"),
    "attributes": (Plain(a=1), Plain(a=1, b=2), "only one of them has the attribute b"),
    "lists with more": (Growing([1]), Growing([2]), "1 against 2"),
    "one of many arrays": (
        MANY.reshape(200, 100).tolist(),
        np.where(np.arange(MANY.size) == 77, 2 * MANY, MANY).reshape(200, 100).tolist(),
        "values differ",
    ),
    "a name beside many arrays": ([*MANY.reshape(200, 100), "a"], [*MANY.reshape(200, 100), "b"], "more than floats"),
    "states behind pointers": (Booster("a"), Booster("b"), "a against b"),
    "options with the word cache": (Remembering(1), Remembering(2), "cache_size: 1 against 2"),
    "enums": (Color.RED, Color.BLUE, "1 against 2"),
    "int enums": (Level.LOW, Level.HIGH, "1 against 2"),
    "functions": (len, max, "len against max"),
    "modules": (json, re, "json against re"),
    "classes": (Point, Account, "Point against Account"),
    "partials": (functools.partial(len, [1]), functools.partial(len, [2]), "1 against 2"),
    "methods of two objects": ([1].append, [2].append, "1 against 2"),
    "circles": (circle(2), circle(3), "2 against 3"),
    "shared and not": ([a := [1], a], [[1], [1]], "against"),
    "ranges": (range(3), range(4), "3 against 4"),
    "slices": (slice(1, 2), slice(1, 3), "2 against 3"),
    "deques": (collections.deque([1, 2]), collections.deque([2, 1]), "1 against 2"),
    "counters": (collections.Counter("ab"), collections.Counter("aab"), "1 against 2"),
    "default dicts": (
        collections.defaultdict(int, a=1),
        collections.defaultdict(int, a=2),
        "1 against 2",
    ),
    "ordered dicts": (collections.OrderedDict(a=1), collections.OrderedDict(a=2), "1 against 2"),
    "decimals": (decimal.Decimal("0.1"), decimal.Decimal("0.10"), "0.1 against 0.10"),
    "fractions": (fractions.Fraction(1, 3), fractions.Fraction(2, 3), "1 against 2"),
    "days": (datetime.date(2024, 1, 1), datetime.date(2024, 1, 2), "2024-01-01 against 2024-01-02"),
    "zones": (
        datetime.datetime(2024, 1, 1),
        datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        "2024-01-01 00:00:00 against 2024-01-01 00:00:00+00:00",
    ),
    "spans": (datetime.timedelta(1), datetime.timedelta(2), "1 day, 0:00:00 against 2 days, 0:00:00"),
    "paths": (pathlib.PurePosixPath("a"), pathlib.PurePosixPath("b"), "a against b"),
    "exceptions": (ValueError("a"), ValueError("b"), "a against b"),
    "kinds of exception": (ValueError("a"), KeyError("a"), "ValueError against KeyError"),
    "patterns": (re.compile("a"), re.compile("b"), "a against b"),
    "iterators": (consumed([1, 2, 3], 1), consumed([1, 2, 3], 2), "1 against 2"),
    "dtypes of arrays": (np.array([1, 2]), np.array([1.0, 2.0]), "dtype int64 against float64"),
    "shapes": (np.zeros((3, 2)), np.zeros((2, 3)), "shape [3, 2] against [2, 3]"),
    "integers of arrays": (np.arange(5), np.arange(5)[::-1], "values differ"),
    "floats of arrays": (np.array([1.0, 2.0]), np.array([1.0, 2.5]), "1 of 2 values differ, by up to 0.5"),
    "nan of arrays": (np.array([1.0, NAN]), np.array([NAN, 1.0]), "2 of 2 values differ"),
    "rows of arrays": (FEATURES, FEATURES[::-1], "values differ"),
    "one float among many": (MANY, np.where(np.arange(MANY.size) == 77, MANY + 1e-4, MANY), "values differ"),
    "two of many exchanged": (MANY, MANY[[1, 0, *range(2, MANY.size)]], "values differ"),
    "many in another order": (MANY, np.sort(MANY), "values differ"),
    "chunks exchanged": (np.tile(MANY, 4), np.tile(np.roll(MANY, 16_384), 4), "values differ"),
    "ends exchanged": (LONG, LONG[[-1, *range(1, LONG.size - 1), 0]], "values differ"),
    "nan in another place": (
        np.where(np.arange(MANY.size) == 7, NAN, MANY),
        np.where(np.arange(MANY.size) == 8, NAN, MANY),
        "NaN or infinity in other places",
    ),
    "a small number beside large ones": (
        np.append(MANY * 1e6, 0.25),
        np.append(MANY * 1e6, 0.26),
        "values differ",
    ),
    "a small column beside a large one": (
        np.column_stack([MANY * 1e6, MANY / 10]),
        np.column_stack([MANY * 1e6, np.where(np.arange(MANY.size) == 7, 0.5, MANY / 10)]),
        "values differ",
    ),
    "float32": (MANY.astype("float32"), (MANY + 1e-3).astype("float32"), "values differ"),
    "array scalars": (np.float64(1), np.float64(2), "1.0 against 2.0"),
    "array scalar and float": (np.float64(1), 1.0, "float64 against float"),
    "array scalars of two types": (np.int32(1), np.int64(1), "int32 against int64"),
    "object arrays": (np.array([1, "a"], object), np.array([1, "b"], object), "a against b"),
    "records": (
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.array([(1, 3.0)], dtype=[("a", int), ("b", float)]),
        "b: 2.0 against 3.0",
    ),
    "dates of arrays": (np.array(["2024-01-01"], "M8[D]"), np.array(["2024-01-02"], "M8[D]"), "values differ"),
    "texts of arrays": (np.array(["a"]), np.array(["b"]), "values differ"),
    "masks": (np.ma.array([1, 2], mask=[False, True]), np.ma.array([1, 2], mask=[True, False]), "mask"),
    "formats of sparse": (
        scipy.sparse.csr_matrix(np.eye(3)),
        scipy.sparse.csc_matrix(np.eye(3)),
        "format csr against csc",
    ),
    "values of sparse": (scipy.sparse.csr_matrix(np.eye(3)), scipy.sparse.csr_matrix(2 * np.eye(3)), "3 of 3"),
    "places of sparse": (
        scipy.sparse.csr_matrix(np.eye(3)),
        scipy.sparse.csr_matrix(np.eye(3)[::-1]),
        "values differ",
    ),
    "generators": (drawn(3, 5), drawn(3, 6), "against"),
    "old generators": (drawn_old(3, 5), drawn_old(3, 6), "against"),
    "columns": (frame(), frame().rename(columns={"a": "A"}), "a against A"),
    "order of columns": (frame(), frame()[["b", "a", "c"]], "columns"),
    "types of columns": (frame(), frame().astype({"a": "int32"}), "dtype int64 against int32"),
    "values of columns": (frame(), frame(a=[1, 2, 4]), "values differ"),
    "none and nan in a column": (frame(b=[0.5, 1.0, 1.5]), frame(), "1 of 3 values differ, by up to inf"),
    "order of rows": (frame(), frame().iloc[::-1], "values differ"),
    "index": (frame(), frame().set_index(pd.Index([5, 6, 7])), "index"),
    "name of an index": (frame(), frame().rename_axis("id"), "index"),
    "name of a series": (pd.Series([1], name="a"), pd.Series([1], name="b"), "a against b"),
    "rows": (frame(), frame().head(2), "shape [3, 3] against [2, 3]"),
    "categories": (
        pd.Series(["a", "b"], dtype="category"),
        pd.Series(["a", "b"], dtype=pd.CategoricalDtype(["b", "a"])),
        "a against b",
    ),
    "order of categories": (
        pd.Series(["a"], dtype=pd.CategoricalDtype(["a"], ordered=True)),
        pd.Series(["a"], dtype=pd.CategoricalDtype(["a"])),
        "ordered: True against False",
    ),
    "stamps": (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02"), "2024-01-01 00:00:00 against"),
    "dates": (
        pd.Series(pd.to_datetime(["2024-01-01"])),
        pd.Series(pd.to_datetime(["2024-01-02"])),
        "values differ",
    ),
    "nullable integers": (
        pd.Series([1, None], dtype="Int64"),
        pd.Series([1, 2], dtype="Int64"),
        "gone: values differ",
    ),
    "large nullable integers": (
        pd.Series([2**60, None], dtype="Int64"),
        pd.Series([2**60 + 1, None], dtype="Int64"),
        "values differ",
    ),
    "nullable booleans": (
        pd.Series([True, None], dtype="boolean"),
        pd.Series([False, None], dtype="boolean"),
        "values differ",
    ),
    "nullable floats": (
        pd.Series([0.5, None], dtype="Float32"),
        pd.Series([1.5, None], dtype="Float32"),
        "1 of 2 values differ",
    ),
    "levels of an index": (
        pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]),
        pd.MultiIndex.from_tuples([(1, "a"), (2, "c")]),
        "b against c",
    ),
    "options of models": (LogisticRegression(C=1.0), LogisticRegression(C=2.0), "C: 1.0 against 2.0"),
    "fitted and not": (fitted(), LogisticRegression(), "only one of them has"),
    "weights": (fitted(), fitted(C=1.0 + 1e-3), "1.0 against 1.001"),
    "kinds of model": (LogisticRegression(), LinearRegression(), "LogisticRegression against LinearRegression"),
    "trees": (
        RandomForestRegressor(3, random_state=0).fit(FEATURES, LABELS),
        RandomForestRegressor(3, random_state=0).fit(FEATURES[::-1], LABELS),
        "",
    ),
    "inside of a pipeline": (
        make_pipeline(StandardScaler(), LogisticRegression(C=1.0)),
        make_pipeline(StandardScaler(), LogisticRegression(C=3.0)),
        "C: 1.0 against 3.0",
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_values_are_told_with_the_reason(name: str) -> None:
    ours, theirs, reason = DIFFERENT[name]
    told = difference(ours, theirs)
    assert told
    assert reason in told


def test_a_whole_pipeline_is_compared_by_what_it_learned() -> None:
    data = pd.DataFrame({"size": FEATURES[:, 0], "kind": np.where(LABELS, "a", "b")})

    def trained(rows: int) -> Any:
        columns = ColumnTransformer([("n", StandardScaler(), ["size"]), ("k", OneHotEncoder(), ["kind"])])
        return make_pipeline(columns, LogisticRegression()).fit(data[:rows], LABELS[:rows])

    assert difference(trained(60), trained(60)) == ""
    assert re.search("mean_: .* against ", difference(trained(60), trained(59)))


def test_predicting_does_not_change_a_model() -> None:
    model = fitted()
    before = fingerprint(model)
    model.predict(FEATURES)
    model.predict_proba(FEATURES)
    assert compare(fingerprint(model), before) == ""


def test_looking_changes_no_value() -> None:
    values = [frame(), FEATURES, drawn(1, 1), scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 0], [1, 1]))), circle(1)]
    before = [repr(value) for value in values]
    for value in values:
        fingerprint(value)
    assert [repr(value) for value in values] == before
    assert values[2].random() == drawn(1, 1).random()


def test_global_generators_draw_on_as_if_nobody_had_looked() -> None:
    np.random.seed(3)
    expected = [np.random.rand(), np.random.rand()]
    np.random.seed(3)
    assert np.random.rand() == expected[0]
    fingerprint(MANY)
    assert np.random.rand() == expected[1]


@pytest.mark.parametrize(
    "made", [str, pathlib.PurePosixPath, lambda text: [text], lambda text: {text}, lambda text: pd.Series([text])]
)
def test_a_path_into_the_copy_of_a_side_is_told_from_there(made: Callable[[str], object]) -> None:
    ours, theirs = made(f"/tmp/a1/{COPY}/data/x.csv"), made(f"/var/tmp/b2/{COPY}/data/x.csv")
    assert difference(ours, theirs) == ""
    assert difference(ours, made(f"/tmp/a1/{COPY}/data/y.csv")) != ""
    assert difference(made("/tmp/a1/data/x.csv"), made("/tmp/b2/data/x.csv")) != ""


def test_a_librarys_record_of_plain_values_is_a_value() -> None:
    """A class may hold one for all its instances, which pickling makes two; of the notebook's own, identity counts."""
    shared = Interval(0, 1, True, True)
    assert difference([shared, shared], [shared, copy.copy(shared)]) == ""
    assert difference([shared, shared], [shared, Interval(0, 2, True, True)]) != ""
    own = Account("a", 2.0)
    assert difference([own, own], [own, copy.copy(own)]) != ""


def test_what_an_object_makes_when_first_asked_is_no_difference() -> None:
    made, unmade, filled = (Account("a", 2.0) for _ in range(3))
    vars(made)["_notes"], vars(unmade)["_notes"], vars(filled)["_notes"] = {}, None, {"a": 1}
    assert difference(made, unmade) == ""
    assert difference(filled, unmade) != ""
