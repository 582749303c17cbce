"""The runner over the same notebooks: what it adds changes no result, and neither does its cache."""

import json
from pathlib import Path

import pytest
from law.sides import runs_differ

pytestmark = pytest.mark.slow
CASES: dict[str, list[str]] = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_the_runner_gives_what_a_plain_call_gives(name: str, tmp_path: Path) -> None:
    assert runs_differ(CASES[name], tmp_path) == []
