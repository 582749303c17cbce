"""The app of `nb2prod.rest` in this process, over the user's own store: opened when it is first needed."""

import asyncio
import functools
from contextlib import AsyncExitStack
from typing import Any  # FastAPI's app and the store, which are imported at the first request

from nb2prod.errors import Nb2ProdError
from nb2prod.server.errors import Refused, refusal_of

__all__ = ["Jobs"]


class Jobs:
    """A store that cannot be reached is tried again at the next request."""

    def __init__(self, store_url: str) -> None:
        self._given = store_url
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()
        self._app: Any = None
        self._is_over = False

    async def app(self) -> Any:
        """Raises Refused (503)."""
        async with self._opening:
            if self._is_over:
                raise Refused(503, "the server is about to end")
            if self._app is None:
                app = await asyncio.to_thread(self._made)
                await self._enter(app)
                self._app = app
        return self._app

    async def store(self) -> Any:
        return (await self.app()).state.store

    @functools.cached_property
    def url(self) -> str:
        """Of the store; imports it: for threads."""
        from nb2prod.store.urls import default_url

        return self._given or default_url()

    async def close(self) -> None:
        self._is_over = True
        async with self._opening:
            self._app = None
            await self._open.aclose()

    def _made(self) -> Any:
        from nb2prod.rest.app import create_app
        from nb2prod.rest.security import Token

        # Jupyter's login, its check of hosts and XSRF stand before it
        return create_app(self.url, token=Token(""), is_over=lambda: self._is_over)

    async def _enter(self, app: Any) -> None:
        try:
            await self._open.enter_async_context(app.router.lifespan_context(app))
        except Nb2ProdError as error:
            raise refusal_of(error) from error
