"""Real daemons and real supervisors under kill -9: each occurrence has one row, and comes to its end."""

from pathlib import Path

import pytest
from soak.chaos import Plan, wreak

pytestmark = pytest.mark.slow


def test_no_occurrence_is_lost_or_doubled(store_url: str, tmp_path: Path) -> None:
    outcome = wreak(store_url, tmp_path, Plan(kills=8, schedules=8, times=8))
    assert (outcome.rows, outcome.faults()) == (64, {}), outcome.told()


def test_nor_with_two_daemons(sqlite_url: str, tmp_path: Path) -> None:
    outcome = wreak(sqlite_url, tmp_path, Plan(kills=8, schedules=8, times=8, daemons=2, seed=1))
    assert (outcome.rows, outcome.faults()) == (64, {}), outcome.told()
