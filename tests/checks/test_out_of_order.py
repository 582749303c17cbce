from collections.abc import Callable

import pytest

LEFT_OUT = "the cell was not run, though later cells were"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([1, 2, 3], []),
        ([4, 7, 9], []),
        ([None, None, None], []),
        ([1, 2, None], []),
        ([2, 1, 3], ["2:0 [1] ran before cell 1, which is [2]"]),
        ([3, 1, 2], ["2:0 [1] ran before cell 1, which is [3]"]),
        ([1, None, 2], [f"2:0 {LEFT_OUT}"]),
        ([5, None, 4], [f"2:0 {LEFT_OUT}", "3:0 [4] ran before cell 1, which is [5]"]),
    ],
)
def test_counts(said: Callable[..., list[str]], counts: list[int | None], expected: list[str]) -> None:
    assert said("NB401", *((count, "x = 1") for count in counts)) == expected


def test_cells_without_code_do_not_count(said: Callable[..., list[str]]) -> None:
    assert said("NB401", (1, "x = 1"), (None, "# later"), (None, ""), (2, "y = 1")) == []
