"""Whoever starts a server without our extension for the browser is told so."""

import logging
from pathlib import Path

import pytest

from nb2prod.server.face import MISSING, tell_if_missing


def test_it_is_looked_for_where_jupyterlab_looks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folders = [str(tmp_path / "user"), str(tmp_path / "environment")]
    tell_if_missing(folders, logging.getLogger("server"))
    assert caplog.messages == [MISSING]
    built = tmp_path / "environment" / "nb2prod" / "package.json"
    built.parent.mkdir(parents=True)
    built.write_text("{}")
    caplog.clear()
    tell_if_missing(folders, logging.getLogger("server"))
    assert caplog.messages == []
