"""What routes share: the store, the page's size, and the refusals that each may answer with."""

from collections.abc import Callable
from typing import Annotated, Any  # FastAPI's table of responses

from fastapi import Depends, Path, Query, Request

from nb2prod.rest.errors import Problem
from nb2prod.store import Store

__all__ = ["Limit", "Name", "Opened", "Responses", "RunId", "Wake", "problems"]


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _wake(request: Request) -> Callable[[], None]:
    wake: Callable[[], None] = request.app.state.wake
    return wake


Opened = Annotated[Store, Depends(_store)]
Wake = Annotated[Callable[[], None], Depends(_wake)]  # tells the scheduler's loop that something has changed
Responses = dict[int | str, dict[str, Any]]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Name = Annotated[str, Path(max_length=100)]
RunId = Annotated[str, Path(max_length=100)]

_TOLD = {
    401: "no token, or a wrong one",
    404: "there is no such thing; the closest names are told",
    409: "it is in another state, or there is another one already",
    413: "the request is too large",
    422: "what was given cannot work; `errors` has the fields",
    502: "the other side did not take it",
    503: "the store cannot be reached",
}


def problems(*statuses: int) -> Responses:
    return {
        status: {"description": _TOLD[status], "content": {"application/problem+json": {}}, "model": Problem}
        for status in (401, *statuses, 503)
    }
