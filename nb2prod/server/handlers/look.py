"""POST look and suggestions: what the unsaved notebook is, and what its cells might be."""

from collections.abc import Callable
from typing import Any  # JSON

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nb2prod.server.handlers.base import LARGEST_NOTEBOOK, Handler, as_json
from nb2prod.server.places import Places


class LookHandler(Handler):
    largest = LARGEST_NOTEBOOK

    @authenticated
    @authorized
    async def post(self) -> None:
        await self._answer(_look)

    async def _answer(self, work: Callable[[Any, Places], Any]) -> None:
        body, places = self.body, self.places
        asked = await self.in_thread(lambda: _read(body))
        # who does not say which panel it is waits for its own answer, however many there are
        kind = (work.__name__, asked.path, asked.client or self)
        is_wanted = lambda: not self.gone.is_set()  # noqa: E731
        self.send(await self.rooms.latest.do(kind, lambda: as_json(work(asked, places)), is_wanted=is_wanted))
        self.rooms.looked()


class SuggestionsHandler(LookHandler):
    @authenticated
    @authorized
    async def post(self) -> None:
        await self._answer(_suggestions)


def _read(body: bytes) -> Any:
    from nb2prod.server.looking import read

    return read(body)


def _look(asked: Any, places: Places) -> Any:
    from nb2prod.server.looking import look

    return look(asked, places)


def _suggestions(asked: Any, places: Places) -> Any:
    from nb2prod.server.looking import suggestions

    return suggestions(asked, places)


HANDLERS = [(r"/nb2prod/look", LookHandler), (r"/nb2prod/suggestions", SuggestionsHandler)]
