"""Which HTTP status each refusal has, chosen here once, and its form: problem+json (RFC 9457).

{"type": "about:blank", "title", "status", "detail", "errors": [{"path": "trigger.expression", "message"}]}
"""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any  # what a request held

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from nb2prod.api.batch import RowsRefused
from nb2prod.api.channels import MessageNotSent
from nb2prod.errors import InvalidName, InvalidOption, Nb2ProdError, NotebookNotReadable, ParameterRefused
from nb2prod.scheduler.cron import BadTrigger
from nb2prod.scheduler.notify.notifier import ChannelRefused
from nb2prod.store import (
    BlobDamaged,
    IdempotencyConflict,
    NotInStore,
    RowNotReadable,
    ScheduleExists,
    StoreNotReachable,
    Superseded,
)

__all__ = ["FieldError", "Problem", "Refused", "answer", "handle_errors", "places_of", "status_of"]

CRON_FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")
_log = logging.getLogger(__name__)
_STATUS: Mapping[type[Nb2ProdError], int] = {
    NotInStore: 404,
    ScheduleExists: 409,
    IdempotencyConflict: 409,
    Superseded: 409,
    BadTrigger: 422,
    ParameterRefused: 422,
    RowsRefused: 422,
    InvalidName: 422,
    InvalidOption: 422,  # or 409: see `status_of`
    ChannelRefused: 422,
    NotebookNotReadable: 422,
    MessageNotSent: 502,
    StoreNotReachable: 503,
    RowNotReadable: 500,
    BlobDamaged: 500,
}
# what the shell calls by an option
_FIELDS: Mapping[str, str] = {
    "--at": "trigger.at",
    "--after": "trigger.schedule",
    "--start": "start_at",
    "--end": "end_at",
    "--grace": "grace",
    "--jitter": "jitter",
    "--environment": "settings.environment",
    "--workdir": "settings.workdir",
    "--output": "settings.output",
    "--format": "settings.formats",
    "--timeout": "settings.limits.run",
    "--cell-timeout": "settings.limits.cell",
    "--start-timeout": "settings.limits.start",
    "--memory": "settings.limits.memory",
    "--cpu-time": "settings.limits.cpu_seconds",
    "--cpus": "settings.limits.cpus",
    "--retries": "settings.retry.limit",
    "--retry-on": "settings.retry.on",
    "--notify": "settings.notify",
    "--pool": "settings.pool",
    "LIMIT": "limit",
}


class FieldError(BaseModel):
    path: str = Field(description="the field that is at fault, as trigger.expression")
    message: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457); nothing was stored then."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Refused(Exception):
    """A refusal of this floor's own."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(Nb2ProdError, _of_ours)
    app.add_exception_handler(Refused, _of_refusal)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_fault)


async def _of_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Nb2ProdError)
    status = status_of(error)
    if status >= 500:
        _log.error("%s", error)
    places = places_of(error)
    if request.url.path.endswith("/cron/describe"):  # its body is the trigger
        places = [FieldError(path=place.path.removeprefix("trigger."), message=place.message) for place in places]
    return answer(status, str(error), places)


def status_of(error: Nb2ProdError) -> int:
    if isinstance(error, InvalidOption) and not (error.where.startswith("--") or error.where.isupper()):
        return 409  # it is about a thing by its name, which is not in the state that was asked for
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 422)


def places_of(error: Nb2ProdError) -> list[FieldError]:
    match error:
        case BadTrigger(field=str(field)):
            path = "expression" if field in CRON_FIELDS else field
            return [FieldError(path=f"trigger.{path}" if path else "trigger", message=str(error))]
        case ParameterRefused():
            return [FieldError(path=_parameter(line), message=line) for line in str(error).splitlines()]
        case RowsRefused(troubles=troubles):
            return [FieldError(path=f"rows.{number - 1}", message=text) for number, text in troubles]
        case ChannelRefused(path=str(path), reason=str(reason)):
            return [FieldError(path=path, message=reason)]
        case InvalidName():
            return [FieldError(path="name", message=str(error))]
        case InvalidOption(where=str(where), reason=str(reason)) if where in _FIELDS:
            return [FieldError(path=_FIELDS[where], message=reason)]
    return []


def _parameter(line: str) -> str:
    """parameters.NAME, when the line names it."""
    named = re.search(r"'([^']+)'", line)
    return f"parameters.{named[1]}" if named and named[1].isidentifier() else "parameters"


async def _of_refusal(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, Refused)
    return answer(error.status, error.detail, headers=error.headers)


async def _of_validation(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, RequestValidationError)
    places = [FieldError(path=_path(found), message=str(found["msg"])) for found in error.errors()]
    told = "; ".join(f"{place.path}: {place.message}" for place in places[:3])
    return answer(422, f"the request cannot be understood: {told}", places)


def _path(found: Mapping[str, Any]) -> str:
    """Without the place in the request, but for the query; the kind of a trigger is no field."""
    where, *parts = found["loc"]
    if parts and parts[0] == "trigger" and len(parts) > 2:
        parts = [parts[0], *parts[2:]]
    return ".".join(map(str, parts if where in ("body", "path") else (where, *parts))) or "body"


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, HTTPException)
    return answer(error.status_code, str(error.detail), headers=error.headers)


async def _of_fault(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(500, "the daemon could not answer; its log says why")


def answer(
    status: int, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    content = problem.model_dump()
    return JSONResponse(content, status, headers=dict(headers or {}), media_type="application/problem+json")
