"""The events of a run: a page, a page that waits for something to come, or a stream (server-sent events)."""

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from nb2prod.model.job import Event
from nb2prod.rest.routes.common import Limit, Opened, Responses, RunId, problems
from nb2prod.rest.shapes import EventOut, Page
from nb2prod.store import Store

ROUTER = APIRouter(prefix="/runs/{run_id}/events", tags=["runs"])
_LOOK_EVERY = 0.25  # seconds
_SAY_SOMETHING = 15.0  # seconds: what stands between would close a connection that is silent
_STREAM: Responses = {200: {"content": {"text/event-stream": {}}, "description": "Events, as JSON or as a stream"}}


@ROUTER.get("", summary="List the events of a run, or follow them", responses=problems(404, 422) | _STREAM)
async def list_events(
    request: Request,
    store: Opened,
    run_id: RunId,
    after: Annotated[int, Query(ge=0, description="the id of the last event that is known")] = 0,
    limit: Limit = 500,
    wait: Annotated[float, Query(ge=0, le=30, description="seconds to wait for one, when there is none yet")] = 0.0,
    accept: Annotated[str, Header(description="text/event-stream for a stream")] = "",
    last_event_id: Annotated[int, Header(ge=0, description="as browsers send it")] = 0,
) -> Page[EventOut]:
    await run_in_threadpool(store.run, run_id)
    after = max(after, last_event_id)
    if "text/event-stream" in accept:
        # FastAPI passes on a response that is one already
        return StreamingResponse(_stream(request, store, run_id, after), media_type="text/event-stream")  # type: ignore[return-value]
    ends = time.monotonic() + wait
    while not (found := await _events(store, run_id, after, limit)) and time.monotonic() < ends:
        if _is_over(request) or (await run_in_threadpool(store.run, run_id)).status.is_final:
            break
        await anyio.sleep(_LOOK_EVERY)
    return Page(items=[EventOut.model_validate(event) for event in found], next=str(found[-1].id) if found else None)


async def _stream(request: Request, store: Store, run_id: str, after: int) -> AsyncIterator[str]:
    """Until the run has ended and all is told, or nobody listens any more."""
    said = time.monotonic()
    while not _is_over(request) and not await request.is_disconnected():
        is_final = (await run_in_threadpool(store.run, run_id)).status.is_final  # before the events: none is missed
        found = await _events(store, run_id, after, 500)
        for event in found:
            after = event.id
            told = json.dumps(EventOut.model_validate(event).model_dump(mode="json"))
            yield f"id: {event.id}\nevent: {event.kind}\ndata: {told}\n\n"
        if found:
            said = time.monotonic()
        elif is_final:
            yield "event: end\ndata: {}\n\n"
            return
        else:
            if time.monotonic() - said > _SAY_SOMETHING:
                yield ": still here\n\n"
                said = time.monotonic()
            await anyio.sleep(_LOOK_EVERY)


async def _events(store: Store, run_id: str, after: int, limit: int) -> list[Event]:
    return await run_in_threadpool(lambda: store.events(run_id=run_id, after=after, limit=limit))


def _is_over(request: Request) -> bool:
    over: bool = request.app.state.is_over()
    return over
