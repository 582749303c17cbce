"""Who may ask, and how much: for every endpoint that there is, and every one that will be."""

import http.cookies
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any  # pytest-jupyter's fixtures

import pytest
from jupyter_server.auth import Authorizer
from server.conftest import NOTEBOOK, Api

from nb2prod.server.handlers import HANDLERS
from nb2prod.server.handlers.base import Handler

METHODS = ("get", "post", "patch", "put", "delete")
ENDPOINTS = [
    (method.upper(), re.sub(r"\([^)]*\)", "0a", pattern).removeprefix("/nb2prod/"))
    for pattern, handler in HANDLERS
    for method in METHODS
    if any(method in vars(kind) for kind in handler.__mro__[: handler.__mro__.index(Handler)])
]


def test_the_endpoints_are_known() -> None:
    assert len(ENDPOINTS) == 16
    assert {path.partition("/")[0] for _, path in ENDPOINTS} == {
        *("about", "look", "suggestions", "rules", "operations", "project", "scheduler", "definitions", "jobs")
    }


async def test_every_endpoint_needs_login(http_server_client: Any, jp_base_url: str, jp_serverapp: Any) -> None:
    del jp_serverapp
    for method, path in ENDPOINTS:
        body = "{}" if method in ("POST", "PATCH") else None
        url = f"{jp_base_url}nb2prod/{path}"
        answer = await http_server_client.fetch(url, method=method, body=body, raise_error=False)
        assert answer.code == 403, (method, path)
        assert answer.headers["Content-Type"] == "application/problem+json", (method, path)


async def test_a_page_of_another_site_cannot_use_the_cookie(
    http_server_client: Any, jp_base_url: str, jp_serverapp: Any, api: Api
) -> None:
    api.put("a.ipynb")
    token = jp_serverapp.identity_provider.token
    seen = await http_server_client.fetch(f"{jp_base_url}api/status?token={token}")
    cookies = http.cookies.SimpleCookie("; ".join(seen.headers.get_list("Set-Cookie")))
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items() if name != "_xsrf")
    assert cookie

    async def ask(method: str, path: str, **headers: str) -> int:
        body = json.dumps({"path": "a.ipynb", "notebook": NOTEBOOK}) if method in ("POST", "PATCH") else None
        given = {"Cookie": cookie, **headers}
        url = f"{jp_base_url}nb2prod/{path}"
        answer = await http_server_client.fetch(url, method=method, body=body, headers=given, raise_error=False)
        return int(answer.code)

    for method, path in ENDPOINTS:
        if method != "GET":
            assert await ask(method, path) == 403, (method, path)
    assert await ask("GET", "about") == 200
    xsrf = "2|1234abcd|00000000000000000000000000000000|1700000000"
    assert await ask("POST", "look", Cookie=f"{cookie}; _xsrf={xsrf}", **{"X-XSRFToken": xsrf}) == 200


def test_xsrf_and_login_are_jupyters_own() -> None:
    ours = [kind for _, handler in HANDLERS for kind in handler.__mro__ if kind.__module__.startswith("nb2prod")]
    for name in ("check_xsrf_cookie", "get_current_user", "get_login_url", "check_origin", "check_host", "options"):
        assert not [kind for kind in ours if name in vars(kind)], name


class _ReadOnly(Authorizer):
    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        del handler, user
        return resource != "nb2prod" or action == "read"


class TestReadOnly:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.ServerApp.authorizer_class = _ReadOnly
        return jp_server_config

    async def test_the_authorizer_is_asked(self, api: Api) -> None:
        await api.got("GET", "about")
        for method, path in ENDPOINTS:
            if method != "GET":
                await api.refused(403, method, path, {} if method in ("POST", "PATCH") else None)


@pytest.mark.parametrize(("path", "most"), [("look", 64), ("definitions", 64), ("operations", 2), ("jobs/runs", 2)])
async def test_bodies_are_bounded(api: Api, path: str, most: int) -> None:
    problem = await api.refused(413, "POST", path, b" " * (most * 2**20 + 1))
    assert problem["detail"] == f"a request has at most {most} MB"
    assert (await api("POST", path, b" " * (2**20))).code == 422


async def test_a_notebook_of_many_megabytes_is_looked_at(api: Api) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * (20 * 2**20)}
    cells = [*NOTEBOOK["cells"], {**NOTEBOOK["cells"][1], "outputs": [output]}]
    found = await api.got("POST", "look", {"path": "a.ipynb", "notebook": {**NOTEBOOK, "cells": cells}})
    assert len(found["cells"]) == 3


async def test_what_is_not_there_is_jupyters_404(api: Api) -> None:
    assert (await api("GET", "nothing")).code == 404


def test_the_start_of_jupyter_does_not_wait_for_us() -> None:
    code = (
        "import sys, jupyter_server.serverapp, jupyter_server.extension.application\n"
        "import nb2prod.server; nb2prod.server._jupyter_server_extension_points()\n"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"fastapi", "pydantic", "sqlalchemy", "nb2prod.api", "nb2prod.analysis", "nb2prod.store", "ruff", "psutil"}
    assert not heavy & set(run.stdout.split())


def test_looks_are_imported_before_somebody_asks() -> None:
    code = (
        "import sys, pathlib, threading\n"
        "done = threading.Event()\n"
        "from nb2prod.server.places import Places\n"
        "from nb2prod.server.rooms import Rooms\n"
        "rooms = Rooms(places=Places(root=pathlib.Path(), allow_hidden=lambda: False), store_url='', at_once=1)\n"
        "rooms.serving()\n"
        "rooms.latest.prepare(done.set)\ndone.wait(60)\n"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(run.stdout.split())
    assert "nb2prod.server.looking" in modules
    assert "fastapi" not in modules


def test_there_is_no_shell() -> None:
    package = Path(__file__).parents[2] / "nb2prod"
    texts = [path.read_text(encoding="utf-8") for path in (package / "server").rglob("*.py")]
    texts.append((package / "api/starting.py").read_text(encoding="utf-8"))
    assert not [text for text in texts if re.search(r"shell=True|os\.system|os\.popen", text)]


async def test_a_panel_that_looks_keeps_no_idle_server_alive(api: Api, jp_serverapp: Any) -> None:
    def last() -> Any:
        return jp_serverapp.web_app.settings.get("api_last_activity")

    before = last()
    for path in ("about", "scheduler", "jobs/runs", "jobs/schedules"):
        await api.got("GET", path)
    assert last() == before
    await api.got("POST", "look", {"path": "a.ipynb", "notebook": NOTEBOOK})
    assert last() != before
