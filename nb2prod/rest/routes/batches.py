"""Batches: a run of one definition for each row of parameters."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Response

from nb2prod.api.batch import BatchRow, batch_rows, cancel_batch, resume_batch, submit_batch
from nb2prod.api.rows import Row
from nb2prod.rest import PREFIX
from nb2prod.rest.orders import BatchIn, CancelIn
from nb2prod.rest.routes.common import Limit, Name, Opened, Wake, problems
from nb2prod.rest.shapes import BatchOut, BatchRowOut, Page, RunOut
from nb2prod.store import NotInStore, Store

ROUTER = APIRouter(prefix="/batches", tags=["batches"])


@ROUTER.post("", status_code=201, summary="Submit a batch", responses=problems(404, 409, 413, 422))
def submit(store: Opened, wake: Wake, order: BatchIn, response: Response) -> BatchOut:
    """All rows are checked before the first run is stored. The same batch again is the same runs (200)."""
    rows = [Row(number=number, values=values) for number, values in enumerate(order.rows, 1)]
    definition = store.latest_definition(order.definition)
    name, is_new = submit_batch(store, definition, rows, common=order.common, name=order.name, priority=order.priority)
    wake()
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"{PREFIX}/batches/{name}"
    return _shown(name, batch_rows(store, name))


@ROUTER.get("/{name}", summary="Show how far a batch is", responses=problems(404))
def show_batch(store: Opened, name: Name) -> BatchOut:
    return _shown(name, _rows(store, name))


@ROUTER.get("/{name}/rows", summary="List the rows of a batch with their latest runs", responses=problems(404, 422))
def list_rows(
    store: Opened,
    name: Name,
    after: Annotated[int, Query(ge=0, description="`next` of the page before")] = 0,
    limit: Limit = 100,
) -> Page[BatchRowOut]:
    rows = _rows(store, name)
    found = [row for row in rows if row.number > after]
    page = [BatchRowOut(number=row.number, tries=row.tries, run=RunOut.of(row.run)) for row in found[:limit]]
    return Page(items=page, next=str(page[-1].number) if len(found) > limit else None, total=len(rows))


@ROUTER.post("/{name}/resume", summary="Run again what did not complete of a batch", responses=problems(404))
def resume(store: Opened, wake: Wake, name: Name) -> BatchOut:
    _rows(store, name)
    rows = resume_batch(store, name)
    wake()
    return _shown(name, rows)


@ROUTER.post("/{name}/cancel", summary="Cancel what has not ended of a batch", responses=problems(404))
def cancel(store: Opened, wake: Wake, name: Name, order: CancelIn | None = None) -> BatchOut:
    _rows(store, name)
    cancel_batch(store, name, by=(order or CancelIn()).by)
    wake()
    return _shown(name, batch_rows(store, name))


def _rows(store: Store, name: str) -> list[BatchRow]:
    if not store.runs(batch=name, limit=1):
        raise NotInStore("batch", name)
    return batch_rows(store, name)


def _shown(name: str, rows: list[BatchRow]) -> BatchOut:
    return BatchOut(name=name, rows=len(rows), counts=Counter(row.run.status for row in rows))
