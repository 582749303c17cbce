"""The places that the suite of the artifacts runs on: a folder, fsspec's memory, and a real S3 server, near or not."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from connectors.servers import S3, s3_server

from nb2prod.runtime.results.artifacts import Artifacts, open_artifacts

Open = Callable[[], Artifacts]
PLACES = ["folder", "memory", "s3", "s3 near"]


@pytest.fixture(scope="session")
def _server() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def bucket(_server: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket, which the environment says how to reach."""
    keys = {"AWS_ACCESS_KEY_ID": "key-of-tests", "AWS_SECRET_ACCESS_KEY": "secret-of-tests"}
    for name, value in {**keys, "AWS_ENDPOINT_URL": _server.url, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    name = f"artifacts-{os.urandom(6).hex()}"
    fsspec.filesystem("s3").mkdir(name)
    return f"s3://{name}/of/tests"


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the same artifacts each time, as another process would."""
    near = tmp_path / "near" if request.param == "s3 near" else None
    if request.param == "folder":
        where = str(tmp_path / "artifacts")
    elif request.param == "memory":
        where = f"memory://{os.urandom(6).hex()}/artifacts"
    else:
        where = request.getfixturevalue("bucket")
    return lambda: open_artifacts(where, near=near)


@pytest.fixture
def artifacts(place: Open) -> Artifacts:
    return place()
