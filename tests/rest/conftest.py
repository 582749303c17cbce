"""An app over a store of its own, called without a network."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

import httpx
import pytest
from fastapi.testclient import TestClient

from nb2prod.rest.app import create_app
from nb2prod.rest.security import Token
from nb2prod.store import Store, open_store

TOKEN = "a-token-for-tests-1234"
DAILY_TRIGGER = {"kind": "cron", "expression": "0 6 * * 1-5", "timezone": "Europe/Berlin"}
NOTEBOOK: dict[str, Any] = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "a1",
            "metadata": {"tags": ["parameters"]},
            "outputs": [],
            "source": "region: str = 'EU'  # where\nlimit: int = 10\npassword: str = ''",
        },
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "b2",
            "metadata": {},
            "outputs": [],
            "source": "print(region, limit)",
        },
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@dataclass
class Api:
    """Says GET, POST, … under /api/v1 with the token; `wakes` counts how often the scheduler was woken."""

    client: TestClient
    store: Store
    wakes: list[int]

    def __call__(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        answer = self.client.request(method, path, json=body, **more)
        assert answer.status_code != 500, answer.text
        return answer  # type: ignore[return-value]

    def made(self, path: str, body: object = None, **more: Any) -> Any:
        answer = self("POST", path, body, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def got(self, path: str, **query: Any) -> Any:
        answer = self("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, status: int, method: str, path: str, body: object = None, **more: Any) -> Any:
        answer = self(method, path, body, **more)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        return problem

    def define(self, name: str = "churn", **more: object) -> Any:
        return self.made("/definitions", {"name": name, "filename": "churn.ipynb", "notebook": NOTEBOOK, **more})


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's file: to copy it is quicker than to make the tables."""
    path = tmp_path_factory.mktemp("store") / "store.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def api(tmp_path: Path, empty_store: Path) -> Iterator[Api]:
    wakes: list[int] = []
    shutil.copy(empty_store, tmp_path / "store.db")
    app = create_app(
        f"sqlite:///{tmp_path / 'store.db'}",
        token=Token(TOKEN),
        hosts=("127.0.0.1", "localhost"),
        wake=lambda: wakes.append(1),
        alive=lambda: True,
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url="http://127.0.0.1/api/v1", headers=headers, raise_server_exceptions=False) as client:
        yield Api(client, app.state.store, wakes)
