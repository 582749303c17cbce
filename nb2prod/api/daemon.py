"""A daemon with all that belongs to it: executor, notifications, retention."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from nb2prod.api.outputs import remove_outputs
from nb2prod.execution.executors.executor import ExecutorOrder, open_executor
from nb2prod.scheduler.daemon import LEASE, Keep, Scheduler
from nb2prod.scheduler.notify.delivery import Delivery
from nb2prod.scheduler.waker import Waker
from nb2prod.store import Pruned, Store

__all__ = ["Keep", "open_daemon"]

_LOG = logging.getLogger("nb2prod.scheduler")
_NOTHING = Keep()


@contextmanager
def open_daemon(
    store: Store, *, jobs: int, executor: str = "local", lease: float = LEASE, keep: Keep = _NOTHING
) -> Iterator[Scheduler]:
    """`executor` is NAME or NAME:ADDRESS; what it runs goes on when the daemon is closed. Raises UnknownExecutor."""
    name, _, address = executor.partition(":")
    waker = Waker()
    order = ExecutorOrder(store_url=store.url, jobs=jobs, address=address, changed=waker.wake)
    opened = open_executor(name, order)
    kept = Keep(older_than=keep.older_than, last=keep.last, remove=_remove)
    try:
        with Delivery(store):
            yield Scheduler(store, opened, jobs=jobs, lease=lease, keep=kept, waker=waker)
    finally:
        opened.close()


def _remove(gone: object) -> None:
    assert isinstance(gone, Pruned)
    _LOG.info("pruned %d runs", len(gone.runs))
    for place, why in remove_outputs(gone):
        _LOG.warning("could not remove %s: %s", place, why)
