"""/healthz and /metrics: is it alive, and how much of everything is there."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from nb2prod.model.job import AttemptStatus, RunStatus
from nb2prod.rest.pipelines import last_runs, pipeline_lines
from nb2prod.rest.routes.common import Opened, Responses, problems
from nb2prod.rest.security import authorised
from nb2prod.rest.shapes import Health
from nb2prod.store import Delivery, Store, StoreError
from nb2prod.store.figures import Totals

ROUTER = APIRouter(tags=["monitoring"])
_FRESH = 5.0  # seconds for which figures are told again: who asks often must not slow down the store
_PATIENCE = 2.0  # seconds that the store has to answer
_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """The store's totals, looked up at most each `_FRESH` seconds, by one thread at a time."""

    def __init__(self) -> None:
        self._lock, self._at, self._found = threading.Lock(), float("-inf"), None

    def of(self, store: Store) -> tuple[Totals, Sequence[str]]:
        """And the lines about pipelines."""
        with self._lock:
            if self._found is None or time.monotonic() - self._at > _FRESH:
                self._found = store.totals(), pipeline_lines(last_runs(store))
                self._at = time.monotonic()
            return self._found

    _found: tuple[Totals, Sequence[str]] | None
    _at: float


def _figures(request: Request) -> Figures:
    figures: Figures = request.app.state.figures
    return figures


@ROUTER.get(
    "/healthz",
    summary="Tell whether the store answers and the loop goes on",
    responses={503: {"description": "the store cannot be reached, or the loop is silent", "model": Health}},
)
async def health(request: Request, store: Opened, response: Response) -> Health:
    """Asks for no token."""
    alive: Callable[[], bool] | None = request.app.state.alive
    loop = "elsewhere" if alive is None else "ok" if alive() else "silent"
    answers = "ok" if await _answers(store) else "unreachable"
    is_well = answers == "ok" and loop != "silent"
    response.status_code = 200 if is_well else 503
    return Health.model_validate({"status": "ok" if is_well else "failing", "store": answers, "scheduler": loop})


async def _answers(store: Store) -> bool:
    with anyio.move_on_after(_PATIENCE):  # the store itself tries for longer
        try:
            await anyio.to_thread.run_sync(store.ping, abandon_on_cancel=True)
        except StoreError:
            return False
        return True
    return False


_METRICS: Responses = {200: {"content": {"text/plain": {}}, "description": "Prometheus text"}}


@ROUTER.get(
    "/metrics",
    summary="Tell figures to Prometheus",
    response_class=PlainTextResponse,
    responses=problems() | _METRICS,
    dependencies=[Depends(authorised)],
)
def metrics(store: Opened, figures: Annotated[Figures, Depends(_figures)]) -> PlainTextResponse:
    totals, pipelines = figures.of(store)
    text = exposition(totals, store.now().timestamp()) + "".join(f"{line}\n" for line in pipelines)
    return PlainTextResponse(text, media_type=_FORMAT)


def exposition(totals: Totals, now: float) -> str:
    """In Prometheus' text format."""
    lag = max(0.0, now - totals.next_due.timestamp()) if totals.next_due else 0.0
    waits = max(0.0, now - totals.oldest.timestamp()) if totals.oldest else 0.0
    queued = totals.runs.get(RunStatus.QUEUED, 0)
    lost = totals.attempts.get(AttemptStatus.LOST, 0)
    working = totals.schedules - totals.paused - totals.disabled
    schedules = {"active": working, "paused": totals.paused, "disabled": totals.disabled}
    families = (
        _family("runs", "Runs in the store, by status", "status", {s.value: totals.runs.get(s, 0) for s in RunStatus}),
        _family("queue_length", "Runs that wait", "", {"": queued}),
        _family("queue_wait_seconds", "How long the run that waits longest could have started", "", {"": waits}),
        _family("due_lag_seconds", "How long the earliest due schedule waits to be seen to", "", {"": lag}),
        _family("schedules", "Schedules, by state", "state", schedules),
        _family("definitions", "Definitions, by name", "", {"": totals.definitions}),
        _family("attempts_lost", "Attempts in the store whose worker died", "", {"": lost}),
        _family(
            "notifications",
            "Notifications in the store, by status",
            "status",
            {status.value: totals.notifications.get(status, 0) for status in Delivery},
        ),
    )
    return "".join(f"{line}\n" for family in families for line in family)


def _family(name: str, told: str, label: str, values: Mapping[str, float]) -> Iterator[str]:
    name = f"nb2prod_{name}"
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} gauge"  # of what is in the store, which is pruned: it may go down
    for key, value in values.items():
        labels = f'{{{label}="{key}"}}' if label else ""
        yield f"{name}{labels} {value:.6g}" if isinstance(value, float) else f"{name}{labels} {value}"
