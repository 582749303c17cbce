"""The one place that touches the database: engine, transactions, and trying again what passes by itself."""

import contextlib
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar  # a row's values are whatever the database gave

from sqlalchemy import URL, Connection, Engine, Executable, Row, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from nb2prod.store.clock import StoreClock
from nb2prod.store.errors import StoreNotReachable
from nb2prod.store.identity import RunIds
from nb2prod.store.json_text import micros
from nb2prod.store.urls import shown

__all__ = ["CLAIMING", "DEFINING", "POSTING", "Database", "Tx"]

T = TypeVar("T")

BUSY = 30.0  # seconds that a writer waits for others, and that a lost connection is tried again
_WRITING, CLAIMING, DEFINING, MIGRATING, POSTING = (7_362_000 + n for n in range(5))  # advisory locks of PostgreSQL
_PASSING_STATES = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"}
_SERVER = {
    "options": "-c timezone=UTC",
    "connect_timeout": 10,
    # a server that is cut off is noticed within a minute
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,
}
_PRAGMAS = ("busy_timeout = 30000", "foreign_keys = ON", "synchronous = FULL", "journal_mode = WAL")


@dataclass(frozen=True)
class Tx:
    """A transaction under way: what every statement of the store works with."""

    connection: Connection
    now: datetime
    ids: RunIds

    @property
    def micros(self) -> int:
        return micros(self.now) or 0

    @property
    def is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def rows(self, statement: Executable, values: object = None) -> list[Row[Any]]:
        return list(self.connection.execute(statement, values).all())  # type: ignore[call-overload]

    def first(self, statement: Executable) -> Row[Any] | None:
        return self.connection.execute(statement).first()

    def run(self, statement: Executable, values: object = None) -> int:
        """How many rows it touched."""
        return int(self.connection.execute(statement, values).rowcount)  # type: ignore[call-overload]

    def alone(self, lock: int) -> None:
        """One such transaction at a time in the whole store, until this one ends (in SQLite a writer is alone)."""
        if not self.is_sqlite:
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})

    def wait_for_writers(self) -> None:
        """Until all that wrote before have ended: what is read then has no gaps that could be filled later."""
        self.alone(_WRITING)


class Database:
    def __init__(self, url: URL, clock: StoreClock, *, busy: float = BUSY) -> None:
        self.url, self.clock, self._busy, self._ids = url, clock, busy, RunIds()
        self._engine, self._pid, self._reached = _engine(url), os.getpid(), False
        if self.is_postgres:
            clock.follow(self._server_time)

    @property
    def is_postgres(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    def write(self, work: Callable[[Tx], T]) -> T:
        """`work` in one transaction; all of it is done again after trouble that passes by itself."""
        return self._persist(lambda: self._once(work, writes=True))

    def read(self, work: Callable[[Tx], T]) -> T:
        return self._persist(lambda: self._once(work, writes=False))

    def close(self) -> None:
        self._engine.dispose(close=self._pid == os.getpid())

    def now(self) -> datetime:
        return self._persist(self.clock.now)

    def new_id(self) -> str:
        """Of a run."""
        return self._ids.make(micros(self.now()) or 0)

    def _once(self, work: Callable[[Tx], T], *, writes: bool) -> T:
        now = self.clock.now()
        with self._connection(writes=writes) as connection, connection.begin():
            if writes:
                # others may have been waited for
                now = self._begin_to_write(connection)
            return work(Tx(connection, now, self._ids))

    def _begin_to_write(self, connection: Connection) -> datetime:
        if self.is_postgres:
            connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _WRITING})
        return self.clock.now()

    @contextlib.contextmanager
    def _connection(self, *, writes: bool) -> Iterator[Connection]:
        if self._pid != os.getpid():  # a fork must not speak through its parent's connections
            self._engine.dispose(close=False)
            self._engine, self._pid = _engine(self.url), os.getpid()
        with self._engine.connect() as connection:
            self._reached = True
            # the count of rows that INSERT … ON CONFLICT wrote says whether it was first
            yield connection.execution_options(writes=writes, preserve_rowcount=True)

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A transaction that is the only one to change the tables."""
        with self._connection(writes=True) as connection, connection.begin():
            Tx(connection, self.clock.now(), self._ids).alone(MIGRATING)
            yield connection

    def persist(self, work: Callable[[], T]) -> T:
        return self._persist(work)

    def _persist(self, work: Callable[[], T]) -> T:
        end, pause = time.monotonic() + self._busy, 0.005
        while True:
            try:
                return work()
            except SQLAlchemyError as error:
                if not isinstance(error, OperationalError | InterfaceError | DBAPIError):
                    raise StoreNotReachable(shown(self.url), _first_line(error)) from error
                if not passes(error, reached=self._reached):
                    raise self._refusal(error) from error
                if time.monotonic() + pause > end:
                    raise StoreNotReachable(shown(self.url), _first_line(error.orig or error)) from error
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 1.0)

    def _refusal(self, error: DBAPIError) -> Exception:
        """Trouble of the place (disk full, no rights, not a database) is told; a wrong statement is our own fault."""
        place = isinstance(error, OperationalError | InterfaceError) or isinstance(error.orig, sqlite3.DatabaseError)
        if place and not isinstance(error.orig, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            return StoreNotReachable(shown(self.url), _first_line(error.orig or error))
        return error

    def _server_time(self) -> datetime:
        with self._connection(writes=False) as connection, connection.begin():
            return connection.execute(text("SELECT clock_timestamp()")).scalar_one()  # type: ignore[no-any-return]


def passes(error: DBAPIError, *, reached: bool) -> bool:
    """Whether the same work may succeed a little later. A server that was `reached` before will come back."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig) or "busy" in str(error.orig)
    if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _PASSING_STATES:
        return True
    # without a state it is the connection that failed
    return reached and isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", "") is None


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY}, pool_size=1, max_overflow=50)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # one idle connection a process: there is a supervisor for each attempt
    try:
        return create_engine(url, pool_size=1, max_overflow=50, pool_recycle=1800, connect_args=_SERVER)
    except ModuleNotFoundError as error:
        raise StoreNotReachable(
            shown(url), f"{error.name} is not installed: pip install 'nb2prod[postgres]'"
        ) from error


def _prepare_sqlite(raw: Any, _: object) -> None:  # SQLAlchemy hands over the driver's own connection
    raw.isolation_level = None  # else the driver begins transactions by itself, and never immediate ones
    for pragma in _PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
