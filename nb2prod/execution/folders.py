"""Where an attempt's folder is made: $NB2PROD_RUNS, else beside an SQLite store, else in the user's data folder."""

import os
from pathlib import Path

from nb2prod.model.job import Run
from nb2prod.store import Store
from nb2prod.store.urls import file_beside

__all__ = ["folder_of", "runs_folder"]


def folder_of(store: Store, run: Run) -> Path:
    return runs_folder(store.url) / run.id / str(run.attempt)


def runs_folder(store_url: str) -> Path:
    named = os.environ.get("NB2PROD_RUNS")
    if named:
        return Path(named).absolute()
    return file_beside(store_url, "runs")
