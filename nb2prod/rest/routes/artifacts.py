"""What a run gave: its artifacts, and their content as long as it is what the run wrote; and what it printed."""

import hashlib
import mimetypes
from collections.abc import Iterator
from typing import IO, Annotated, Any  # fsspec's open files
from urllib.parse import quote

import fsspec
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from nb2prod.api.logs import follow_log
from nb2prod.model.job import Artifact
from nb2prod.rest.errors import Refused
from nb2prod.rest.routes.common import Opened, Responses, RunId, problems
from nb2prod.rest.shapes import ArtifactOut, Page
from nb2prod.store import NotInStore, Store

ROUTER = APIRouter(prefix="/runs/{run_id}", tags=["runs"])
_PART = 2**20
_CONTENT: Responses = {200: {"content": {"application/octet-stream": {}}, "description": "its bytes"}}
_TEXT: Responses = {200: {"content": {"text/plain": {}}, "description": "what the run has printed so far"}}
_Attempt = Annotated[int, Query(ge=0, description="of this attempt; 0: the latest that has one")]


@ROUTER.get("/artifacts", summary="List the artifacts of a run", responses=problems(404))
def list_artifacts(store: Opened, run_id: RunId) -> Page[ArtifactOut]:
    store.run(run_id)
    return Page(items=[ArtifactOut.model_validate(artifact) for artifact in store.artifacts(run_id)])


@ROUTER.get(
    "/artifacts/{name:path}",
    summary="Download an artifact",
    response_class=StreamingResponse,
    responses=problems(404, 409, 422) | _CONTENT,
)
def download(store: Opened, run_id: RunId, name: str, attempt: _Attempt = 0) -> StreamingResponse:
    """Only what the store knows as an artifact of that run, and only while its bytes are those that the run wrote."""
    artifact = _artifact(store, run_id, name, attempt)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2])}",
        "Content-Length": str(artifact.size),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",  # a notebook's HTML is a stranger here
    }
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return StreamingResponse(_parts(_checked(artifact)), media_type=kind, headers=headers)


@ROUTER.get(
    "/log",
    summary="Show what a run has printed so far",
    response_class=StreamingResponse,
    responses=problems(404, 409, 422) | _TEXT,
)
def show_log(
    store: Opened,
    run_id: RunId,
    attempt: _Attempt = 0,
    plain: Annotated[bool, Query(description="the supervisor's own log, not what cells printed")] = False,
) -> StreamingResponse:
    pieces = follow_log(store, store.run(run_id).id, attempt=attempt, plain=plain)
    first = next(pieces, "")  # what is refused is refused before the answer has begun
    return StreamingResponse(_with(first, pieces), media_type="text/plain; charset=utf-8")


def _artifact(store: Store, run_id: str, name: str, attempt: int) -> Artifact:
    store.run(run_id)
    known = store.artifacts(run_id)
    found = [each for each in known if each.name == name and attempt in (0, each.attempt)]
    if not found:
        raise NotInStore("artifact", name, sorted({each.name for each in known}))
    return found[-1]


def _checked(artifact: Artifact) -> IO[bytes]:
    """Open at its beginning, after its bytes were compared with the digest."""
    try:
        opened: Any = fsspec.open(artifact.url, "rb").open()
    except (OSError, ValueError, ImportError) as error:
        raise Refused(404, f"the artifact {artifact.name} is not where the run put it: {error}") from error
    digest = hashlib.sha256()
    for part in iter(lambda: opened.read(_PART), b""):
        digest.update(part)
    if digest.hexdigest() != artifact.sha256:
        opened.close()
        raise Refused(409, f"the artifact {artifact.name} was changed after the run had written it")
    opened.seek(0)
    found: IO[bytes] = opened
    return found


def _parts(opened: IO[bytes]) -> Iterator[bytes]:
    with opened:
        yield from iter(lambda: opened.read(_PART), b"")


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
