"""Opening a store: where it is, what it needs, what it refuses, and whose clock it goes by."""

import logging
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from store.given import NOON, FakeClock, ask, define, edit

from nb2prod.store import StoreNotReachable, StoreTooNew, open_store
from nb2prod.store.clock import StoreClock
from nb2prod.store.identity import RunIds
from nb2prod.store.migrate import MIGRATIONS
from nb2prod.store.tables import HEAD, metadata
from nb2prod.store.urls import default_url, shown, store_url


def test_where_a_store_is_when_nobody_says() -> None:
    assert default_url({"NB2PROD_STORE": "postgresql://db/jobs"}) == "postgresql://db/jobs"
    assert default_url({"XDG_DATA_HOME": "/data"}) == "sqlite:////data/nb2prod/store.db"
    assert default_url({}) == f"sqlite:///{Path.home()}/.local/share/nb2prod/store.db"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("/data/jobs.db", "sqlite:////data/jobs.db"),
        ("sqlite:///jobs.db", "sqlite:///jobs.db"),
        ("postgres://ann:pw@db:5433/jobs", "postgresql+psycopg://ann:***@db:5433/jobs"),
        ("postgresql://ann@db/jobs?password=pw", "postgresql+psycopg://ann@db/jobs"),
    ],
)
def test_urls_are_shown_without_passwords(text: str, url: str) -> None:
    assert shown(store_url(text)) == url


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "mysql://ann:pw@db/jobs",
            "the store mysql://ann:***@db/jobs cannot be used: use sqlite:///FILE or postgresql://USER@HOST/DATABASE",
        ),
        (
            "sqlite://",
            "the store sqlite:// cannot be used: it names no file, and a store in memory cannot be shared by processes",
        ),
        ("post gres://ann:pw@db", "the store 'post gres://…' cannot be used: that is not a URL of a database"),
    ],
)
def test_what_is_no_store(text: str, told: str) -> None:
    with pytest.raises(StoreNotReachable) as refused:
        open_store(text)
    assert str(refused.value) == told


def test_a_new_store_is_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "store.db"
    with open_store(str(file)) as store:
        define(store)
        assert ask(store, "PRAGMA journal_mode") == [("wal",)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    with open_store(str(file)) as store:
        assert store.latest_definition("churn").version == 1


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are my notes, not a database\n" * 100)
    with pytest.raises(StoreNotReachable, match=r"notes\.txt cannot be used: file is not a database"):
        open_store(str(file))
    assert file.read_text().startswith("these are my notes")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotReachable, match=r"store\.db cannot be made: File exists"):
        open_store(str(tmp_path / "file" / "store.db"))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreNotReachable, match=r"cannot be used: connection is bad: .* No such file or directory"):
        open_store(f"postgresql://ann:pw@/jobs?host={tmp_path}")


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreNotReachable, match=r"psycopg is not installed: pip install 'nb2prod\[postgres\]'"):
        open_store("postgresql://somebody@127.0.0.1/jobs")


def test_a_newer_store_is_left_alone(store_url: str) -> None:
    with open_store(store_url) as store:
        edit(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew) as refused:
        open_store(store_url)
    assert f"its tables are at '9999', ours at '{HEAD}'" in str(refused.value)


def test_migrations_make_the_tables_that_we_have(store_url: str) -> None:
    with open_store(store_url) as store:
        engine = create_engine(store._database.url, poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_many_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    code = "import sys; from nb2prod.store import open_store; open_store(sys.argv[1]).set_pool(sys.argv[2], 1)"
    command = [sys.executable, "-c", code, str(tmp_path / "store.db")]
    started = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [process.wait() for process in started] == [0] * 4
    with open_store(str(tmp_path / "store.db")) as store:
        assert [pool.name for pool in store.pools()] == ["0", "1", "2", "3"]


def test_at_head_alembic_is_not_imported(sqlite_url: str) -> None:
    code = (
        "import sys; from nb2prod.store import open_store; open_store(sys.argv[1]).close(); print(*sorted("
        "name for name in sys.modules if name in {'alembic', 'mako', 'psycopg', 'sqlalchemy.orm'}))"
    )
    done = subprocess.run([sys.executable, "-c", code, sqlite_url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_migrating_leaves_logging_as_it_was(tmp_path: Path) -> None:
    before = (logging.root.level, list(logging.root.handlers))
    open_store(str(tmp_path / "store.db")).close()
    assert (logging.root.level, list(logging.root.handlers)) == before


def test_a_fork_opens_a_connection_of_its_own(sqlite_url: str) -> None:
    code = (
        "import os, sys\nfrom nb2prod.store import open_store\n"
        "store = open_store(sys.argv[1])\nstore.set_pool('a', 1)\n"
        "child = os.fork()\nstore.set_pool('b' if child else 'c', 1)\n"
        "if child: sys.exit(os.waitpid(child, 0)[1])\nos._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, sqlite_url], check=True)
    with open_store(sqlite_url) as store:
        assert [pool.name for pool in store.pools()] == ["a", "b", "c"]


def test_a_full_disk_is_told(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        define(store)
        store._database.read(lambda tx: tx.connection.exec_driver_sql("PRAGMA max_page_count = 1"))
        with pytest.raises(StoreNotReachable, match="cannot be used: database or disk is full"):
            store.put_blob(os.urandom(2_000_000))


def test_the_servers_clock_is_followed() -> None:
    steady, asked = [100.0], []
    host = datetime(1999, 1, 1, tzinfo=UTC)

    def ask_server() -> datetime:
        asked.append(steady[0])
        steady[0] += 2  # the answer takes two seconds
        return NOON

    clock = StoreClock(steady=lambda: steady[0])
    assert clock.now() > host
    clock.follow(ask_server)
    assert clock.now() == NOON + timedelta(seconds=1)
    steady[0] += 30
    assert clock.now() == NOON + timedelta(seconds=31)
    steady[0] += 60
    assert clock.now() == NOON + timedelta(seconds=1)
    assert asked == [100.0, 192.0]


def test_a_clock_that_is_given_is_kept() -> None:
    clock = StoreClock(FakeClock())
    clock.follow(lambda: datetime(1999, 1, 1, tzinfo=UTC))
    assert clock.now() == NOON


@pytest.mark.slow
def test_a_host_with_a_wrong_clock_agrees_with_the_server(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        server = ask(store, "SELECT clock_timestamp()")[0][0]
        assert isinstance(server, datetime)
        assert abs(store.now() - server) < timedelta(seconds=5)


def test_ids_tell_their_time_and_sort() -> None:
    ids = RunIds(chance=lambda bits: (1 << bits) - 1)
    assert [ids.make(micros) for micros in (0, 0, 5, 3, 2**55 - 1)] == [
        "00000000001zzzzzz",
        "00000000002zzzzzz",
        "00000000005zzzzzz",
        "00000000006zzzzzz",
        "zzzzzzzzzzzzzzzzz",
    ]
