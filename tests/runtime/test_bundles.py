"""Bundles: what comes out is what went in, shared memory, ownership and types included."""

import io
import math
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nb2prod.runtime.results.bundlefiles import read_bundle, write_bundle
from nb2prod.runtime.results.bundles import NotPortable, dumps, loads


def in_memory(value: Any) -> Any:
    return loads(dumps(value))


def by_file(value: Any) -> Any:
    file = io.BytesIO()
    return read_bundle(file, write_bundle(value, file)).value()


@pytest.fixture(params=[in_memory, by_file])
def through(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "?", "c16"])
def test_an_array_owns_its_memory_and_has_numpy_s_own_type(dtype: str, through: Any) -> None:
    array = np.zeros((2, 3), dtype=dtype)
    found = through(array)
    assert (found.flags.owndata, found.dtype is array.dtype, found.flags.writeable) == (True, True, True)
    assert np.asarray(found, dtype=array.dtype.type) is found


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(["a", None], dtype=object),
        np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]),
        np.array(["2020-01-01"], dtype="M8[ns]"),
        np.zeros(3, dtype=">f8"),
        np.zeros(0),
        np.array(3.0),
        np.asfortranarray(np.ones((100, 300))),
        np.ones(9000, dtype=[("a", "f8"), ("b", "i1")]),
        np.ones(9000, dtype=np.dtype([("a", "i1"), ("b", "f8", (2,))], align=True)),
        np.zeros((3000, 2), dtype="m8[s]"),
        np.asfortranarray(np.zeros((3000, 2), dtype="M8[us]")),
        np.zeros(9000, dtype=">f8"),
        np.full(9000, "é"),
        np.full(9000, b"x"),
        np.full(9000, None),
        np.array("x" * 9000),
    ],
    ids=[
        *("transposed", "fortran", "objects", "fields", "dates", "big endian", "empty", "no dimension"),
        *("big fortran", "big fields", "aligned fields", "many lengths", "many dates", "many big endian", "texts"),
        *("bytes", "many objects", "a long text"),
    ],
)
def test_values_order_and_type_stay(array: Any, through: Any) -> None:
    found = through(array)
    assert np.array_equal(found, array)
    assert (found.dtype, found.strides, found.flags.owndata) == (array.dtype, array.strides, array.flags.owndata)


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3).T, np.arange(8)[::2]])
def test_a_view_has_numpy_s_own_type_too(array: Any, through: Any) -> None:
    """Libraries copy what is of another type, and share what is not."""
    found = through(array)
    assert (found.flags.owndata, found.flags.writeable) == (False, True)
    assert np.asarray(found, dtype=array.dtype.str) is found


def test_views_stay_views(through: Any) -> None:
    whole = np.arange(6.0)
    found, part, turned = through([whole, whole[2:4], whole.reshape(2, 3).T])
    part[0] = 9
    assert (found[2], turned[2, 0]) == (9, 9)
    assert part.dtype is whole.dtype


def test_an_array_shows_its_table_still(through: Any) -> None:
    table = pd.DataFrame({"a": [1.0, 2.0]})
    found, shown = through([table, table.to_numpy()])
    found.loc[0, "a"] = 7
    assert shown[0, 0] == 7


def test_tables_do_not_show_one_another(through: Any) -> None:
    table = pd.DataFrame({"a": [1.0, 2.0]})
    found, column, shown = through([table, table["a"], table.to_numpy()])
    found.loc[0, "a"] = 7
    assert (column[0], shown[0, 0]) == (1, 1)


def test_views_stay_views_beside_a_function(through: Any) -> None:
    whole = np.arange(6.0)
    found, part, function = through([whole, whole[2:4], lambda: whole[2]])
    part[0] = 9
    assert (found[2], function()) == (9, 9)
    assert found.flags.owndata


def test_what_shows_another_object_is_refused() -> None:
    with pytest.raises(NotPortable, match="which shows another one"):
        dumps({1: 2}.keys())


def test_big_arrays_stand_beside_the_pickle() -> None:
    table = pd.DataFrame({"a": np.arange(9000.0), "b": pd.Timestamp("2026-01-31"), "c": True})
    file = io.BytesIO()
    opened = read_bundle(file, write_bundle([table, np.ones(9000)[::2]], file))
    assert [type(buffer).__name__ for buffer in opened.buffers] == ["ndarray", "ndarray"]
    found = opened.value()
    pd.testing.assert_frame_equal(found[0], table)
    assert len(opened.buffers) == 0


def test_an_array_that_cannot_be_written_to_comes_as_without_a_file() -> None:
    array = np.arange(9000)
    array.flags.writeable = False
    for found in (in_memory(array), by_file(array)):
        assert (found.flags.writeable, found.flags.owndata, found[-1]) == (True, True, 8999)


def test_buffers_of_others_come_as_without_a_file() -> None:
    class Lending:
        def __init__(self, data: Any) -> None:
            self.data = data

        def __reduce_ex__(self, _: Any) -> Any:
            return list, ([bytes, 1],), None, iter([pickle.PickleBuffer(self.data)])

    for data in (b"x" * 20_000, bytearray(b"x" * 20_000)):
        found = by_file(Lending(data))[-1]
        assert (type(found), found) == (type(data), data)


def test_numbers_that_are_none_stay_the_objects_that_they_are(through: Any) -> None:
    """`x is np.nan`, `x in [np.nan]` and a dict's keys ask for the object."""
    own, other = float("nan"), float("nan")
    column = pd.Series(["a", np.nan], dtype=object)
    array = np.array([own, None], dtype=object)
    found = through([np.nan, math.nan, own, other, {own: 1, np.nan: 2}, column, array, lambda: own])
    assert (found[0] is np.nan, found[1] is math.nan) == (True, True)
    assert found[2] is not found[3]
    assert (found[4][found[2]], found[4][np.nan]) == (1, 2)
    assert found[5].iloc[1] is np.nan
    assert found[6][0] is found[2]
    assert found[7]() is found[2]
    assert all(math.isnan(each) for each in found[:4])


def test_bytes_that_look_like_a_number_that_is_none_come_back(through: Any) -> None:
    assert through([b"G\x7f\xf8" * 3, "G", 1.0]) == [b"G\x7f\xf8" * 3, "G", 1.0]
