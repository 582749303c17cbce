"""Each step in a process of its own computes what all steps in one process compute: aliases and hidden state too."""

from pathlib import Path

import pytest
from law.sides import isolated_differs
from law.test_law import CASES, imported

pytestmark = pytest.mark.slow
__all__ = ["imported"]
STUCK = {  # said when a step ends, in place of a wrong result
    "attr_display": "RecursionError",
    "weak": "output 'r' of step 's1' cannot leave its process",
}


@pytest.mark.parametrize("name", [name for name in CASES if name not in STUCK])
def test_steps_apart_compute_the_same(name: str, tmp_path: Path) -> None:
    assert isolated_differs(CASES[name], tmp_path) == []


@pytest.mark.parametrize("name", STUCK)
def test_what_cannot_leave_its_process_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=STUCK[name]):
        isolated_differs(CASES[name], tmp_path)
