"""Counters of libraries go from process to process, so that the next name is the next one."""

import importlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from nb2prod.runtime.counters import read_counters, write_counters

TEXT = """
import itertools

next_id = 3
limit_count = 4
size = 5
name = "count"
is_counted = True
ids = itertools.count()
letters = itertools.cycle("ab")


class System:
    _idCounter = 0

    def __init__(self):
        self.name = f"sys[{System._idCounter}]"
        System._idCounter += 1
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    place = tmp_path / "site-packages"
    place.mkdir()
    (place / "counting_library.py").write_text(TEXT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(place))
    yield importlib.import_module("counting_library")
    del sys.modules["counting_library"]


def counters() -> dict[str, int]:
    return {place: number for place, number in read_counters().items() if place.startswith("counting_library:")}


def test_numbers_that_count_are_read(library: ModuleType) -> None:
    library.System()
    next(library.ids)
    assert counters() == {
        "counting_library:next_id": 3,
        "counting_library:ids": 1,
        "counting_library:System._idCounter": 1,
    }


def test_they_go_on_from_where_they_were(library: ModuleType) -> None:
    held = library.ids
    write_counters(None, {"counting_library:System._idCounter": 7, "counting_library:ids": 5, "gone:count": 1})
    assert library.System().name == "sys[7]"
    assert next(held) == 5


def test_one_that_is_ahead_goes_back(library: ModuleType) -> None:
    vars(library)["ids"] = itertools.count(9)
    write_counters(None, {"counting_library:ids": 2, "counting_library:next_id": None})
    assert next(library.ids) == 2
    assert library.next_id == 3
