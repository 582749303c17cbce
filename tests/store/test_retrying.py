"""The pause before the next attempt: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2prod.model.job import FailureKind, Retry
from nb2prod.store.retrying import Tally, pause_before_next

RETRY = Retry(limit=2, delay=10, factor=2, maximum=15, jitter=0.2, lost=1)


@pytest.mark.parametrize(
    ("kind", "failures", "losses", "chance", "pause"),
    [
        (FailureKind.CELL_ERROR, 1, 0, 0.5, 10.0),
        (FailureKind.CELL_ERROR, 1, 0, 0.0, 8.0),
        (FailureKind.CELL_ERROR, 1, 0, 1.0, 12.0),
        (FailureKind.CELL_ERROR, 2, 9, 0.5, 15.0),
        (FailureKind.CELL_ERROR, 3, 0, 0.5, None),
        (FailureKind.PARAMETERS, 1, 0, 0.5, None),
        (FailureKind.CANCELLED, 1, 0, 0.5, None),
        (FailureKind.LOST, 9, 1, 0.5, 0.0),
        (FailureKind.LOST, 0, 2, 0.5, None),
    ],
)
def test_table(kind: FailureKind, failures: int, losses: int, chance: float, pause: float | None) -> None:
    assert pause_before_next(RETRY, kind, Tally(failures=failures, losses=losses), chance) == pytest.approx(pause)


@given(st.integers(1, 10_000), st.floats(1, 1e6), st.floats(0, 1e9), st.floats(0, 1))
def test_never_over_its_maximum(failures: int, factor: float, maximum: float, chance: float) -> None:
    retry = Retry(limit=10_000, factor=factor, maximum=maximum, jitter=0.5)
    pause = pause_before_next(retry, FailureKind.IO, Tally(failures=failures), chance)
    assert pause is not None
    assert 0 <= pause <= maximum * 1.5
