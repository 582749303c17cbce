"""Who may ask: a token, the Host header, and where a browser's request came from. Pure, but for reading the token."""

import hmac
import ipaddress
import os
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nb2prod.errors import Nb2ProdError
from nb2prod.rest.errors import Refused, answer
from nb2prod.store.urls import file_beside

__all__ = ["Guard", "Token", "TokenRefused", "authorised", "is_loopback", "loopback_names", "read_token"]

LARGEST = 2 * 2**20  # bytes of a request
LARGEST_UPLOAD = 64 * 2**20
_SHORTEST = 16  # letters of a token
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class TokenRefused(Nb2ProdError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"the REST interface was not started: {reason}")


class Token:
    """`value` "": none is asked for. `place` says where people find it."""

    def __init__(self, value: str, place: str = "") -> None:
        self.value, self.place = value, place

    def allows(self, given: str) -> bool:
        return not self.value or hmac.compare_digest(given.encode(), self.value.encode())


def read_token(source: str, store: str, host: str, environ: Mapping[str, str] = os.environ) -> Token:
    """`source`: env:NAME, file:PATH, "" for one that is made and kept beside the store, or none (loopback alone)."""
    kind, _, place = source.partition(":")
    if source == "none":
        if not is_loopback(host):
            raise TokenRefused(f"{host} can be reached from other machines, and there is no token; name one")
        return Token("")
    if kind == "env":
        return _checked(environ.get(place, ""), f"the environment's {place}")
    if kind == "file":
        return _checked(_read(Path(place)), str(Path(place)))
    if source:
        raise TokenRefused(f"{source!r} is no token's place; write env:NAME, file:PATH or none")
    path = file_beside(store, "rest-token", environ)
    if not path.exists():
        _make(path)
    return _checked(_read(path), str(path))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _checked(value: str, place: str) -> Token:
    value = value.strip()
    if len(value) < _SHORTEST or not value.isascii() or not value.isprintable() or " " in value:
        raise TokenRefused(f"{place} has no token of {_SHORTEST} or more printable letters")
    return Token(value, place)


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise TokenRefused(f"others can read the token in {path}; chmod 600 {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TokenRefused(f"the token in {path} cannot be read: {error}") from error


def _make(path: Path) -> None:
    """Whole or not at all, and nobody else's for no moment; of two who make one, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{secrets.token_urlsafe(32)}\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


_bearer = HTTPBearer(auto_error=False, description="the token of `nb2prod scheduler start --rest`")


def authorised(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> None:
    """Every route but /healthz and the OpenAPI document depends on it."""
    token: Token = request.app.state.token
    if not token.allows(given.credentials if given else ""):
        raise Refused(401, "give the token: Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})


class Guard:
    """Refuses what a web page could make a browser send, and bodies that are too large, before anything is read.

    hosts: names by which it may be called; none: any. On loopback a page of a stranger whose name was made to point
    here (DNS rebinding) calls it by that name, and is refused.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if refusal := self._refusal(Headers(scope=scope)):
            await answer(*refusal)(scope, receive, send)
            return
        await self._app(scope, _limited(receive, _largest(scope["path"])), send)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        host = _name(headers.get("host", ""))
        if self._hosts and host not in self._hosts:
            return (421, f"this daemon is not called {host!r}")
        origin = headers.get("origin")
        if origin is not None and _name(urlsplit(origin).netloc) != host:
            return (403, "requests of other sites' pages are refused")
        return None


def loopback_names(host: str) -> tuple[str, ...]:
    return (*_LOOPBACK, host.strip("[]").lower()) if is_loopback(host) else ()


def _name(host: str) -> str:
    """Without the port."""
    return (host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]).lower()


def _largest(path: str) -> int:
    return LARGEST_UPLOAD if path.endswith(("/definitions", "/batches")) else LARGEST


def _limited(receive: Receive, largest: int) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > largest:
            raise HTTPException(413, f"a request has at most {largest // 2**20} MB")
        return message

    return counted
