"""GET scheduler: whether a daemon lives and what waits. POST starts one, which outlives this server."""

from typing import Any  # JSON, and the store

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nb2prod.server.handlers.base import Handler


class SchedulerHandler(Handler):
    @authenticated
    @authorized
    async def get(self) -> None:
        store = await self.rooms.jobs.store()
        await self.give(lambda: _status(store))

    @authenticated
    @authorized
    async def post(self) -> None:
        store = await self.rooms.jobs.store()
        async with self.rooms.starting:
            await self.in_thread(lambda: _start(store))
        await self.give(lambda: _status(store))


def _status(store: Any) -> Any:
    from nb2prod.server.shown import scheduler_status

    return scheduler_status(store)


def _start(store: Any) -> None:
    from nb2prod.api.starting import start_daemon

    start_daemon(store)


HANDLERS = [(r"/nb2prod/scheduler", SchedulerHandler)]
