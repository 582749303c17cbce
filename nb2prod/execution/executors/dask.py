"""Supervisors on the workers of a Dask cluster, by its address.

A worker's thread only waits: the supervisor is a process of its own beside the worker, so a cell that keeps the GIL
holds up no worker. Dask may run a task again when a worker dies; the attempt is then noted in the store already, and
nothing is started a second time. Whether it lives is told by its lease, as everywhere.
"""

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any  # distributed has no types

from nb2prod.errors import InvalidOption
from nb2prod.execution.executors.executor import (
    AttemptState,
    Ended,
    Executor,
    ExecutorNotReady,
    ExecutorOrder,
)
from nb2prod.execution.executors.local import LocalExecutor
from nb2prod.model.job import RunStatus
from nb2prod.store import open_store

_LOG = logging.getLogger("nb2prod.executors.dask")
_CONNECT, _ANSWER = 10.0, 3.0  # seconds that a scheduler may take to be reached, and to answer
_COUNTED_EVERY, _LONGEST_PAUSE = 0.5, 30.0

Key = tuple[str, int]


@dataclass(frozen=True)
class StoreAddress:
    """Shown without what may be a password: Dask logs and draws the arguments of its tasks."""

    url: str

    def __repr__(self) -> str:
        return "StoreAddress(…)"


class DaskExecutor:
    def __init__(self, order: ExecutorOrder) -> None:
        self._order = order
        self._lock = threading.RLock()
        self._client: Any = None
        self._connecting: threading.Thread | None = None
        self._next_try, self._pause = 0.0, 0.5
        self._futures: dict[Key, Any] = {}
        self._warm: dict[str, Any] = {}
        self._ended: list[Ended] = []
        self._counted_at, self._threads, self._busy = float("-inf"), 0, 0
        self._is_closed = False
        self._reach()

    def submit(self, run_id: str, attempt: int) -> None:
        from distributed import fire_and_forget

        key = (run_id, attempt)
        with self._lock:
            if key in self._futures:
                return
            client = self._reach()
            if client is None:
                raise ExecutorNotReady(f"the Dask cluster at {self._order.address} cannot be reached")
            future = client.submit(
                supervise_here,
                StoreAddress(self._order.store_url),
                run_id,
                attempt,
                self._order.supervisor,
                key=f"nb2prod-{run_id}-{attempt}",
                retries=0,
                pure=False,
            )
            fire_and_forget(future)  # type: ignore[no-untyped-call]  # it goes on when this client is gone
            self._futures[key] = future
        future.add_done_callback(lambda done: self._note_end(key, done))

    def poll(self, run_id: str, attempt: int) -> AttemptState:
        with self._lock:
            future = self._futures.get((run_id, attempt))
        return AttemptState.RUNNING if future is not None and future.status == "pending" else AttemptState.UNKNOWN

    def ended(self) -> list[Ended]:
        with self._lock:
            ended, self._ended = self._ended, []
        return ended

    def cancel(self, run_id: str, attempt: int) -> None:
        """A task that waits in Dask is withdrawn; of one that runs this is no more than a hint, as for all tasks."""
        with self._lock:
            future = self._futures.get((run_id, attempt))
            client = self._reach()
        if future is not None and client is not None and not self._has_begun(run_id, attempt):
            future.cancel(force=True)
            self._forget((run_id, attempt), "it was cancelled before it began")

    def capacity(self) -> int:
        with self._lock:
            client = self._reach()
            if client is None:
                return 0
            if time.monotonic() - self._counted_at > _COUNTED_EVERY:
                self._count(client)
            running = len(self._futures)
            return min(self._threads - max(running, self._busy), self._order.jobs - running)

    def close(self) -> None:
        with self._lock:
            client, self._client, self._is_closed = self._client, None, True
        if client is not None:
            client.close(timeout=_ANSWER)

    def _reach(self) -> Any:
        """The client, when it is connected; else None, and somebody tries."""
        if self._client is not None and self._client.status == "running":
            return self._client
        if self._client is not None and self._client.status == "closed":
            self._client = None
        idle = self._connecting is None or not self._connecting.is_alive()
        if self._client is None and not self._is_closed and idle and time.monotonic() >= self._next_try:
            self._connecting = threading.Thread(target=self._connect, name="dask-connect", daemon=True)
            self._connecting.start()
        return None

    def _connect(self) -> None:
        from distributed import Client

        try:
            client: Any = Client(self._order.address, timeout=_CONNECT, set_as_default=False, name="nb2prod")  # type: ignore[no-untyped-call]
        except Exception as error:  # TimeoutError, OSError, or what a wrong address raises in the parsing of it
            with self._lock:
                self._next_try = time.monotonic() + self._pause
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            _LOG.warning("the Dask cluster at %s cannot be reached: %s", self._order.address, error)
            return
        with self._lock:
            self._client, self._pause, self._counted_at = client, 0.5, float("-inf")
            self._warm = {}
            closed = self._is_closed
        if closed:
            client.close(timeout=_ANSWER)
        self._order.changed()

    def _count(self, client: Any) -> None:
        """Threads of the cluster, and how many tasks of anybody's are on them."""
        self._counted_at = time.monotonic()
        try:
            workers = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER)["workers"]
        except Exception as error:
            _LOG.warning("the Dask cluster at %s does not answer: %s", self._order.address, error)
            self._threads = self._busy = 0
            return
        warm = [worker for address, worker in workers.items() if self._is_warm(client, address)]
        self._threads = sum(worker["nthreads"] for worker in warm)
        self._busy = sum(worker["metrics"].get("executing", 0) + worker["metrics"].get("ready", 0) for worker in warm)

    def _is_warm(self, client: Any, address: str) -> bool:
        """A worker that has imported what it needs; a lease that began before would be half over until it is beaten."""
        if address not in self._warm:
            arguments = (StoreAddress(self._order.store_url), self._order.supervisor)
            future = client.submit(warm_here, *arguments, workers=[address], key=f"nb2prod-warm-{address}", pure=False)
            self._warm[address] = future
        return bool(self._warm[address].status == "finished")

    def _note_end(self, key: Key, future: Any) -> None:
        """Only a supervisor that was seen to end has ended. Of a lost worker or cluster the lease tells."""
        how = ""
        if future.status == "finished":
            try:
                how = future.result(timeout=_ANSWER)
            except Exception as error:  # its worker left with the answer
                _LOG.warning("what became of run %s is not known: %s", key[0], error)
        elif future.status == "error":
            _LOG.warning("run %s: %s", key[0], future.exception(timeout=_ANSWER))
        self._forget(key, how)

    def _forget(self, key: Key, how: str) -> None:
        with self._lock:
            self._futures.pop(key, None)
            if how:
                self._ended.append(Ended(*key, how))
        self._order.changed()

    def _has_begun(self, run_id: str, attempt: int) -> bool:
        with open_store(self._order.store_url) as store:
            return any(each.number == attempt and each.pid for each in store.attempts(run_id))


_LOCAL: dict[tuple[StoreAddress, str], LocalExecutor] = {}
_LOCAL_LOCK = threading.Lock()
_SOMETHING_ENDED = threading.Condition()


def supervise_here(store: StoreAddress, run_id: str, attempt: int, supervisor: str) -> str:
    """On a worker. How the supervisor left; "" when it was not for us to start it."""
    with open_store(store.url) as opened:
        run = opened.run(run_id)
        noted = any(each.number == attempt and each.pid for each in opened.attempts(run_id))
        if run.attempt != attempt or run.status is not RunStatus.RUNNING or noted:
            return ""
        opened.note_attempt(run_id, attempt, host=socket.gethostname(), pid=os.getpid(), folder="")
    local = _local(store, supervisor)
    local.submit(run_id, attempt)
    while local.poll(run_id, attempt) is AttemptState.RUNNING:
        with _SOMETHING_ENDED:
            _SOMETHING_ENDED.wait(0.5)
    return "its supervisor on a Dask worker ended"


def warm_here(store: StoreAddress, supervisor: str) -> None:
    """On a worker, before anything is asked of it."""
    local = _local(store, supervisor)
    while local.is_warming():
        with _SOMETHING_ENDED:
            _SOMETHING_ENDED.wait(0.5)


def _local(store: StoreAddress, supervisor: str) -> LocalExecutor:
    """One warm nursery for each worker."""
    with _LOCAL_LOCK:
        if (store, supervisor) not in _LOCAL:
            order = ExecutorOrder(store_url=store.url, jobs=10_000, supervisor=supervisor, changed=_tell_all)
            _LOCAL[store, supervisor] = LocalExecutor(order)
        return _LOCAL[store, supervisor]


def _tell_all() -> None:
    with _SOMETHING_ENDED:
        _SOMETHING_ENDED.notify_all()


class DaskKind:
    name = "dask"
    summary = "the workers of a Dask cluster, by its address"

    def open(self, order: ExecutorOrder) -> Executor:
        if not order.address:
            raise InvalidOption("executor dask", "say the address of the scheduler, as tcp://HOST:8786")
        if find_spec("distributed") is None:
            raise InvalidOption("executor dask", "it needs distributed: pip install 'nb2prod[dask]'")
        return DaskExecutor(order)


PLUGIN = DaskKind()
