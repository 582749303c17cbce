"""POST definitions: a notebook, as it is on the screen, or a project becomes what a job runs."""

from typing import Any  # JSON, and the store

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nb2prod.server.handlers.base import LARGEST_NOTEBOOK, Handler
from nb2prod.server.places import Places


class DefinitionsHandler(Handler):
    largest = LARGEST_NOTEBOOK

    @authenticated
    @authorized
    async def post(self) -> None:
        body, places = self.body, self.places
        store = await self.rooms.jobs.store()
        await self.give(lambda: _define(body, places, store), 201)


def _define(body: bytes, places: Places, store: Any) -> Any:
    from nb2prod.server.defining import define

    return define(body, places, store)


HANDLERS = [(r"/nb2prod/definitions", DefinitionsHandler)]
