"""Data of a web server, which can be read."""

import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # TOML, and what urllib passes

__all__ = ["WebPlace"]

_TIMEOUT = 60.0  # seconds without a byte


class WebPlace:
    """`options` are the `headers` and the `timeout`; user and password of the URL go into a header."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self.url, headers = _without_user(url)
        self.headers = {**headers, **{str(name): str(value) for name, value in options.get("headers", {}).items()}}
        self.timeout = float(options.get("timeout", _TIMEOUT))

    def fingerprint(self) -> str:
        try:
            with self._ask("HEAD") as answer:
                about = answer.headers
        except FileNotFoundError:
            raise
        except OSError:  # a server need not know HEAD; reading says what is wrong
            return ""
        tag = about.get("ETag", "")
        if tag and not tag.startswith("W/"):
            return f"etag {tag}"
        return ""  # a time has seconds, in which a file may change twice

    def fetch(self, target: Path) -> None:
        with self._ask("GET") as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
            wanted = answer.headers.get("Content-Length")
            if wanted is not None and answer.headers.get("Content-Encoding") is None and file.tell() != int(wanted):
                raise ConnectionError(f"the server sent {file.tell()} of {wanted} bytes")

    def publish(self, source: Path) -> None:
        raise PermissionError(f"a web address can only be read: {source.name} was not written")

    def try_read(self) -> str:
        with self._ask("GET") as answer:
            answer.read(1)
            return f"{answer.headers.get('Content-Length', 'some')} bytes"

    def try_write(self) -> str:
        raise PermissionError("a web address can only be read")

    def _ask(self, method: str) -> Any:
        request = urllib.request.Request(self.url, headers=self.headers, method=method)
        try:
            return urllib.request.build_opener(_Redirects()).open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                raise FileNotFoundError(f"the server has no such page ({error.code})") from None
            if error.code in (401, 403):
                raise PermissionError(f"the server refuses it ({error.code} {error.reason})") from None
            raise


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Credentials go to the host that they were given for, and to no other."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and (new.type, new.host) != (req.type, req.host):
            new.headers = {name: value for name, value in new.headers.items() if name.lower() in _HARMLESS}
        return new


_HARMLESS = {"user-agent", "accept", "accept-language"}


def _without_user(url: str) -> tuple[str, dict[str, str]]:
    import base64
    from urllib.parse import unquote, urlsplit, urlunsplit

    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    name, _, password = user.partition(":")
    encoded = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {encoded}"}
