"""Databases for tests: a fresh SQLite file, and a fresh database of a throw-away PostgreSQL.

`store_url` gives a test both, one after the other; `postgres_url` and `sqlite_url` give one.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from nb2prod.store import open_store

_TEMPLATE = "nb2prod_template"
_COUNT = itertools.count(1)
_OPTIONS = {
    "listen_addresses": "",  # its socket lies in a folder of its own: no port is taken
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
}
# the shell waits until its input closes, which it does however the tests end
_CARETAKER = """
"$1/postgres" -D "$2/data" >"$2/log" 2>&1 &
read -r _
kill -INT $!
wait
rm -rf "$2/data" "$2/log"
"""


class Cluster:
    """A PostgreSQL that is there as long as the process that started it."""

    def __init__(self) -> None:
        programs, user = _programs(), _user()
        self.folder = Path(tempfile.mkdtemp(prefix="nb2prod-postgres-", dir="/tmp"))
        if user is not None:
            shutil.chown(self.folder, user)
        initdb = [str(programs / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust"]
        initdb += ["-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=self.folder)
        options = {**_OPTIONS, "unix_socket_directories": str(self.folder)}
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in options.items())
        caretaker = ["sh", "-c", _CARETAKER, "postgres-for-tests", str(programs), str(self.folder)]
        self._caretaker = subprocess.Popen(caretaker, stdin=subprocess.PIPE, user=user, cwd=self.folder)
        self._wait()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def run(self, statement: str, name: str, *more: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, (name, *more))))

    def stop(self) -> None:
        assert self._caretaker.stdin is not None
        self._caretaker.stdin.close()
        self._caretaker.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)


def _programs() -> Path:
    there = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    if found := shutil.which("pg_ctl"):
        there.insert(0, Path(found).resolve().parent)
    for folder in there:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise RuntimeError(
        "PostgreSQL is not installed, and these tests run against it too; install it "
        "(`apt-get install postgresql`; .ci/run does so), or put the folder of its pg_ctl in PATH"
    )


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One for each worker of the tests, started when a test first asks for it."""
    cluster = Cluster()
    try:
        cluster.run("CREATE DATABASE {}", _TEMPLATE)
        open_store(cluster.url(_TEMPLATE)).close()
        yield cluster
    finally:
        cluster.stop()


def fresh_postgres(cluster: Cluster) -> "contextlib.AbstractContextManager[str]":
    """With the tables of a store."""
    return _postgres(cluster, _TEMPLATE)


def empty_postgres(cluster: Cluster) -> "contextlib.AbstractContextManager[str]":
    return _postgres(cluster, "template0")


@contextlib.contextmanager
def _postgres(cluster: Cluster, template: str) -> Iterator[str]:
    name = f"test{next(_COUNT)}"
    cluster.run("CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield cluster.url(name)
    finally:
        cluster.run("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    with fresh_postgres(postgres_cluster) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "store.db"
    open_store(str(file)).close()
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "store" / "store.db"
    file.parent.mkdir()
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty store at HEAD, in each database."""
    return str(request.getfixturevalue(f"{request.param}_url"))
