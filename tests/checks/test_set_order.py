from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("cells", "places"),
    [
        (["for m in {A(), B()}: m.fit(X)"], ["1:1"]),
        (["models = {A(), B()}", "for ax, m in zip(axes, models): m.fit(X)"], ["2:1"]),
        (["names = set(df['name'])", "first = list(names)"], ["2:1"]),
        (["out = [n for n in {'a', 'b'}]"], ["1:1"]),
        (["for i, n in enumerate({'a', 'b'}):\n    print(i, n)"], ["1:1"]),
        (["for n in sorted({'a', 'b'}): print(n)"], []),
        (["for n in {1, 2}: print(n)"], []),
        (["for n in {'only'}: print(n)"], []),
        (["for n in ['a', 'b']: print(n)"], []),
        (["names = {'a', 'b'}", "n = len(names)\nis_in = 'a' in names"], []),
        (["names = {'a', 'b'}\nnames = sorted(names)", "for n in names: print(n)"], []),
        (["both = {n for n in {'a', 'b'}}"], []),
    ],
)
def test_the_order_of_a_set(cells: list[str], places: list[str], said: Callable[..., list[str]]) -> None:
    assert [found.partition(" ")[0] for found in said("NB410", *cells)] == places


def test_what_is_said(said: Callable[..., list[str]]) -> None:
    assert said("NB410", "for m in {A(), B()}: m.fit(X)") == [
        "1:1 the order of `{A(), B()}`, a set, is another in each run"
    ]
