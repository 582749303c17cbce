"""The projects of prices.py and ten.py, converted once and copied for each test."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from faults.prices import Prices
from faults.ten import Ten


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Prices(tmp_path_factory.mktemp("prices") / "made")
    made.make()
    return made.root


@pytest.fixture
def prices(converted: Path, tmp_path: Path) -> Prices:
    return Prices(Path(shutil.copytree(converted, tmp_path / "prices")))


@pytest.fixture(scope="session")
def ten_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Ten(tmp_path_factory.mktemp("ten") / "made")
    made.make()
    return made.root


@pytest.fixture
def ten(ten_made: Path, tmp_path: Path) -> Ten:
    return Ten(Path(shutil.copytree(ten_made, tmp_path / "ten")))


@pytest.fixture(scope="session")
def undisturbed(ten_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, float]:
    """The metrics of a run that nothing disturbed."""
    ran = Ten(Path(shutil.copytree(ten_made, tmp_path_factory.mktemp("undisturbed") / "ten"))).run()
    assert ran.code == 0, ran.err
    return ran.metrics
