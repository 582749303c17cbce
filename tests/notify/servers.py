"""Real servers on loopback that take messages: HTTP and SMTP."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any  # JSON, and aiosmtpd's own

from aiosmtpd.controller import Controller


@dataclass
class Hook:
    """What came to a webhook. `answers` are the statuses of the next answers, 204 when there is none left."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    hang: float = 0.0

    @property
    def messages(self) -> list[Any]:
        return [json.loads(body) for body in self.bodies]


@contextmanager
def webhook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            time.sleep(hook.hang)
            hook.paths.append(self.path)
            hook.headers.append({name.lower(): value for name, value in self.headers.items()})
            hook.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers = hook.answers.pop(0) if hook.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Post:
    """What came to a mail server."""

    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def letters(self) -> list[EmailMessage]:
        found = [message_from_bytes(content, policy=policy.default) for content in self.raw]
        return [letter for letter in found if isinstance(letter, EmailMessage)]


class _Taker:
    def __init__(self, post: Post, refuse: str) -> None:
        self.post, self.refuse = post, refuse

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: object, session: object, envelope: Any, address: str, options: list[str]
    ) -> str:
        del server, session
        if address == self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        del server, session
        self.post.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        self.post.raw.append(envelope.content)
        return "250 OK"


class _OnAnyPort(Controller):
    """On a port that the system chooses, which aiosmtpd does not look up by itself."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(post: Post, *, refuse: str = "", **options: Any) -> Iterator[int]:
    """Gives the port. It refuses letters to the address `refuse`."""
    controller = _OnAnyPort(_Taker(post, refuse), "127.0.0.1", 0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def until(check: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits until `check` is true, and fails when it is not in time."""
    ends = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < ends, "it did not come true in time"
        time.sleep(0.02)
