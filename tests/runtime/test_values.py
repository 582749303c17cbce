"""Values of a run in one process live as long as somebody uses them."""

import gc
import weakref
from pathlib import Path

from nb2prod.runtime.project import Settings
from nb2prod.runtime.running.runner import Runner
from nb2prod.runtime.telling.record import Record


class Table:
    """Something big."""


def make() -> Table:
    return Table()


def use(table: Table) -> str:
    return type(table).__name__


def test_a_value_does_not_outlive_its_last_user(tmp_path: Path) -> None:
    settings = Settings(package="tiny", name="tiny", root=tmp_path, workdir=tmp_path, runs=tmp_path)
    with Runner(settings, Record(tmp_path / "run", {})) as step:
        table = step(make)
        known = weakref.ref(table)
        assert step(use, table) == "Table"
        del table
        gc.collect()
        assert known() is None
