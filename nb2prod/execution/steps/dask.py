"""Steps on the workers of a Dask cluster, by its address.

Dask places them and tells when a worker is lost. It never runs a call a second time, and a cluster that is gone stops
the run, whose results so far are in the artifacts.
"""

import contextlib
import os
import queue
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # distributed has no types; TOML

from nb2prod.execution.steps.options import Options
from nb2prod.execution.steps.site import (
    cancel_here,
    carry_out_here,
    flag_of,
    left_here,
    outcome_of,
    take_leave_here,
)
from nb2prod.runtime.errors import ExecutorLost, ProjectError
from nb2prod.runtime.project import Settings
from nb2prod.runtime.steps.calls import Ending, Outcome, StepCall, StepExecutor, Ticket

__all__ = ["PLUGIN", "DaskSteps"]

_CONNECT, _ANSWER = 10.0, 5.0  # seconds that a scheduler may take to be reached, and to answer
_COUNTED_EVERY = 1.0
_AHEAD = 2  # calls for each thread: a cluster that grows by what waits sees that something does
_AT_LEAST = 4
_FAREWELL = 8.0
_PASSED_ON = ("NB2PROD_FAULTS",)
_WORKER = "nb2prod.runtime.steps.worker"


class DaskSteps:
    """`client` is connected, and closed with this. `jobs` are the most calls at once."""

    def __init__(self, client: Any, *, jobs: int | None = None, worker: str = _WORKER) -> None:
        self._client, self._jobs, self._worker = client, jobs, worker
        self.session = secrets.token_hex(8)
        self._futures: dict[Ticket, Any] = {}
        self._preferred: dict[Ticket, str] = {}
        self._calls: dict[Ticket, StepCall] = {}
        self._outcomes: queue.SimpleQueue[tuple[Any, Outcome]] = queue.SimpleQueue()
        self._near: dict[str, str] = {}  # bundle → the worker that made it
        self._workers: dict[str, Any] = {}
        self._counted = float("-inf")

    def capacity(self, call: StepCall) -> bool:  # noqa: ARG002 - which of them waits is Dask's to say
        self._count()
        threads = sum(worker["nthreads"] for worker in self._workers.values())
        return len(self._futures) < (self._jobs or max(_AT_LEAST, _AHEAD * threads))

    def submit(self, call: StepCall) -> None:
        self._calls[call.ticket] = call
        if call.gpus and self._workers and not any(each["resources"].get("GPU") for each in self._workers.values()):
            need = "it needs a GPU, and no worker has one: start workers with --resources GPU=1"
            self._outcomes.put((None, _without_answer(call.ticket, "refused", need)))
            return
        near = self._nearest(call)
        if near:
            self._preferred[call.ticket] = near
        self._send(call, flag_of(self.session, call.ticket), near)

    def wait(self, timeout: float) -> list[Outcome]:
        """Raises ExecutorLost when the scheduler is gone."""
        told: list[tuple[Any, Outcome]] = []
        with contextlib.suppress(queue.Empty):
            told.append(self._outcomes.get(timeout=max(0.0, timeout)))
            while True:
                told.append(self._outcomes.get_nowait())
        if self._client.status != "running":
            raise ExecutorLost(f"the scheduler of the Dask cluster at {self._client.scheduler.address} is gone")
        found = [outcome for future, outcome in told if self._futures.get(outcome.ticket) is future]
        for outcome in found:
            self._forget(outcome)
        self._rescue()
        return found

    def cancel(self, ticket: Ticket) -> None:
        """One that runs gives its outcome when it has ended; one that waits is withdrawn."""
        future = self._futures.get(ticket)
        if future is not None and not any(self._ask(cancel_here, self.session, ticket)):
            future.cancel(force=True)

    def close(self) -> None:
        for future in self._futures.values():
            future.cancel(force=True)
        ends = time.monotonic() + _FAREWELL
        self._ask(take_leave_here, self.session)
        while any(self._ask(left_here, self.session)) and time.monotonic() < ends:
            time.sleep(0.05)
        self._futures.clear()
        with contextlib.suppress(Exception):  # a client may raise anything when its scheduler is gone
            self._client.close(timeout=_ANSWER)

    def _send(self, call: StepCall, key: str, worker: str) -> None:
        given = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            future = self._client.submit(
                carry_out_here,
                self.session,
                call.to_json(),
                self._worker,
                given,
                key=key,
                workers=[worker] if worker else None,
                resources={"GPU": call.gpus} if call.gpus else None,
                retries=0,
                pure=False,
            )
        except Exception as error:  # of a client that has lost its scheduler
            self._outcomes.put((None, _without_answer(call.ticket, "lost", str(error))))
            return
        self._futures[call.ticket] = future
        future.add_done_callback(lambda done: self._outcomes.put((done, _outcome(call.ticket, done))))

    def _rescue(self) -> None:
        """Calls that were meant for a worker which is gone go anywhere; one that had begun is then told as lost."""
        self._count()
        gone = [ticket for ticket, worker in self._preferred.items() if worker not in self._workers]
        for ticket in gone if self._workers else ():
            del self._preferred[ticket]
            self._futures.pop(ticket).cancel(force=True)
            self._send(self._calls[ticket], f"{flag_of(self.session, ticket)}-again", "")

    def _nearest(self, call: StepCall) -> str:
        """The worker that made most of what it takes, unless as many calls as it has threads are meant for it."""
        makers = Counter(self._near[digest] for each in call.inputs.values() if (digest := _made(each)) in self._near)
        meant = Counter(self._preferred.values())
        for worker, _ in makers.most_common():
            if worker in self._workers and meant[worker] < self._workers[worker]["nthreads"]:
                return worker
        return ""

    def _forget(self, outcome: Outcome) -> None:
        self._futures.pop(outcome.ticket, None)
        self._preferred.pop(outcome.ticket, None)
        self._calls.pop(outcome.ticket, None)
        flag = flag_of(self.session, outcome.ticket)
        self._client.loop.add_callback(self._client.scheduler.event_clear, name=flag)
        if outcome.answer is not None and outcome.answer.bundle:
            self._near[outcome.answer.bundle] = outcome.host

    def _count(self) -> None:
        if time.monotonic() - self._counted < _COUNTED_EVERY:
            return
        self._counted = time.monotonic()
        with contextlib.suppress(Exception):  # `wait` tells when it is gone
            told = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER)
            self._workers = told["workers"]

    def _ask(self, function: Any, *arguments: Any) -> list[Any]:
        """Of each worker; of one that does not answer nothing is known."""
        if self._client.status != "running":
            return []
        try:
            told = self._client.sync(
                self._client._run, function, *arguments, on_error="ignore", callback_timeout=_ANSWER
            )
        except Exception:  # the scheduler is gone, or a worker hangs
            return []
        return list(told.values())


def _made(where: Mapping[str, Any]) -> str:
    return str(where.get("bundle", ""))


def _outcome(ticket: Ticket, future: Any) -> Outcome:
    """In a thread of the client, when the future is done."""
    if future.status == "cancelled":
        return _without_answer(ticket, "cancelled", "it was cancelled")
    try:
        problem = future.exception(timeout=_ANSWER)
        if problem is None:
            return outcome_of(future.result(timeout=_ANSWER))
    except Exception as error:  # also of a future that is `lost`: its worker went as it was done
        return _without_answer(ticket, "lost", f"its worker left with what it had to tell: {error}")
    reason = "lost" if type(problem).__name__ == "KilledWorker" else "refused"
    return _without_answer(ticket, reason, f"Dask: {type(problem).__name__}: {problem}")


def _without_answer(ticket: Ticket, reason: str, message: str) -> Outcome:
    return Outcome(ticket=ticket, ending=Ending(reason=reason, message=message))


class DaskKind:
    name = "dask"
    summary = "the workers of a Dask cluster, by its address"

    def open(self, settings: Settings, options: Mapping[str, Any]) -> StepExecutor:  # noqa: ARG002 - calls have all
        given = Options("dask", options, known=("address", "scheduler_file", "jobs"))
        where = given.text("address") or given.text("scheduler_file")
        jobs = given.whole("jobs")
        if not where:
            said = "say the address of its scheduler: --address tcp://HOST:8786, or address in [executors.dask]"
            raise ProjectError(f"executor 'dask' needs a cluster; {said}")
        if find_spec("distributed") is None:
            raise ProjectError("executor 'dask' needs distributed: pip install 'nb2prod[dask]'")
        return DaskSteps(_client(given, where), jobs=jobs)


def _client(given: Options, where: str) -> Any:
    from distributed import Client

    place = {"address": where} if given.text("address") else {"scheduler_file": where}
    if "scheduler_file" in place and not Path(where).is_file():  # Dask would wait for it for ever
        raise ProjectError(f"there is no scheduler file {where}: start the scheduler with --scheduler-file {where}")
    try:
        client: Any = Client(**place, timeout=_CONNECT, set_as_default=False, name="nb2prod")  # type: ignore[no-untyped-call]
    except Exception as error:  # TimeoutError, OSError, or what a wrong address raises in the parsing of it
        raise ProjectError(f"the Dask cluster at {where} cannot be reached: {error}") from error
    return client


PLUGIN = DaskKind()
