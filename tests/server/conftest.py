"""A Jupyter server with the extension, in this process, over a store of its own.

These tests run in a pytest invocation of their own: their fixtures hold event loops that others do not expect.
"""

import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON, and pytest-jupyter's fixtures

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPResponse
from traitlets.config import Config

from nb2prod.server.rooms import Rooms

EXAMPLES = Path(__file__).parents[2] / "example_notebooks"
NOTEBOOK: dict[str, Any] = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "a1",
            "metadata": {"tags": ["parameters"]},
            "outputs": [],
            "source": "region: str = 'EU'  # where",
        },
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "b2",
            "metadata": {"tags": ["step:greet"]},
            "outputs": [],
            "source": "greeting = 'hello ' + region\nprint(greeting)",
        },
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def store_path(tmp_path: Path, sqlite_template: Path) -> Path:
    """Where the server's store is."""
    return Path(shutil.copy(sqlite_template, tmp_path / "store.db"))


@pytest.fixture  # type: ignore[no-redef]
def jp_server_config(store_path: Path) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"nb2prod.server": True}},
            "Nb2Prod": {"store_url": f"sqlite:///{store_path}"},
        }
    )


@dataclass
class Api:
    """Asks below nb2prod/ of the server; `root` is the server's folder."""

    fetch: Callable[..., Awaitable[HTTPResponse]]
    root: Path
    rooms: Rooms

    async def __call__(self, method: str, path: str, body: object = None, **more: Any) -> HTTPResponse:
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        if method in ("POST", "PATCH") and content is None:
            content = ""
        path, _, query = path.partition("?")
        params = more.pop("params", None) or dict(each.split("=", 1) for each in query.split("&") if each)
        more = {"request_timeout": 120, "raise_error": False, **more}
        return await self.fetch("nb2prod", path, method=method, body=content, params=params, **more)

    async def got(self, method: str, path: str, body: object = None, status: int = 200, **more: Any) -> Any:
        answer = await self(method, path, body, **more)
        assert answer.code == status, (answer.code, answer.body)
        return json.loads(answer.body) if answer.body else None

    async def refused(self, status: int, method: str, path: str, body: object = None, **more: Any) -> Any:
        answer = await self(method, path, body, **more)
        assert answer.code == status, (answer.code, answer.body)
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(answer.body)
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        return problem

    async def ended(self, operation: Any) -> Any:
        """Its end, with all events."""
        events: list[Any] = []
        while operation["state"] == "running":
            after = events[-1]["number"] if events else 0
            operation = await self.got("GET", f"operations/{operation['id']}?after={after}&wait=20")
            events += operation["events"]
        return operation | {"events": events}

    def put(self, path: str, notebook: object = NOTEBOOK) -> str:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(notebook), encoding="utf-8")
        return path


@pytest.fixture
def api(jp_fetch: Any, jp_serverapp: Any, jp_root_dir: Path) -> Api:
    return Api(jp_fetch, jp_root_dir.resolve(), jp_serverapp.web_app.settings["nb2prod"])
