"""Definitions from what is on the screen, and the REST interface of jobs behind Jupyter's login."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any  # JSON, and pytest-jupyter's fixtures

import pytest
from server.conftest import NOTEBOOK, Api
from server.marked import with_cell
from tornado.simple_httpclient import HTTPTimeoutError

from nb2prod.api.convert import convert
from nb2prod.model.job import JobKind
from nb2prod.rest import PREFIX
from nb2prod.rest.app import create_app
from nb2prod.rest.security import Token
from nb2prod.server.bridge import is_allowed
from nb2prod.store import Store, open_store

CRON = {"kind": "cron", "expression": "0 6 * * 1-5", "timezone": "Europe/Berlin"}


@pytest.fixture
def store(store_path: Path) -> Iterator[Store]:
    """Daemons that a test has left behind are ended."""
    with open_store(f"sqlite:///{store_path}") as opened:
        yield opened
        for daemon in opened.daemons(within=timedelta(hours=1)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(daemon.pid, signal.SIGTERM)


async def _defined(api: Api, **more: object) -> Any:
    order = {"path": api.put("a/churn.ipynb"), "kind": "notebook", **more}
    return await api.got("POST", "definitions", order, 201)


# ---------------------------------------------------------------------- definitions


async def test_a_notebook_is_defined_as_it_is_on_the_screen(api: Api, store: Store) -> None:
    (api.root / "a").mkdir()
    (api.root / "a/beside.py").write_text("limit = 3\n")
    notebook = with_cell("import beside\nprint(region, beside.limit)")
    made = await _defined(api, notebook=notebook)
    assert (made["name"], made["version"], made["kind"]) == ("churn", 1, "notebook")
    assert [parameter["name"] for parameter in made["parameters"]] == ["region"]
    assert made["settings"]["workdir"] == str(api.root / "a")
    assert made["path"] == str(api.root / "a/churn.ipynb")
    known = {file.path: store.blob(file.sha256) for file in store.latest_definition("churn").files}
    assert known["beside.py"] == b"limit = 3\n"
    assert b"beside.limit" in known["churn.ipynb"]  # the file does not have it
    assert (await _defined(api, notebook=notebook))["version"] == 1
    assert (await _defined(api))["version"] == 2  # what is in the file


async def test_settings_are_confined_and_checked(api: Api) -> None:
    settings = {"workdir": "a", "output": "runs/{name}/{p.region}/", "limits": {"run": 60}, "retry": {"limit": 2}}
    (api.root / "a").mkdir()
    made = (await _defined(api, name="named", settings=settings))["settings"]
    assert made["workdir"] == str(api.root / "a")
    assert made["output"] == f"{api.root}/runs/{{name}}/{{p.region}}/"
    assert made["limits"]["run"] == 60
    for wrong, field in (
        ({"limits": {"run": -1}}, "settings.limits.run"),
        ({"environment": "kernel:nothing"}, "settings.environment"),
        ({"output": "runs/{nothing}"}, "settings.output"),
        ({"retry": {"on": ["nothing"]}}, "settings.retry.on.0"),
        ({"workdir": "not/there"}, "settings.workdir"),
        ({"more": 1}, "settings.more"),
    ):
        order = {"path": "a/churn.ipynb", "kind": "notebook", "settings": wrong}
        problem = await api.refused(422, "POST", "definitions", order)
        assert [error["path"] for error in problem["errors"]] == [field]
    for outside in ({"output": "file:///tmp/x"}, {"output": "local:///tmp"}, {"environment": "/usr"}):
        order = {"path": "a/churn.ipynb", "kind": "notebook", "settings": outside}
        await api.refused(403, "POST", "definitions", order)
    assert (await _defined(api, settings={"output": "s3://bucket/{name}"}))["settings"]["output"].startswith("s3://")


async def test_a_project_is_defined_as_a_pipeline(api: Api, store: Store) -> None:
    convert(api.root / api.put("n.ipynb"), api.root / "out/n", record=False)
    made = await api.got("POST", "definitions", {"path": "out/n", "kind": "pipeline", "name": "p"}, 201)
    assert (made["kind"], made["entry"]) == ("pipeline", ".")
    assert store.latest_definition("p").kind is JobKind.PIPELINE
    await api.refused(404, "POST", "definitions", {"path": "out/nothing", "kind": "pipeline"})
    await api.refused(404, "POST", "definitions", {"path": "n.ipynb", "kind": "pipeline"})
    await api.refused(422, "POST", "definitions", {"path": "out/n", "kind": "pipeline", "notebook": NOTEBOOK})
    await api.refused(422, "POST", "definitions", {"path": "n.ipynb", "kind": "notebook", "name": "../x"})


# ---------------------------------------------------------------------- the bridge


async def test_jobs_are_those_of_rest(api: Api) -> None:
    await _defined(api)
    order = {"name": "daily", "definition": "churn", "trigger": CRON, "parameters": {"region": "US"}}
    made = await api("POST", "jobs/schedules", order)
    assert made.code == 201
    assert made.headers["Location"] == "/a%40b/nb2prod/jobs/schedules/daily"
    assert made.headers["Content-Type"] == "application/json"
    assert json.loads(made.body)["reading"] == "at 06:00 on Monday to Friday, Europe/Berlin"
    changed = await api.got("PATCH", "jobs/schedules/daily", {"overlap": "queue"})
    assert changed["overlap"] == "queue"
    assert (await api.got("POST", "jobs/schedules/daily/pause"))["paused"] is True
    assert len((await api.got("GET", "jobs/schedules/daily/next?count=3"))["times"]) == 3
    run = await api.got("POST", "jobs/schedules/daily/run-now", None, 201)
    listed = await api.got("GET", "jobs/runs?status=queued&limit=10")
    assert [each["id"] for each in listed["items"]] == [run["id"]]
    assert (await api.got("POST", f"jobs/runs/{run['id']}/cancel", {"by": "a test"}))["status"] == "cancelled"
    removed = await api("DELETE", "jobs/schedules/daily")
    assert (removed.code, removed.body) == (204, b"")
    assert (await api.got("GET", "jobs/definitions?search=chu"))["items"][0]["name"] == "churn"
    assert [pool["name"] for pool in (await api.got("GET", "jobs/pools"))["items"]] == ["default"]
    assert len((await api.got("POST", "jobs/cron/describe", {"expression": "0 6 * * *"}))["times"]) == 5


async def test_a_key_gives_one_run(api: Api) -> None:
    await _defined(api)
    headers = [{"Idempotency-Key": "k"}, {"Idempotency-Key": "k"}, {"Idempotency-Key": "other"}]
    answers = [await api("POST", "jobs/runs", {"definition": "churn"}, headers=each) for each in headers]
    assert [answer.code for answer in answers] == [201, 200, 201]


async def test_refusals_are_those_of_rest(api: Api) -> None:
    await _defined(api)
    trigger = {"kind": "cron", "expression": "0 25 * * *"}
    problem = await api.refused(422, "POST", "jobs/schedules", {"definition": "churn", "trigger": trigger})
    assert problem["errors"][0]["path"] == "trigger.expression"
    problem = await api.refused(404, "GET", "jobs/schedules/dayly")
    assert "dayly" in problem["detail"]
    await api.refused(422, "POST", "jobs/runs", b"{")
    await api.refused(422, "POST", "jobs/runs", {"definition": "churn", "parameters": {"region": 3}})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "definitions"),
        ("GET", "channels"),
        ("PUT", "channels/x"),
        ("PUT", "pools/x"),
        ("POST", "batches"),
        ("GET", "daemons"),
        ("GET", "openapi.json"),
        ("GET", "../healthz"),
        ("GET", "runs/../../../metrics"),
        ("GET", "runs/x/artifacts/"),
        ("GET", "definitions/x/versions/y"),
        ("GET", "schedules/"),
        ("DELETE", "runs/x"),
        ("PATCH", "runs/x"),
        ("GET", "runs\n"),
        ("GET", "runs?x/y"),
        ("HEAD", "runs"),
    ],
)
def test_what_is_not_listed_is_not_there(method: str, path: str) -> None:
    assert not is_allowed(method, path)


async def test_what_is_not_listed_is_refused(api: Api) -> None:
    for path in ("channels", "batches/x", "openapi.json", "daemons", "%2e%2e/healthz", "runs/x%2f..%2f..%2fmetrics"):
        answer = await api("GET", f"jobs/{path}")
        assert answer.code == 404, path
    assert (await api("POST", "jobs/channels/x/test")).code == 404


def test_what_is_listed_is_there(tmp_path: Path) -> None:
    document = create_app(f"sqlite:///{tmp_path / 'x.db'}", token=Token("")).openapi()
    routes = {
        (method.upper(), re.sub(r"\{\w+\}", "1", path).removeprefix(f"{PREFIX}/"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    allowed = {route for route in routes if is_allowed(*route)}
    assert len(allowed) == 26
    refused = {path.lstrip("/").partition("/")[0] for _, path in routes - allowed}
    assert refused == {"batches", "channels", "daemons", "definitions", "pools", "healthz", "metrics"}


async def test_a_trigger_watches_files_below_the_root(api: Api) -> None:
    await _defined(api)
    (api.root / "in").mkdir()
    order = {"name": "w", "definition": "churn", "trigger": {"kind": "when", "url": "in/*.csv", "parameter": "region"}}
    made = await api.got("POST", "jobs/schedules", order, 201)
    assert made["trigger"]["url"] == f"{api.root}/in/*.csv"
    again = await api.got("PATCH", "jobs/schedules/w", {"trigger": made["trigger"] | {"settle": 1}})
    assert again["trigger"] == made["trigger"] | {"settle": 1.0}
    for url in ("/etc/*.csv", "../*.csv", "in/../../*", "/*", "*/../..", ".ssh/*", "in/*/.env"):
        problem = await api.refused(403, "PATCH", "jobs/schedules/w", {"trigger": {"kind": "when", "url": url}})
        assert problem["errors"][0]["path"] == "trigger.url"


async def test_a_secret_in_a_file_below_the_root_is_fine(api: Api) -> None:
    await _defined(api)
    (api.root / "password").write_text("x")
    for reference in ({"secret": f"file:{api.root}/password"}, {"secret": "env:HOME"}):
        await api.got("POST", "jobs/runs", {"definition": "churn", "parameters": {"region": reference}}, 201)


async def test_many_runs_come_in_pages(api: Api, store_path: Path) -> None:
    await _defined(api)
    run = (await api.got("POST", "jobs/runs", {"definition": "churn"}, 201))["id"]
    with contextlib.closing(sqlite3.connect(store_path)) as database:
        names = ", ".join(row[1] for row in database.execute("PRAGMA table_info(run)") if row[1] != "id")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        copies = f"SELECT printf('0%09d', i), {names} FROM n, run WHERE id = ?"
        database.execute(f"{numbers} INSERT INTO run (id, {names}) {copies}", (run,))
        database.commit()
    page = await api.got("GET", "jobs/runs?limit=100")
    after = await api.got("GET", f"jobs/runs?limit=100&before={page['next']}")
    assert [len(each["items"]) for each in (page, after)] == [100, 100]
    assert page["items"][-1]["id"] > after["items"][0]["id"]


class TestStoreAway:
    @pytest.fixture
    def store_path(self, tmp_path: Path) -> Path:
        return tmp_path / "away" / "store.db"

    async def test_it_heals_by_itself(self, api: Api, store_path: Path, sqlite_template: Path) -> None:
        store_path.parent.write_text("a file stands where the folder would be")
        api.put("a.ipynb")
        for method, path, body in (
            ("GET", "jobs/runs", None),
            ("GET", "scheduler", None),
            ("POST", "scheduler", None),
            ("POST", "definitions", {"path": "a.ipynb", "kind": "notebook"}),
        ):
            await api.refused(503, method, path, body)
        assert (await api.got("GET", "about"))["scheduler"] is None
        await api.got("POST", "look", {"path": "a.ipynb", "notebook": NOTEBOOK})
        store_path.parent.unlink()
        store_path.parent.mkdir()
        shutil.copy(sqlite_template, store_path)
        assert (await api.got("GET", "jobs/runs"))["items"] == []
        assert (await api.got("GET", "about"))["scheduler"]["running"] is False


class TestUsersOwnStore:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any, store_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setenv("NB2PROD_STORE", str(store_path))
        jp_server_config.Nb2Prod.store_url = ""
        return jp_server_config

    async def test_it_is_the_environments(self, api: Api, store_path: Path) -> None:
        assert str(store_path) in (await api.got("GET", "scheduler"))["store"]


# ---------------------------------------------------------------------- with a daemon


@pytest.mark.slow
async def test_a_daemon_is_started_once_outlives_the_server_and_runs_jobs(
    api: Api, store: Store, store_path: Path, http_server_client: Any, jp_auth_header: Any
) -> None:
    assert (await api.got("GET", "scheduler"))["running"] is False
    started = await asyncio.gather(*(api.got("POST", "scheduler") for _ in range(2)))
    daemon = started[0]["daemons"][0]
    try:
        assert [len(each["daemons"]) for each in started] == [1, 1]
        assert started[0]["running"] is True
        assert os.getsid(daemon["pid"]) == daemon["pid"]  # a session of its own
        assert (store_path.parent / "scheduler.log").stat().st_mode & 0o077 == 0
        await _defined(api)
        order = {"name": "soon", "definition": "churn", "trigger": {"kind": "every", "seconds": 3600}}
        await api.got("POST", "jobs/schedules", order, 201)
        run = (await api.got("POST", "jobs/schedules/soon/run-now", None, 201))["id"]
        await _watch(api, run)
        url = f"/a%40b/nb2prod/jobs/runs/{run}/events"
        parts: list[bytes] = []
        await http_server_client.fetch(
            url,
            headers={**jp_auth_header, "Accept": "text/event-stream", "Last-Event-ID": "0"},
            streaming_callback=parts.append,
            request_timeout=60,
        )
        assert b"event: run.completed" in b"".join(parts)
        assert len(parts) > 1
        await _outcome(api, run)
        await api.rooms.close()
        os.kill(daemon["pid"], 0)  # it goes on
    finally:
        os.kill(daemon["pid"], signal.SIGTERM)
        ends = time.monotonic() + 30
        while Path(f"/proc/{daemon['pid']}").exists() and time.monotonic() < ends:
            await asyncio.sleep(0.1)
    assert not Path(f"/proc/{daemon['pid']}").exists()
    assert store.run(run).status == "completed"


async def _watch(api: Api, run: str) -> None:
    """By long polls."""
    after, kinds = 0, []
    while "run.completed" not in kinds:
        page = await api.got("GET", f"jobs/runs/{run}/events?after={after}&wait=20")
        kinds += [event["kind"] for event in page["items"]]
        after = int(page["next"] or after)
        assert "run.failed" not in kinds, page


async def _outcome(api: Api, run: str) -> None:
    detail = await api.got("GET", f"jobs/runs/{run}")
    assert detail["run"]["status"] == "completed"
    artifact = await api("GET", f"jobs/runs/{run}/artifacts/churn.ipynb")
    assert artifact.code == 200, artifact.body
    assert artifact.headers["Content-Security-Policy"] == "sandbox"
    assert artifact.headers["Content-Disposition"].startswith("attachment")
    assert b"hello EU" in artifact.body
    assert artifact.headers["Content-Length"] == str(len(artifact.body))
    log = await api("GET", f"jobs/runs/{run}/log")
    assert (log.code, log.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert b"hello EU" in log.body


@pytest.mark.slow
async def test_a_daemon_that_does_not_start_is_told_with_its_log(
    api: Api, store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not store.daemons(within=timedelta(hours=1))
    (store_path.parent / "click.py").write_text("raise RuntimeError('no click today')\n")
    monkeypatch.setenv("PYTHONPATH", str(store_path.parent))
    problem = await api.refused(502, "POST", "scheduler")
    assert "the scheduler did not start: it ended with code 1" in problem["detail"]
    assert str(store_path.parent / "scheduler.log") in problem["detail"]
    assert problem["detail"].endswith("RuntimeError: no click today")


@pytest.mark.slow
async def test_a_stream_ends_with_its_listener_and_with_the_server(
    api: Api, http_server_client: Any, jp_auth_header: Any
) -> None:
    await _defined(api)
    run = (await api.got("POST", "jobs/runs", {"definition": "churn"}, 201))["id"]  # there is no daemon: it waits
    headers = {**jp_auth_header, "Accept": "text/event-stream"}

    def listen(seconds: float) -> Any:
        url = f"/a%40b/nb2prod/jobs/runs/{run}/events"
        return http_server_client.fetch(url, headers=headers, request_timeout=seconds, raise_error=False)

    with pytest.raises(HTTPTimeoutError):
        await listen(1)  # we went away
    await asyncio.sleep(1)
    assert not [task for task in asyncio.all_tasks() if "pass_on" in str(task.get_coro())]
    still = asyncio.ensure_future(listen(60))
    await asyncio.sleep(1)
    assert not still.done()
    began = time.monotonic()
    await api.rooms.close()
    assert (await still).code == 200
    assert time.monotonic() - began < 30
