"""The scheduler as one sees it from outside: which daemons live, what waits, and how late it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nb2prod.api.pools import Pool, pools
from nb2prod.store import Daemon, Store

__all__ = ["SchedulerStatus", "daemons_alive", "status"]

HEARD_OF = timedelta(seconds=30)  # a daemon that was not heard of for longer is dead, or as good as that


@dataclass(frozen=True, kw_only=True)
class SchedulerStatus:
    """`lag` is how many seconds the earliest due schedule waits by now: 0 when all is in time."""

    at: datetime
    daemons: tuple[Daemon, ...]
    schedules: int
    next_due: datetime | None
    lag: float
    pools: tuple[Pool, ...]

    @property
    def running(self) -> int:
        return sum(pool.running for pool in self.pools)

    @property
    def queued(self) -> int:
        return sum(pool.queued for pool in self.pools)


def status(store: Store) -> SchedulerStatus:
    now, due = store.now(), store.next_due_at()
    return SchedulerStatus(
        at=now,
        daemons=tuple(daemons_alive(store)),
        schedules=store.count_schedules(),
        next_due=due,
        lag=max(0.0, (now - due).total_seconds()) if due else 0.0,
        pools=tuple(pools(store)),
    )


def daemons_alive(store: Store) -> list[Daemon]:
    return store.daemons(within=HEARD_OF)
