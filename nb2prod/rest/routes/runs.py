"""Runs: submitted, listed, shown, cancelled, done again."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from nb2prod.api import runs as verbs
from nb2prod.model.job import RunStatus
from nb2prod.rest import PREFIX
from nb2prod.rest.orders import CancelIn, RunIn
from nb2prod.rest.routes.common import Limit, Opened, RunId, Wake, problems
from nb2prod.rest.shapes import ArtifactOut, AttemptOut, DefinitionOut, Page, RunDetailOut, RunOut, RunRowOut
from nb2prod.store import NotInStore, Store

ROUTER = APIRouter(prefix="/runs", tags=["runs"])
_KEY = "the same key with the same content gives the same run, however often it is sent"


@ROUTER.post(
    "",
    status_code=201,
    summary="Submit a run",
    responses=problems(404, 409, 422) | {200: {"description": "that key had its run already", "model": RunOut}},
)
def submit(
    store: Opened,
    wake: Wake,
    order: RunIn,
    response: Response,
    idempotency_key: Annotated[str, Header(max_length=200, description=_KEY)] = "",
) -> RunOut:
    run, is_new = verbs.submit(
        store,
        store.latest_definition(order.definition),
        order.parameters,
        idempotency_key=idempotency_key,
        priority=order.priority,
        pool=order.pool,
    )
    if is_new:
        wake()
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"{PREFIX}/runs/{run.id}"
    return RunOut.of(run)


@ROUTER.get("", summary="List runs, the newest first", responses=problems(404, 422))
def list_runs(
    store: Opened,
    schedule: Annotated[str, Query(description="of this schedule")] = "",
    definition: Annotated[str, Query(description="of this definition")] = "",
    batch: Annotated[str, Query(description="of this batch")] = "",
    status: Annotated[list[RunStatus], Query(description="of these, may be given several times")] = [],  # noqa: B006
    before: Annotated[str, Query(description="`next` of the page before")] = "",
    limit: Limit = 50,
) -> Page[RunRowOut]:
    found = store.runs(
        schedule=schedule, definition=definition, batch=batch, status=status, before=before, limit=limit + 1
    )
    labels = store.run_labels(found[:limit])
    page = [RunRowOut.beside(run, labels[run.id]) for run in found[:limit]]
    return Page(items=page, next=page[-1].id if len(found) > limit else None)


@ROUTER.get("/{run_id}", summary="Show a run with its attempts and artifacts", responses=problems(404))
def show_run(store: Opened, run_id: RunId) -> RunDetailOut:
    run = store.run(run_id)
    return RunDetailOut(
        run=RunOut.of(run),
        definition=DefinitionOut.of(store.definition(run.definition_id)),
        schedule=_schedule_name(store, run.schedule_id),
        attempts=[AttemptOut.model_validate(attempt) for attempt in store.attempts(run_id)],
        artifacts=[ArtifactOut.model_validate(artifact) for artifact in store.artifacts(run_id)],
    )


@ROUTER.post("/{run_id}/cancel", summary="Cancel a run; it keeps its outputs so far", responses=problems(404))
def cancel(store: Opened, wake: Wake, run_id: RunId, order: CancelIn | None = None) -> RunOut:
    """At once while it is queued; one that runs is told. One that has ended stays as it is."""
    run = verbs.cancel(store, run_id, by=(order or CancelIn()).by)
    wake()
    return RunOut.of(run)


@ROUTER.post("/{run_id}/retry", status_code=201, summary="Run again what has ended", responses=problems(404, 409, 422))
def retry(
    store: Opened,
    wake: Wake,
    run_id: RunId,
    latest: Annotated[bool, Query(description="of the latest version of its definition")] = False,
) -> RunOut:
    run = verbs.retry(store, run_id, latest=latest)
    wake()
    return RunOut.of(run)


@ROUTER.get("/{run_id}/attempts", summary="List the attempts of a run", responses=problems(404))
def list_attempts(store: Opened, run_id: RunId) -> Page[AttemptOut]:
    store.run(run_id)
    return Page(items=[AttemptOut.model_validate(attempt) for attempt in store.attempts(run_id)])


def _schedule_name(store: Store, number: int | None) -> str | None:
    try:
        return None if number is None else store.schedule_by_id(number).name
    except NotInStore:
        return None  # it was removed, and its runs stay
