"""The app: made for a store, it runs inside the daemon or alone. Its event loop never waits for the store."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from anyio import to_thread
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from nb2prod.rest import PREFIX, routes
from nb2prod.rest.errors import handle_errors
from nb2prod.rest.routes import monitoring
from nb2prod.rest.security import Guard, Token, authorised
from nb2prod.store import open_store

__all__ = ["create_app"]

_ABOUT = "Definitions, schedules and runs of notebooks and pipelines as jobs."


def create_app(
    store_url: str,
    *,
    token: Token,
    hosts: Sequence[str] = (),
    wake: Callable[[], None] = lambda: None,
    alive: Callable[[], bool] | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> FastAPI:
    """`hosts`: the names by which it may be called (none: any). `wake` tells the scheduler's loop of a change, `alive`
    says whether that loop goes on (None: there is none here), `is_over` ends streams when the server is to end."""
    app = FastAPI(
        title="nb2prod",
        version="1",
        summary=_ABOUT,
        docs_url=None,  # their pages would load scripts from strangers
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        generate_unique_id_function=lambda route: f"{route.tags[0]}_{route.name}",
        lifespan=_opened(store_url),
    )
    app.state.token, app.state.wake, app.state.alive, app.state.is_over = token, wake, alive, is_over
    app.state.figures = monitoring.Figures()
    handle_errors(app)
    app.add_middleware(Guard, hosts=hosts)
    app.include_router(monitoring.ROUTER)
    for router in _routers():
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(authorised)])
    return app


def _opened(store_url: str) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        app.state.store = await to_thread.run_sync(open_store, store_url)  # it may make its tables, or wait
        try:
            yield
        finally:
            await to_thread.run_sync(app.state.store.close)

    return opened


def _routers() -> list[APIRouter]:
    """Of each file in `routes`; those with the fewest placeholders first, so that none hides another."""
    names = [module.name for module in pkgutil.iter_modules(routes.__path__)]
    modules = [importlib.import_module(f"{routes.__name__}.{name}") for name in names]
    found = [module.ROUTER for module in modules if hasattr(module, "ROUTER") and module is not monitoring]
    return sorted(found, key=_openness)


def _openness(router: APIRouter) -> int:
    return min(route.path.count("{") for route in router.routes if isinstance(route, APIRoute))
