"""Where an attempt's folder is made: $NB2PROD_RUNS, else beside an SQLite store, else in the user's data folder."""

import os
from pathlib import Path

from nb2prod.model.job import Run
from nb2prod.store import Store

__all__ = ["folder_of", "runs_folder"]


def folder_of(store: Store, run: Run) -> Path:
    return runs_folder(store.url) / run.id / str(run.attempt)


def runs_folder(store_url: str) -> Path:
    named = os.environ.get("NB2PROD_RUNS")
    if named:
        return Path(named).absolute()
    _, is_sqlite, path = store_url.partition("sqlite:///")
    if is_sqlite and path:
        return Path(path.partition("?")[0]).absolute().parent / "runs"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "nb2prod" / "runs"
