"""What handlers share: who may ask, how large a body may be, and the form of answers and refusals."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar  # JSON

from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, stream_request_body

from nb2prod.server.errors import Refused, problem_of, refusing
from nb2prod.server.places import Places
from nb2prod.server.rooms import Rooms

__all__ = ["LARGEST", "LARGEST_NOTEBOOK", "Handler"]

T = TypeVar("T")
LARGEST, LARGEST_NOTEBOOK = 2 * 2**20, 64 * 2**20  # bytes of a body


@stream_request_body
class Handler(APIHandler):
    """A body that is too large is not kept, and refused when all of it has come: so the other side hears why."""

    auth_resource = "nb2prod"
    largest = LARGEST

    def initialize(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self.gone = asyncio.Event()
        self._track_activity = self.request.method != "GET"  # a panel that looks at runs keeps no idle server alive

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        if not self.current_user:
            raise HTTPError(403)  # before anything of the body is kept

    def data_received(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self.largest:
            self._parts.clear()
        else:
            self._parts.append(chunk)

    @property
    def body(self) -> bytes:
        if self._size > self.largest:
            raise Refused(413, f"a request has at most {self.largest // 2**20} MB")
        return b"".join(self._parts)

    @property
    def rooms(self) -> Rooms:
        rooms: Rooms = self.settings["nb2prod"]
        return rooms

    @property
    def places(self) -> Places:
        return self.rooms.places

    async def in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(refusing, work)

    async def give(self, work: Callable[[], Any], status: int = 200) -> None:
        """What the work gives, as JSON, both made in a thread."""
        self.send(await self.in_thread(lambda: as_json(work())), status)

    def send(self, content: bytes, status: int = 200) -> None:
        self.set_status(status)
        self.finish(content)

    def number(self, name: str, least: float, most: float) -> float:
        """A number of the query; the least when it is left out."""
        text = self.get_query_argument(name, "")
        try:
            value = float(text) if text else least
        except ValueError:
            value = float("nan")
        if not value >= least:
            raise Refused.field(f"query.{name}", f"{name} is a number, {least:g} or more")
        return min(value, most)

    def on_connection_close(self) -> None:
        self.gone.set()
        super().on_connection_close()

    def write_error(self, status_code: int, **options: Any) -> None:
        error = (options.get("exc_info") or (None, None, None))[1]
        found = problem_of(error, status_code)
        self.set_status(found["status"])
        self.finish(json.dumps(found), set_content_type="application/problem+json")

    def log_exception(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Refused):
            self.log.debug("%s: %s", self.request.path, error)
        else:
            super().log_exception(kind, error, traceback)


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
