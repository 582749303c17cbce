"""Where a store is: a URL, a path, or nothing for the user's own."""

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from nb2prod.store.errors import StoreNotReachable

__all__ = ["default_url", "file_beside", "shown", "store_url"]

_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")


def default_url(environ: Mapping[str, str] = os.environ) -> str:
    if given := environ.get("NB2PROD_STORE"):
        return given
    return f"sqlite:///{_data(environ) / 'store.db'}"


def file_beside(store: str, name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Beside a store that is a file, else in the user's data folder."""
    url = store_url(store)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).absolute().parent / name
    return _data(environ) / name


def store_url(text: str) -> URL:
    if "://" not in text:
        text = f"sqlite:///{Path(text).expanduser().absolute()}"
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreNotReachable(_unshown(text), "that is not a URL of a database") from error
    if url.drivername in _POSTGRES:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise StoreNotReachable(shown(url), "use sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if url.database in (None, "", ":memory:"):
        raise StoreNotReachable(shown(url), "it names no file, and a store in memory cannot be shared by processes")
    return url


def shown(url: URL) -> str:
    """Without password; a query may hold one too."""
    return url.set(query={}).render_as_string(hide_password=True)


def _data(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "nb2prod"


def _unshown(text: str) -> str:
    return repr(text.partition("://")[0] + "://…")
