"""An ASGI app answers in this process, without a port: what Tornado has of a request, as ASGI has it, and back."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any  # ASGI's messages

from nb2prod.rest import PREFIX

__all__ = ["Asked", "is_allowed", "pass_on"]

_KEPT = ("accept", "idempotency-key", "last-event-id")
_ALWAYS = ((b"host", b"localhost"), (b"content-type", b"application/json"))
_ID = r"[^/]+"
_ALLOWED = (
    ("GET", rf"definitions(/{_ID}(/versions(/\d+)?)?)?"),
    ("GET", rf"schedules(/{_ID}(/(next|history))?)?"),
    ("POST", rf"schedules(/{_ID}/(pause|resume|run-now))?"),
    ("PATCH", rf"schedules/{_ID}"),
    ("DELETE", rf"schedules/{_ID}"),
    ("GET", rf"runs(/{_ID}(/(attempts|events|log|artifacts(/.+)?))?)?"),
    ("POST", rf"runs(/{_ID}/(cancel|retry))?"),
    ("POST", r"cron/describe"),
    ("GET", r"pools"),
)
Message = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`path` is below the app's prefix, decoded; `gone` happens when nobody listens any more."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    gone: asyncio.Event


def is_allowed(method: str, path: str) -> bool:
    return any(method == known and re.fullmatch(pattern, path) for known, pattern in _ALLOWED)


async def pass_on(app: Any, asked: Asked, send: Callable[[Message], Awaitable[None]]) -> None:
    """`send` gets the app's messages. What asks is nobody's page: Jupyter has looked at that."""
    body: bytes | None = asked.body

    async def receive() -> Message:
        nonlocal body
        if body is not None:
            part, body = body, None
            return {"type": "http.request", "body": part, "more_body": False}
        await asked.gone.wait()
        return {"type": "http.disconnect"}

    await app(_scope(asked), receive, send)


def _scope(asked: Asked) -> dict[str, Any]:
    path = f"{PREFIX}/{asked.path}"
    kept = [(name, asked.headers[name]) for name in _KEPT if name in asked.headers]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},  # streams listen for the end of the connection
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": asked.query.encode(),
        "headers": [*_ALWAYS, *((k.encode(), v.encode("latin-1", "replace")) for k, v in kept)],
        "client": None,
        "server": None,
        "state": {},
    }
