"""A real server on loopback, beside a real daemon's loop."""

import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
from rest.conftest import NOTEBOOK

from nb2prod.rest.security import TokenRefused
from nb2prod.rest.serve import NotServing, serving
from nb2prod.store import open_store

pytestmark = pytest.mark.slow


def test_it_serves_on_a_port_that_is_free_and_ends_with_its_streams(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    woken = threading.Event()
    with serving(store, "127.0.0.1:0", wake=woken.set, alive=lambda: True) as server:
        token = Path(server.token).read_text().strip()
        with httpx.Client(base_url=f"{server.url}/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
            assert client.get("/openapi.json").json()["info"]["title"] == "nb2prod"
            assert client.get(f"{server.url}/healthz").json()["status"] == "ok"
            assert client.get("/schedules", headers={"Authorization": ""}).status_code == 401
            assert client.get("/schedules", headers={"Host": "evil.example.com"}).status_code == 421
            client.post("/definitions", json={"name": "churn", "notebook": NOTEBOOK}).raise_for_status()
            run = client.post("/runs", json={"definition": "churn"}).raise_for_status().json()
            assert woken.wait(60)
            lines: list[str] = []
            ended = threading.Event()

            def listen() -> None:
                headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
                with httpx.stream("GET", f"{server.url}/api/v1/runs/{run['id']}/events", headers=headers) as answer:
                    lines.extend(answer.iter_lines())
                ended.set()

            thread = threading.Thread(target=listen)
            thread.start()
            time.sleep(0.5)
        began = time.monotonic()
    assert time.monotonic() - began < 30  # a stream that is open holds up nobody
    assert ended.wait(60)
    thread.join()
    assert lines[1] == "event: run.queued"


def test_what_cannot_be_served_is_refused_at_the_start(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    open_store(store).close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NotServing, match="Address already in use"), serving(store, address):
            pass
    with pytest.raises(TokenRefused, match="there is no token"), serving(store, "0.0.0.0:0", token="none"):
        pass
