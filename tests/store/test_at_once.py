"""Many processes and threads on one store: each run by one, no pool over its limit, one run a key."""

import json
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from store.given import MINUTELY, ask, define, edit, submitted

from nb2prod.model.job import RunStatus
from nb2prod.store import Store, open_store, utc_now

pytestmark = pytest.mark.slow
WORKER = Path(__file__).with_name("worker.py")


def at_once(url: str, folder: Path, *roles: tuple[str, str]) -> list[object]:
    """What each of the processes said, which began at the same moment."""
    go = folder / "go"
    command = [sys.executable, str(WORKER), url, str(go)]
    started = [subprocess.Popen([*command, *role], stdout=subprocess.PIPE, text=True) for role in roles]
    go.touch()
    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0] * len(roles)
    return [json.loads(text) for text in said]


def most_at_once(store: Store) -> int:
    """How many attempts ran at once, by the events of the store."""
    now = most = 0
    for event in store.events(limit=10_000):
        now += (event.kind == "attempt.started") - (event.kind == "attempt.completed")
        most = max(most, now)
    return most


def test_each_run_is_claimed_by_one_and_no_pool_is_over_its_limit(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url) as store:
        store.set_pool("default", 5)
        runs = submitted(store, define(store), 60)
        said = at_once(store_url, tmp_path, *(("claims", f"d{number}") for number in range(4)))
        done = [run_id for each in said if isinstance(each, list) for run_id in each]
        assert sorted(done) == [run.id for run in runs]
        assert {(run.status, run.attempt) for run in store.runs(limit=100)} == {(RunStatus.COMPLETED, 1)}
        assert 1 <= most_at_once(store) <= 5


def test_fifty_submissions_of_a_key_make_one_run(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url) as store:
        define(store)
        said = at_once(store_url, tmp_path, *[("submits", "10")] * 5)
        answers = [tuple(answer) for each in said if isinstance(each, list) for answer in each]
        (run,) = store.runs()
        assert sorted(answers) == [*[(run.id, False)] * 49, (run.id, True)]
        assert [event.kind for event in store.events()] == ["run.queued"]


def test_each_occurrence_is_made_by_one(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url) as store:
        long_ago = utc_now() - timedelta(days=1)
        store.add_schedule(name="s", definition_id=define(store).id, trigger=MINUTELY, next_due=long_ago)
        edit(store, "UPDATE schedule SET created_at = next_due")
        made = at_once(store_url, tmp_path, *[("ticks", "40")] * 3)
        assert sum(count for count in made if isinstance(count, int)) == 40
        expected = {long_ago + timedelta(minutes=step) for step in range(40)}
        assert {run.due_at for run in store.runs(limit=100)} == expected
        assert len(store.runs(limit=100)) == 40


def test_who_reads_events_as_they_come_misses_none(store_url: str) -> None:
    def write(name: str) -> None:
        for number in range(40):
            store.add_event(f"{name}.{number}")

    with open_store(store_url) as store:
        writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for writer in writers:
            writer.start()
        seen: list[str] = []
        last = 0
        while len(seen) < 160 and (any(writer.is_alive() for writer in writers) or store.events(after=last)):
            page = store.events(after=last)
            seen += [event.kind for event in page]
            last = page[-1].id if page else last
        for writer in writers:
            writer.join()
        assert sorted(seen) == sorted(f"{name}.{number}" for name in "abcd" for number in range(40))


def test_connections_that_are_cut_are_made_again(postgres_url: str) -> None:
    with open_store(postgres_url) as store, open_store(postgres_url) as other:
        definition = define(store)
        for number in range(20):
            if number % 4 == 0:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                ask(other, cut + " AND datname = current_database()")
            store.submit(definition_id=definition.id, parameters={}, idempotency_key=str(number))
        assert len(store.runs(limit=100)) == 20


def test_a_writer_waits_for_another(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        holding, done = threading.Event(), threading.Event()

        def hold() -> None:
            def work(_: object) -> None:
                holding.set()
                done.wait(1)

            store._database.write(work)

        holder = threading.Thread(target=hold)
        holder.start()
        holding.wait()
        assert store.pools() == []  # a reader does not
        store.set_pool("gpu", 1)
        holder.join()
        assert [pool.name for pool in store.pools()] == ["gpu"]
