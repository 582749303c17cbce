"""cronsim's own table of cases, from its source distribution, answered by our front."""

import subprocess
import sys
import tarfile
import types
import unittest
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cronsim
import pytest

from nb2prod.scheduler.cron import Times

pytestmark = pytest.mark.slow

VERSION = "cronsim==2.6"
BACKWARDS = "TestReverse"  # our front only looks ahead


class ByOurFront(cronsim.CronSim):
    """cronsim reads the fields, our front says when they are due; a time without a zone is taken as UTC."""

    def __init__(self, fields: str, start: datetime, reverse: bool = False) -> None:
        super().__init__(fields, start, reverse)
        zone = start.tzinfo or UTC
        self.naive, self.zone = start.tzinfo is None, zone
        self.times = Times(" ".join(fields.upper().split()), zone).after(start.replace(tzinfo=zone).astimezone(UTC))

    def __iter__(self) -> Iterator[datetime]:  # type: ignore[override]
        return self

    def __next__(self) -> datetime:
        time = next(self.times).astimezone(self.zone)
        return time.replace(tzinfo=None) if self.naive else time


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> types.ModuleType:
    folder = tmp_path_factory.mktemp("cronsim")
    command = [sys.executable, "-m", "unearth", "--no-binary", "-d", str(folder), VERSION]
    subprocess.run(command, check=True, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (file,) = folder.rglob("test_cronsim.py")
    return _loaded(file)


def _loaded(file: Path) -> types.ModuleType:
    module = types.ModuleType("cases")
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), module.__dict__)
    module.__dict__["CronSim"] = ByOurFront
    return module


def test_every_case_of_cronsim(cases: types.ModuleType) -> None:
    suite = unittest.TestSuite()
    for name, value in vars(cases).items():
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and name != BACKWARDS:
            suite.addTest(unittest.defaultTestLoader.loadTestsFromTestCase(value))
    result = unittest.TestResult()
    suite.run(result)
    troubles = [f"{test}: {text}" for test, text in (*result.failures, *result.errors)]
    assert (result.testsRun >= 60, troubles) == (True, [])


def test_where_cronsim_itself_leaves_out_half_an_hour() -> None:
    """Lord Howe's clock goes from 02:00 back to 01:30: hour 2 has 60 minutes, of which cronsim gives 30."""
    start = datetime(2026, 4, 4, 14, 30, tzinfo=UTC)
    times = Times("* 2 * * *", ZoneInfo("Australia/Lord_Howe")).after(start)
    first = next(times)
    assert first == datetime(2026, 4, 4, 15, 30, tzinfo=UTC)
    assert [next(times) for _ in range(59)] == [first + timedelta(minutes=n) for n in range(1, 60)]
