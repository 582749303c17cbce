"""jobs/…: the REST interface of the scheduler, answered in this process. What is not listed there is not there."""

from collections.abc import Mapping
from typing import Any  # ASGI's messages

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from nb2prod.rest import PREFIX
from nb2prod.server.bridge import Asked, is_allowed, pass_on
from nb2prod.server.confined import confined
from nb2prod.server.errors import Refused
from nb2prod.server.handlers.base import Handler

_TOLD = frozenset({"content-type", "content-length", "content-disposition", "content-security-policy", "location"})


class JobsHandler(Handler):
    @authenticated
    @authorized
    async def get(self, path: str) -> None:
        method = str(self.request.method)
        if not is_allowed(method, path):
            raise Refused(404, f"there is no {method} {path} here")
        body, places = self.body, self.places
        asked = Asked(
            method=method,
            path=path,
            query=self.request.query,
            headers={name.lower(): value for name, value in self.request.headers.items()},
            body=await self.in_thread(lambda: confined(body, places)) if body else b"",
            gone=self.gone,
        )
        app = await self.rooms.jobs.app()
        try:
            await pass_on(app, asked, self._send)
        except StreamClosedError:
            return  # nobody listens any more
        except Exception:  # what has begun can have no other status: it is cut short, and the log says why
            if not self._headers_written:
                raise
            self.log.exception("%s failed while it was answered", self.request.path)
        finally:
            self.gone.set()
        if not self._finished:
            self.finish(set_content_type=self._headers.get("Content-Type", "application/json"))

    post = patch = delete = get

    async def _send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
        elif message["type"] == "http.response.body":
            if content := message.get("body"):  # a 204 may not even have an empty one
                self.write(content)
            if message.get("more_body"):
                await self.flush()

    def _begin(self, message: Mapping[str, Any]) -> None:
        self.set_status(message["status"])
        for name, value in message["headers"]:
            known, text = name.decode("latin-1").lower(), value.decode("latin-1")
            if known == "location" and text.startswith(PREFIX):
                text = url_path_join(self.base_url, "nb2prod/jobs", text.removeprefix(PREFIX))
            if known in _TOLD:
                self.set_header(known, text)
        if self._headers.get("Content-Type", "").startswith("text/event-stream"):
            self.set_header("Cache-Control", "no-cache")
            self.set_header("X-Accel-Buffering", "no")  # a proxy is to pass on each event at once


HANDLERS = [(r"/nb2prod/jobs/(.+)", JobsHandler)]
