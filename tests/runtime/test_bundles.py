"""Bundles: what comes out is what went in, shared memory, ownership and types included."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nb2prod.runtime.bundles import NotPortable, dumps, loads


def through(value: Any) -> Any:
    return loads(dumps(value))


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "?", "c16"])
def test_an_array_owns_its_memory_and_has_numpy_s_own_type(dtype: str) -> None:
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
    ],
    ids=["transposed", "fortran", "objects", "fields", "dates", "big endian", "empty", "no dimension"],
)
def test_values_order_and_type_stay(array: Any) -> None:
    found = through(array)
    assert np.array_equal(found, array)
    assert (found.dtype, found.strides, found.flags.owndata) == (array.dtype, array.strides, array.flags.owndata)


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3).T, np.arange(8)[::2]])
def test_a_view_has_numpy_s_own_type_too(array: Any) -> None:
    """Libraries copy what is of another type, and share what is not."""
    found = through(array)
    assert (found.flags.owndata, found.flags.writeable) == (False, True)
    assert np.asarray(found, dtype=array.dtype.str) is found


def test_views_stay_views() -> None:
    whole = np.arange(6.0)
    found, part, turned = through([whole, whole[2:4], whole.reshape(2, 3).T])
    part[0] = 9
    assert (found[2], turned[2, 0]) == (9, 9)
    assert part.dtype is whole.dtype


def test_an_array_shows_its_table_still() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0]})
    found, shown = through([table, table.to_numpy()])
    found.loc[0, "a"] = 7
    assert shown[0, 0] == 7


def test_tables_do_not_show_one_another() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0]})
    found, column, shown = through([table, table["a"], table.to_numpy()])
    found.loc[0, "a"] = 7
    assert (column[0], shown[0, 0]) == (1, 1)


def test_views_stay_views_beside_a_function() -> None:
    whole = np.arange(6.0)
    found, part, function = through([whole, whole[2:4], lambda: whole[2]])
    part[0] = 9
    assert (found[2], function()) == (9, 9)
    assert found.flags.owndata


def test_what_shows_another_object_is_refused() -> None:
    with pytest.raises(NotPortable, match="which shows another one"):
        dumps({1: 2}.keys())
