"""A stage for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from execution.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage.at(tmp_path)
    yield made
    made.close()
