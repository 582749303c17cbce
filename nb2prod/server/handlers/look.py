"""POST look and suggestions: what the unsaved notebook is, and what its cells might be."""

from collections.abc import Callable
from typing import Any  # JSON

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nb2prod.server.handlers.base import LARGEST_NOTEBOOK, Handler, as_json


class LookHandler(Handler):
    largest = LARGEST_NOTEBOOK

    @authenticated
    @authorized
    async def post(self) -> None:
        await self._answer("look", _look)

    async def _answer(self, verb: str, work: Callable[[bytes, Any], Any]) -> None:
        """`Client`, or the connection, tells tabs from one another."""
        body, places = self.body, self.places
        kind = (verb, self.request.headers.get("X-Nb2prod-Panel", ""))
        self.send(await self.rooms.latest.do(kind, lambda: as_json(work(body, places))))


class SuggestionsHandler(LookHandler):
    @authenticated
    @authorized
    async def post(self) -> None:
        await self._answer("suggestions", _suggestions)


HANDLERS = [(r"/nb2prod/look", LookHandler), (r"/nb2prod/suggestions", SuggestionsHandler)]
