"""A few random kill -9s in the suite; `make soak-steps` has a hundred."""

from pathlib import Path

import pytest
from faults.kills import Plan, wreak


@pytest.mark.slow
def test_a_run_that_was_killed_ends_as_if_nothing_was(tmp_path: Path) -> None:
    outcome = wreak(tmp_path, Plan(kills=6, seed=1, size=100_000, pause=0.03))
    assert outcome.faults == [], outcome.told()
    assert sum(outcome.killed.values()) == 6
