"""Operations: POST starts one, GET follows it, DELETE cancels it with all that it started."""

import asyncio

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado.web import authenticated

from nb2prod.server.handlers.base import Handler, as_json
from nb2prod.server.operations import Order
from nb2prod.server.places import Places

_LONGEST = 25.0  # seconds of a poll: what stands between would close a connection that is silent
_ENDS = 12.0


class OperationsHandler(Handler):
    @authenticated
    @authorized
    async def post(self) -> None:
        body, places = self.body, self.places
        jobs = self.rooms.jobs
        order = await self.in_thread(lambda: _order(body, places, jobs.url))
        operation = self.rooms.operations.start(order)
        self.set_header("Location", url_path_join(self.base_url, "nb2prod/operations", operation.id))
        self.send(as_json(operation.shown()), 201)


class OperationHandler(Handler):
    @authenticated
    @authorized
    async def get(self, number: str) -> None:
        after, wait = int(self.number("after", 0, 2**53)), self.number("wait", 0, _LONGEST)
        operation = self.rooms.operations.get(number)
        self._track_activity = not operation.over.happened  # a server that converts is not idle
        news = asyncio.ensure_future(operation.news(after, wait))
        gone = asyncio.ensure_future(self.gone.wait())
        try:
            await asyncio.wait([news, gone], return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                self.send(as_json(news.result()))
        finally:
            news.cancel()
            gone.cancel()

    @authenticated
    @authorized
    async def delete(self, number: str) -> None:
        operation = self.rooms.operations.get(number)
        self.rooms.operations.cancel(operation)
        await operation.over.come(_ENDS)
        self.send(as_json(operation.shown()))


def _order(body: bytes, places: Places, store_url: str) -> Order:
    from nb2prod.server.preparing import prepare

    return prepare(body, places, store_url)


HANDLERS = [(r"/nb2prod/operations", OperationsHandler), (r"/nb2prod/operations/([0-9a-f]{1,40})", OperationHandler)]
