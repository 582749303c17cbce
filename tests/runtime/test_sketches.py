"""Sketches: what is added is what would be made of all at once, and quantiles lie where numpy's do."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.runtime.telling.sketches import Categories, Numbers, categories_of, numbers_of

FINITE = st.floats(allow_nan=False, allow_infinity=False)
COLUMN = st.lists(st.one_of(FINITE, st.integers(-50, 50).map(float), st.floats(-10, 10)), max_size=200)
EACH = settings(max_examples=60, deadline=None)
MOST = st.sampled_from([4, 16, 128])


def sketch(values: list[float], most: int = 128) -> Numbers:
    return numbers_of(np.array(values, dtype="float64"), np, most)[0]


def histogram(numbers: Numbers) -> tuple[object, ...]:
    return numbers.count, numbers.shift, numbers.at, numbers.counts, repr((numbers.least, numbers.greatest))


@EACH
@given(COLUMN, COLUMN, MOST)
def test_added_ones_are_that_of_all(one: list[float], other: list[float], most: int) -> None:
    added, whole = sketch(one, most) + sketch(other, most), sketch(one + other, most)
    assert histogram(added) == histogram(whole)
    if all(abs(value) < 1e100 for value in one + other):
        assert added.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-9 * max(map(abs, one + other), default=0.0))
        assert added.spread == pytest.approx(whole.spread, rel=1e-6, abs=1e-6 * max(whole.spread, 1e-300))


@EACH
@given(COLUMN, COLUMN, COLUMN, MOST)
def test_the_order_of_adding_is_nothing(a: list[float], b: list[float], c: list[float], most: int) -> None:
    one, two, three = (sketch(each, most) for each in (a, b, c))
    assert histogram((one + two) + three) == histogram(three + (two + one))


@EACH
@given(COLUMN.filter(bool), MOST, st.floats(0, 1))
def test_a_quantile_is_no_further_off_than_its_bins_are_wide(values: list[float], most: int, share: float) -> None:
    made = sketch(values, most)
    ordered = sorted(values)
    rank = share * (len(values) - 1)
    below, above = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    edges = [made.bounds(index) for index in range(len(made.at))]
    low = min(first for first, last in edges if first <= below <= last)
    high = max(last for first, last in edges if first <= above <= last)
    assert low <= made.quantile(share) <= high or made.quantile(share) == pytest.approx(above)
    assert len(made.at) <= most
    assert sum(made.counts) == made.count == len(values)


@EACH
@given(st.lists(st.sampled_from([0.0, -0.0, 1.5, 2.0, 1e300, -7.25, 5e-324]), min_size=1, max_size=60))
def test_few_values_are_kept_as_they_are(values: list[float]) -> None:
    made = sketch(values)
    assert made.is_exact
    assert dict(zip(made.at, made.counts, strict=True)) == Counter(value + 0.0 for value in values)
    for share in (0.0, 0.25, 0.5, 1.0):
        expected = np.quantile(values, share)
        assert made.quantile(share) == pytest.approx(expected, rel=1e-12)


@EACH
@given(COLUMN, st.integers(0, 3), st.integers(0, 3))
def test_what_is_no_finite_number_is_counted_apart(values: list[float], nulls: int, infinite: int) -> None:
    array = np.array([*values, *[np.nan] * nulls, *[np.inf] * infinite, *[-np.inf] * infinite])
    before = array.copy()
    made, missing = numbers_of(array, np)
    assert (missing, made.infinite, made.count) == (nulls, 2 * infinite, len(values))
    np.testing.assert_array_equal(array, before)


@EACH
@given(COLUMN, MOST)
def test_json_says_all(values: list[float], most: int) -> None:
    made = sketch(values, most)
    read = Numbers.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False)))
    assert histogram(read) == histogram(made)
    assert histogram(read + made) == histogram(made + made)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda rng: rng.normal(size=20_000), 0.01),
        (lambda rng: rng.lognormal(sigma=2, size=20_000), 0.01),
        (lambda rng: 1.7e9 + rng.random(20_000), 0.01),
        (lambda rng: np.append(rng.random(20_000), 1e12), 0.01),
    ],
)
def test_shares_are_close_whatever_the_size_of_the_numbers(make: object, error: float) -> None:
    values = make(np.random.default_rng(0))  # type: ignore[operator]
    made, _ = numbers_of(values, np)
    shares = [made.share_up_to(np.quantile(values, share)) - share for share in np.linspace(0.05, 0.95, 19)]
    assert max(map(abs, shares)) < error


def test_the_distance_is_the_one_of_the_samples() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=5000), rng.normal(0.5, size=5000)
    places = np.sort(np.concatenate([one, other]))
    shares = [np.searchsorted(np.sort(each), places, "right") / 5000 for each in (one, other)]
    exact = np.abs(shares[0] - shares[1]).max()
    found = numbers_of(one, np, 1024)[0].distance(numbers_of(other, np, 1024)[0])
    assert found == pytest.approx(exact, abs=0.005)
    assert numbers_of(one, np)[0].distance(numbers_of(one, np)[0]) == 0.0


@EACH
@given(st.lists(st.integers(0, 70).map(str), max_size=300), st.lists(st.integers(0, 70).map(str), max_size=300))
def test_a_count_is_off_by_no_more_than_what_was_missed(one: list[str], other: list[str]) -> None:
    added = categories_of(Counter(one)) + categories_of(Counter(other))
    exact = Counter(one + other)
    assert sum(count for _, count in added.top) + added.other == added.count == sum(exact.values())
    for name, count in added.top:
        assert count <= exact[name] <= count + added.missed
    assert Categories.from_json(json.loads(json.dumps(added.to_json()))) == added
