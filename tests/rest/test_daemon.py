"""The whole of it: a daemon with REST, a notebook that fails with a secret in its hands, and who is told."""

import copy
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from notify.servers import until, webhook
from rest.conftest import NOTEBOOK

pytestmark = pytest.mark.slow

SECRET = "s3cret-of-db-77"


def test_a_failure_is_told_and_the_secret_is_nowhere(tmp_path: Path) -> None:
    notebook = copy.deepcopy(NOTEBOOK)
    notebook["cells"][1]["source"] = "print(password)\nraise ValueError('no ' + password)"
    env = {**os.environ, "NB2PROD_STORE": str(tmp_path / "store.db"), "DB_PASSWORD": SECRET}
    command = [sys.executable, "-m", "nb2prod", "scheduler", "start", "--jobs", "1", "--rest", "0"]
    with webhook() as hook, (tmp_path / "daemon.log").open("w+") as log:
        daemon = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=log, stderr=log)
        try:
            url, token = _place(tmp_path / "daemon.log")
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=120) as client:
                client.put("/channels/ops", json={"kind": "webhook", "settings": {"url": hook.url}})
                client.post(
                    "/definitions", json={"name": "churn", "notebook": notebook, "settings": {"notify": ["ops"]}}
                )
                order = {"definition": "churn", "parameters": {"password": {"secret": "env:DB_PASSWORD"}}}
                run = client.post("/runs", json=order).raise_for_status().json()["id"]
                events = client.get(f"/runs/{run}/events", headers={"Accept": "text/event-stream"}).text
                artifact = client.get(f"/runs/{run}/artifacts/notebook.ipynb").raise_for_status()
                printed = client.get(f"/runs/{run}/log").raise_for_status()
                assert client.get(f"{url}/healthz").json()["scheduler"] == "ok"
            until(lambda: hook.bodies, 60)
        finally:
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(60) == 0
    assert "event: run.failed" in events
    assert hook.messages[0]["subject"] == "[nb2prod] churn failed"
    assert hook.messages[0]["fields"]["run.id"] == run
    told = (events.encode(), artifact.content, printed.content, *hook.bodies)
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in (*told, *kept) if SECRET.encode() in content]
    assert b"[secret password]" in artifact.content  # it was there to be taken out


def _place(log: Path) -> tuple[str, str]:
    """The URL and the token."""
    found = r"REST at (\S+), its token in (\S+)"
    until(lambda: re.search(found, log.read_text()), 60)
    url, path = re.findall(found, log.read_text())[0]
    return url, Path(path).read_text().strip()
