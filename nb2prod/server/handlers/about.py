"""GET about: which version this is, and how the scheduler does."""

from typing import Any  # JSON

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nb2prod.rest import PREFIX
from nb2prod.server.errors import Refused
from nb2prod.server.handlers.base import Handler


class AboutHandler(Handler):
    """`scheduler` is null while the store cannot be reached."""

    @authenticated
    @authorized
    async def get(self) -> None:
        try:
            store = await self.rooms.jobs.store()
        except Refused:
            store = None
        await self.give(lambda: _about(store))


def _about(store: Any) -> Any:
    from importlib.metadata import version

    from nb2prod.server.shown import scheduler_status

    return {
        "version": version("nb2prod"),
        "rest": PREFIX.removeprefix("/"),
        "scheduler": None if store is None else scheduler_status(store),
    }


HANDLERS = [(r"/nb2prod/about", AboutHandler)]
