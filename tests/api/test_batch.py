"""Batches: rows from files, all checked before the first run, the same call twice, and what failed done again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs_given import notebook

from nb2prod.api.batch import RowsRefused, batch_rows, cancel_batch, resume_batch, submit_batch
from nb2prod.api.batch_run import BatchProgress, work_off
from nb2prod.api.definitions import define
from nb2prod.api.rows import Row, read_rows
from nb2prod.api.scheduling import batch_path
from nb2prod.errors import InvalidOption
from nb2prod.execution.executors.executor import AttemptState, Ended, ExecutorNotReady
from nb2prod.model.job import Failure, FailureKind, JobSettings, Retry, RunStatus
from nb2prod.store import IdempotencyConflict, Store, open_store

ROWS = tuple(Row(number=n, values={"n": n}) for n in (1, 2, 3))


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return notebook(tmp_path / "in" / "a.ipynb")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "n,region\n1,EU\n\n007,\n"),
        ("t.json", '[{"n": 1, "region": "EU"}, {"n": 7}]'),
        ("t.jsonl", '{"n": 1, "region": "EU"}\n\n{"n": 7}\n'),
        ("t.yaml", "- n: 1\n  region: EU\n- n: 7\n"),
        ("T.CSV", "﻿n,region\n1,EU\n7,\n"),
    ],
)
def test_rows_of_each_form_are_the_same_runs(name: str, text: str, store: Store, path: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    batch = batch_path(store, path, read_rows(tmp_path / name))
    assert [row.run.parameters for row in batch_rows(store, batch)] == [{"n": 1, "region": "EU"}, {"n": 7}]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "", "has no rows"),
        ("t.csv", "n,n\n1,2\n", "its heading has 'n' twice"),
        ("t.csv", "n,\n1,2\n", "a column without a name"),
        ("t.csv", "n,m\n1\n", "line 2 has 1 cells, and the heading has 2"),
        ("t.csv", 'n\n"1', "line 2: unexpected end of data"),
        ("t.json", "{", "Expecting property name"),
        ("t.json", '{"n": 1}', "it must be a list of rows, and is a dict"),
        ("t.json", "[1]", "row 1 is not an object"),
        ("t.jsonl", '{"n": 1}\n{', "line 2 is not JSON"),
        ("t.yaml", "a: [", "it is not YAML"),
        ("t.txt", "n", "is none of .csv, .json, .jsonl"),
    ],
)
def test_files_that_have_no_rows(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidOption) as refused:
        read_rows(tmp_path / name)
    assert said in str(refused.value)


def test_all_rows_are_checked_and_told_before_any_is_stored(store: Store, path: Path) -> None:
    given: list[dict[str, object]] = [{"n": "x"}, {"n": 1}, {"m": 1, "n": 1.5}]
    rows = [Row(number=number, values=values) for number, values in enumerate(given, 1)]
    with pytest.raises(RowsRefused) as refused:
        batch_path(store, path, rows)
    assert str(refused.value) == (
        "2 of 3 rows cannot be run, so none was started:\n"
        "    row 1: parameter 'n' was given 'x', which is not an int\n"
        "    row 3: there is no parameter 'm' (the parameters are n, region)\n"
        "    row 3: parameter 'n' was given '1.5', which is not an int"
    )
    assert (store.runs(), store.definitions()) == ([], [])


def test_the_same_call_gives_the_same_runs(store: Store, path: Path) -> None:
    definition = define(store, path)
    name, new = submit_batch(store, definition, ROWS, common={"region": "US"})
    assert new
    assert submit_batch(store, definition, ROWS, common={"region": "US"}) == (name, False)
    assert [row.run.parameters for row in batch_rows(store, name)] == [{"region": "US", "n": n} for n in (1, 2, 3)]
    other, _ = submit_batch(store, definition, ROWS)
    assert other != name
    submit_batch(store, definition, ROWS, name="mine")
    with pytest.raises(IdempotencyConflict):
        submit_batch(store, definition, ROWS[1:] + ROWS[:1], name="mine", common={"region": "FR"})


class Bench:
    """An executor that ends each attempt at once: those of `fails` fail, the first of `dies` is left alone."""

    def __init__(self, store: Store, *, fails: int = 0, dies: int = 0, refuses: int = 0) -> None:
        self.store, self.fails, self.dies, self.refuses = store, fails, dies, refuses
        self.order: list[object] = []
        self.gone: list[Ended] = []

    def submit(self, run_id: str, attempt: int) -> None:
        number = self.store.run(run_id).parameters["n"]
        self.order.append(number)
        if number == self.refuses:
            self.refuses = 0
            raise ExecutorNotReady("no room")
        if number == self.dies and attempt == 1:
            self.gone.append(Ended(run_id, attempt, "killed"))
        elif number == self.fails:
            failure = Failure(kind=FailureKind.CELL_ERROR, message="no")
            self.store.finish(run_id, attempt, RunStatus.FAILED, failure)
        else:
            self.store.finish(run_id, attempt, RunStatus.COMPLETED)

    def poll(self, run_id: str, attempt: int) -> AttemptState:  # noqa: ARG002
        return AttemptState.UNKNOWN

    def ended(self) -> list[Ended]:
        gone, self.gone = self.gone, []
        return gone

    def cancel(self, run_id: str, attempt: int) -> None:
        """Nothing runs here."""

    def capacity(self) -> int:
        return 1

    def close(self) -> None:
        """Nothing is held."""


def test_worked_off_in_order_and_what_failed_again(store: Store, path: Path) -> None:
    name = batch_path(store, path, ROWS)
    bench = Bench(store, fails=2, dies=1, refuses=3)
    told: list[BatchProgress] = []
    work_off(store, name, 3, bench, told=told.append, look_every=0, sleep=lambda _: None)
    assert [row.run.status for row in batch_rows(store, name)] == ["completed", "failed", "completed"]
    assert sorted(map(str, bench.order)) == ["1", "1", "2", "3", "3"]
    assert (told[0].left, told[-1].left) == (3, 0)

    rows = resume_batch(store, name)
    assert [(row.tries, row.run.status) for row in rows] == [(1, "completed"), (2, "queued"), (1, "completed")]
    assert resume_batch(store, name) == rows
    assert rows[1].run.parameters == {"n": 2}
    work_off(store, name, 3, Bench(store), look_every=0, sleep=lambda _: None)
    assert {row.run.status for row in batch_rows(store, name)} == {RunStatus.COMPLETED}


def test_retries_and_cancel(store: Store, path: Path) -> None:
    name = batch_path(store, path, ROWS, settings=JobSettings(retry=Retry(limit=1, delay=0)))
    bench = Bench(store, fails=2)
    work_off(store, name, 3, bench, look_every=0, sleep=lambda _: None)
    assert bench.order.count(2) == 2
    again = batch_path(store, path, ROWS, name="again")
    assert cancel_batch(store, again, by="ann") == 3
    assert {row.run.status for row in batch_rows(store, again)} == {RunStatus.CANCELLED}
    with pytest.raises(InvalidOption, match="there is no batch 'gone'"):
        batch_rows(store, "gone")
