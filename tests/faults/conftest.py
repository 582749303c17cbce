"""The project of prices.py, converted once and copied for each test."""

import shutil
from pathlib import Path

import pytest
from faults.prices import Prices


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Prices(tmp_path_factory.mktemp("prices") / "made")
    made.make()
    return made.root


@pytest.fixture
def prices(converted: Path, tmp_path: Path) -> Prices:
    return Prices(Path(shutil.copytree(converted, tmp_path / "prices")))
