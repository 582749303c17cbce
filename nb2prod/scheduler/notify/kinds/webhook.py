"""HTTP POST of a JSON document, signed when a signing key is given.

    {"id", "event", "subject", "body", "at", "fields": {"run.id": …}}    or, with format = "text", {"text": …} as chat
                                                                         services take it

Signature: X-Nb2prod-Signature: sha256=HEX is the HMAC of `TIMESTAMP.BODY`; X-Nb2prod-Timestamp is TIMESTAMP.
"""

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import Message as Headers
from typing import IO

from nb2prod.scheduler.notify.notifier import ChannelRefused, Message, Notifier, NotSent, Setting
from nb2prod.scheduler.notify.secret import is_reference

_SCHEMES = ("http", "https")
_AGAIN = (408, 425, 429)
_SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token")


def check(settings: Mapping[str, object]) -> None:
    url = settings["url"]
    if isinstance(url, str) and (why := _wrong(url)):
        raise ChannelRefused("settings.url", why)
    if settings.get("format", "json") not in ("json", "text"):
        raise ChannelRefused("settings.format", "it must be json or text")
    headers = settings.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if name.lower() in _SECRET_HEADERS and not is_reference(value):
            raise ChannelRefused(f"settings.headers.{name}", 'it is stored by reference only: {"secret": "env:NAME"}')
        if not is_reference(value) and (not isinstance(value, str) or "\n" in value or "\r" in value):
            raise ChannelRefused(f"settings.headers.{name}", "it must be a text of one line")


def send(message: Message, settings: Mapping[str, object]) -> str:
    url = str(settings["url"])
    if why := _wrong(url):
        raise NotSent(f"the url cannot be used: {why}", again=False)
    content = _content(message, settings)
    request = urllib.request.Request(url, data=content, headers=_headers(message, content, settings), method="POST")
    try:
        with _opener().open(request, timeout=_seconds(settings)) as answer:
            return f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        again = error.code >= 500 or error.code in _AGAIN
        raise NotSent(f"HTTP {error.code} {error.reason}", again=again, after=_after(error.headers)) from error
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error


def _wrong(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        return "it must be http://… or https://…"
    if parts.password:
        return "a password in a URL is stored as it stands; give the whole url, or a header, by reference"
    return ""


def _content(message: Message, settings: Mapping[str, object]) -> bytes:
    if settings.get("format") == "text":
        return json.dumps({"text": f"{message.subject}\n{message.body}"}).encode()
    names = ("id", "event", "subject", "body", "at")
    return json.dumps({**{name: getattr(message, name) for name in names}, "fields": dict(message.fields)}).encode()


def _headers(message: Message, content: bytes, settings: Mapping[str, object]) -> dict[str, str]:
    given = settings.get("headers")
    headers = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    headers |= {"Content-Type": "application/json", "User-Agent": "nb2prod", "X-Nb2prod-Delivery": message.id}
    if key := settings.get("signing_key"):
        stamp = str(int(time.time()))
        digest = hmac.new(str(key).encode(), stamp.encode() + b"." + content, hashlib.sha256).hexdigest()
        headers |= {"X-Nb2prod-Timestamp": stamp, "X-Nb2prod-Signature": f"sha256={digest}"}
    return headers


def _opener() -> urllib.request.OpenerDirector:
    """One that knows HTTP alone: neither files nor FTP, wherever a redirection points."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _SameHost(),
    ):
        opener.add_handler(handler)
    return opener


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows 307 and 308, which keep the POST, within one scheme and host: a signature is meant for nobody else."""

    max_redirections = 3

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],  # noqa: ARG002 (urllib's signature)
        code: int,
        msg: str,  # noqa: ARG002
        headers: http.client.HTTPMessage,  # noqa: ARG002
        newurl: str,
    ) -> urllib.request.Request:
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if code not in (307, 308) or (old.scheme, old.netloc) != (new.scheme, new.netloc):
            raise NotSent(
                f"HTTP {code}: it moved to {new.scheme}://{new.netloc}; change the channel's url", again=False
            )
        return urllib.request.Request(newurl, data=req.data, headers=dict(req.header_items()), method="POST")


def _after(headers: Headers) -> float:
    text = headers.get("Retry-After", "")
    return min(float(text), 3600.0) if text.isdecimal() else 0.0


def _seconds(settings: Mapping[str, object]) -> float:
    return float(str(settings.get("timeout") or 10))


PLUGIN = Notifier(
    name="webhook",
    settings=(
        Setting("url", required=True, secret="may"),
        Setting("format"),
        Setting("headers", dict),
        Setting("signing_key", secret="must"),
        Setting("timeout", (int, float)),
    ),
    check=check,
    send=send,
)
