"""GET rules/CODE: the page of the manual for a finding."""

from typing import Any  # JSON

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nb2prod.server.handlers.base import Handler


class RulesHandler(Handler):
    @authenticated
    @authorized
    async def get(self, code: str) -> None:
        await self.give(lambda: _page(code))


def _page(code: str) -> Any:
    from nb2prod.api.check import explain

    return {"code": code, "page": explain(code)}


HANDLERS = [(r"/nb2prod/rules/([^/]{1,50})", RulesHandler)]
