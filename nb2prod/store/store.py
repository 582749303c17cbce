"""The Store, put together of its rooms, and how to open one."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType

from sqlalchemy import delete, select

from nb2prod.store import tables
from nb2prod.store.claims import Claims
from nb2prod.store.clock import StoreClock, utc_now
from nb2prod.store.connect import Database, Tx
from nb2prod.store.definitions import Definitions
from nb2prod.store.endings import Endings
from nb2prod.store.figures import Figures
from nb2prod.store.insert import insert_or_replace
from nb2prod.store.listing import Listing
from nb2prod.store.migrate import bring_to_head
from nb2prod.store.outbox import Outbox
from nb2prod.store.posting import Posting
from nb2prod.store.records import Daemon
from nb2prod.store.retention import Retention
from nb2prod.store.rows import read_daemon
from nb2prod.store.runs import Runs
from nb2prod.store.schedules import Schedules
from nb2prod.store.urls import default_url, shown, store_url

__all__ = ["Store", "open_store"]


class Store(Definitions, Schedules, Runs, Claims, Endings, Outbox, Posting, Retention, Figures, Listing):
    """All that is known of jobs. Each verb is one transaction; threads may share a Store, processes open their own."""

    def __init__(self, database: Database, chance: Callable[[], float] = random.random) -> None:
        Endings.__init__(self, database, chance)

    @property
    def url(self) -> str:
        """To open it again, with its password: for other processes of the same user, not for the eye."""
        return self._database.url.render_as_string(hide_password=False)

    @property
    def shown_url(self) -> str:
        return shown(self._database.url)

    def now(self) -> datetime:
        """The time by which leases and due times are judged: the server's, where there is one."""
        return self._database.now()

    def daemon_beat(self, name: str, host: str, pid: int) -> None:
        def write(tx: Tx) -> None:
            values = {"name": name, "host": host, "pid": pid, "started_at": tx.micros, "beat_at": tx.micros}
            tx.run(insert_or_replace(tx, tables.daemon, values, keep=("started_at",)))

        self._database.write(write)

    def daemon_gone(self, name: str) -> None:
        self._database.write(lambda tx: tx.run(delete(tables.daemon).where(tables.daemon.c.name == name)))

    def daemons(self, *, within: timedelta | None = None) -> list[Daemon]:
        """All that said they are there, or those heard of lately."""

        def read(tx: Tx) -> list[Daemon]:
            found = [read_daemon(row) for row in tx.rows(select(tables.daemon).order_by(tables.daemon.c.name))]
            return [each for each in found if within is None or tx.now - each.beat_at <= within]

        return self._database.read(read)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(
    url: str = "",
    *,
    now: Callable[[], datetime] = utc_now,
    chance: Callable[[], float] = random.random,
) -> Store:
    """A store by URL or path ("": $NB2PROD_STORE, else the user's own), made or brought up to date as needed.

    `chance` (from 0 to 1) spreads the pauses between attempts.
    """
    database = Database(store_url(url or default_url()), StoreClock(now))
    try:
        bring_to_head(database)
    except BaseException:
        database.close()
        raise
    return Store(database, chance)
