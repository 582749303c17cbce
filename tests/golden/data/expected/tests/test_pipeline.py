"""The pipeline runs with its own parameters and gives its results."""

from pathlib import Path
from typing import Any

import pytest
from nb2prod.runtime.workcopy import copy_folder

from data.parameters import Parameters
from data.pipeline import Results, run

HERE = Path(__file__).parent
WORKDIR = HERE.parent / ".."


def call(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def test_pipeline_gives_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy_folder(WORKDIR, tmp_path / "work", leave_out=[HERE.parent]))
    monkeypatch.setenv("MPLBACKEND", "module://nb2prod.runtime.figures")
    assert isinstance(run(Parameters(), call), Results)
