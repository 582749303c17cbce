"""Which HTTP status each refusal has where `rest.errors` does not say it, and its form: problem+json (RFC 9457)."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar  # JSON

from tornado.web import HTTPError

from nb2prod.errors import (
    CacheInUse,
    FolderNotOurs,
    Nb2ProdError,
    NotAProject,
    NotReplayable,
    SchedulerNotStarted,
    UnknownCode,
)

__all__ = ["Refused", "problem", "problem_of", "refusal_of", "refusing"]

T = TypeVar("T")
_STATUS: Mapping[type[Nb2ProdError], int] = {
    UnknownCode: 404,
    NotAProject: 404,
    FolderNotOurs: 409,
    CacheInUse: 409,
    NotReplayable: 409,
    SchedulerNotStarted: 502,
}
_FAULT = "the server could not answer; its log says why"


class Refused(Nb2ProdError):
    """A refusal of this floor's own, or one of another floor with the status that it has here."""

    def __init__(self, status: int, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status, self.errors = status, tuple(errors)

    @classmethod
    def field(cls, path: str, message: str, status: int = 422) -> "Refused":
        return cls(status, message, [{"path": path, "message": message}])


def refusing(work: Callable[[], T]) -> T:
    """The work's result. Its refusals are Refused: what tells their status is imported here, in the work's thread."""
    try:
        return work()
    except Nb2ProdError as error:
        raise refusal_of(error) from error
    except ValueError as error:
        if type(error).__name__ != "ValidationError":
            raise
        raise _of_validation(error) from error


def refusal_of(error: Nb2ProdError) -> Refused:
    if isinstance(error, Refused):
        return error
    known = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), None)
    if known is not None:
        return Refused(known, str(error))
    from nb2prod.rest.errors import places_of, status_of

    return Refused(status_of(error), str(error), [place.model_dump() for place in places_of(error)])


def _of_validation(error: Any) -> Refused:  # pydantic's, which is not imported for this
    found = [{"path": _path(each["loc"]), "message": str(each["msg"])} for each in error.errors(include_url=False)]
    told = "; ".join(f"{place['path']}: {place['message']}" for place in found[:3])
    return Refused(422, f"the request cannot be understood: {told}", found)


def _path(where: Sequence[str | int]) -> str:
    """Without the verb that the kind of an operation is told by."""
    parts = where[1:] if where and where[0] in ("convert", "verify", "replay") else where
    return ".".join(map(str, parts)) or "body"


def problem_of(error: BaseException | None, status: int = 500) -> dict[str, Any]:
    match error:
        case Refused():
            return problem(error.status, str(error), error.errors)
        case HTTPError():
            return problem(error.status_code, _told(error))
    return problem(status, _FAULT if status >= 500 else "")


def _told(error: HTTPError) -> str:
    """Tornado's own messages are for the log alone; Jupyter's are for people."""
    if error.status_code >= 500:
        return _FAULT
    if error.status_code == 403 and not error.log_message:
        return "log in first"
    message = error.log_message or ""
    return (message % error.args) if message and error.args else message


def problem(status: int, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or title,
        "errors": [dict(error) for error in errors],
    }
