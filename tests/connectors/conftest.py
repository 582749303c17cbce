"""Servers for the tests of connectors; one S3 for each worker of the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from connectors.projects import Converted, converted
from connectors.servers import S3, Web, s3_server, web_server


@pytest.fixture(scope="session")
def _s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(_s3: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    for name, value in S3.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    _s3.empty()
    return _s3


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Converted:
    return converted(tmp_path)
