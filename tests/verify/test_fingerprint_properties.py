"""Fingerprints of any value: a copy is equal, a change is found."""

import collections
import copy
import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from verify.values import difference


@dataclasses.dataclass
class Account:
    owner: str
    amount: object


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers()
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | st.builds(Account, st.text(max_size=2), inner)
        | st.builds(collections.deque, st.lists(inner, max_size=3))
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_a_copy_has_no_difference(value: object) -> None:
    assert difference(value, copy.deepcopy(value)) == ""


@settings(max_examples=100, deadline=None)
@given(VALUES, VALUES)
def test_no_difference_means_the_same_text(one: object, other: object) -> None:
    """`repr` of these values tells all of them, but for the noise that is tolerated."""
    if difference(one, other) == "" and not re.search(r"[.e]|nan", repr(one)):
        assert repr(one) == repr(other)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 3000),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1e-6, 1e-3, 1.0]),
    st.sampled_from([1e-8, 1.0, 1e8]),
)
def test_a_small_change_of_one_float_is_found_in_an_array_of_any_length(
    size: int, seed: int, change: float, scale: float
) -> None:
    values = np.random.default_rng(seed).uniform(1, 2, size) * scale
    place = seed % size
    changed = values.copy()
    changed[place] *= 1 + change
    assert difference(values, values.copy()) == ""
    assert difference(values, values * (1 + 1e-13)) == ""
    assert difference(values, changed) != ""


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 2000), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_two_rows_exchanged_are_found(rows: int, columns: int, seed: int) -> None:
    draws = np.random.default_rng(seed)
    values = draws.normal(size=(rows, columns))
    one, other = draws.choice(rows, 2, replace=False)
    exchanged = values.copy()
    exchanged[[one, other]] = exchanged[[other, one]]
    assert difference(values, exchanged) != ""
    assert difference(pd.DataFrame(values), pd.DataFrame(exchanged)) != ""
