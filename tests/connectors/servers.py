"""Real servers on loopback: moto's S3 in a process of its own, and a web server that asks for a password."""

import base64
import contextlib
import hashlib
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import fsspec

__all__ = ["S3", "Web", "s3_server", "web_server"]


class S3:
    """An object store. `options` are what a project needs to reach it; the keys are references."""

    BUCKET = "lake"
    ENVIRONMENT: ClassVar[dict[str, str]] = {"LAKE_KEY": "lake-key-id-a", "LAKE_SECRET": "lake-secret-b"}

    def __init__(self, url: str) -> None:
        self.url = url
        self.options: dict[str, Any] = {
            "key": "{env:LAKE_KEY}",
            "secret": "{env:LAKE_SECRET}",
            "endpoint_url": url,
        }

    @property
    def files(self) -> Any:
        keys = {"key": self.ENVIRONMENT["LAKE_KEY"], "secret": self.ENVIRONMENT["LAKE_SECRET"]}
        found = fsspec.filesystem("s3", **{**self.options, **keys})
        found.invalidate_cache()
        return found

    def empty(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.files.rm(self.BUCKET, recursive=True)
        self.files.mkdir(self.BUCKET)

    def objects(self) -> list[str]:
        return sorted(self.files.find(self.BUCKET))


@contextlib.contextmanager
def s3_server() -> Iterator[S3]:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/moto-api/", server)
        yield S3(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(10)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.1)


class Web:
    """Pages by path. `password` is asked for where there is one; `tags` says whether it knows ETags and HEAD."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.password = ""
        self.tags = True
        self.asked: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(with_body=True)

            def do_HEAD(self) -> None:
                if web.tags:
                    self._answer(with_body=False)
                else:
                    self.send_error(501)

            def _answer(self, *, with_body: bool) -> None:
                web.asked.append(f"{self.command} {self.path}")
                page = web.pages.get(self.path)
                given = self.headers.get("Authorization", "").removeprefix("Basic ")
                if web.password and base64.b64decode(given).decode() != f"reader:{web.password}":
                    self.send_error(401)
                elif page is None:
                    self.send_error(404)
                else:
                    self.send_response(200)
                    if web.tags:
                        self.send_header("ETag", f'"{hashlib.md5(page).hexdigest()}"')
                    self.send_header("Content-Length", str(len(page)))
                    self.end_headers()
                    self.wfile.write(page if with_body else b"")

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"


@contextlib.contextmanager
def web_server() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.server.shutdown()
        web.server.server_close()
        thread.join()
