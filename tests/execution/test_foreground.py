"""`nb2prod run NOTEBOOK` as its user meets it: the store knows it, and it is tried again as it was asked for."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from execution.stage import statuses, texts_of, write_notebook

from nb2prod.model.job import AttemptStatus, RunStatus
from nb2prod.store import Store, open_store

pytestmark = pytest.mark.slow

CELLS = ["# tags: parameters\nregion: str\ncode: str = ''\nshare = 0.5", "print(region, repr(code), share)"]


def command(tmp_path: Path, *more: str) -> Sequence[str]:
    place = ["-o", str(tmp_path / "runs"), "--store", str(tmp_path / "store.db")]
    return [sys.executable, "-m", "nb2prod", "run", str(tmp_path / "demo.ipynb"), *place, *more]


def run(tmp_path: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "NB2PROD_PARAM_share": "0.75", "NB2PROD_PARAM_code": "008"}
    return subprocess.run(
        command(tmp_path, *more), env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def store_of(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store.db"))


def test_parameters_of_all_sources_and_a_key_that_runs_once(tmp_path: Path) -> None:
    write_notebook(tmp_path / "demo.ipynb", *CELLS)
    (tmp_path / "eu.yaml").write_text("region: EU\ncode: 007\nshare: 0.1\n", encoding="utf-8")
    given = ["--params-file", str(tmp_path / "eu.yaml"), "-p", "region=US", "--idempotency-key", "today"]
    done = run(tmp_path, *given)
    assert (done.returncode, done.stderr) == (0, "cell 1 of 2\ncell 2 of 2\n")
    (output,) = (tmp_path / "runs").glob("*/demo.ipynb")
    assert texts_of(output) == ["US '008' 0.75"]
    again = run(tmp_path, *given)
    assert (again.returncode, again.stdout.splitlines(), again.stderr) == (0, done.stdout.splitlines(), "")
    with store_of(tmp_path) as store:
        (known,) = store.runs()
        assert known.parameters == {"region": "US", "code": "008", "share": 0.75}
        assert known.progress.done == known.progress.total == 2


def test_what_is_missing_is_refused_with_the_rest(tmp_path: Path) -> None:
    write_notebook(tmp_path / "demo.ipynb", *CELLS)
    done = run(tmp_path, "-p", "regoin=EU", "--output", "{nope}")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: there is no parameter 'regoin'; did you mean 'region'? (the parameters are region, code, share)",
        "parameter 'region' must be given: it has no default (str)",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.ipynb"]


def test_a_failure_is_tried_again(tmp_path: Path) -> None:
    flaky = "import os\nif not os.path.exists('there'):\n    open('there', 'w').close()\n    1 / 0\nprint('now')"
    write_notebook(tmp_path / "demo.ipynb", flaky)
    done = subprocess.run(
        command(tmp_path, "--retries", "2", "--retry-delay", "100ms"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "attempt 1: ZeroDivisionError: division by zero; it is tried again" in done.stderr.splitlines()
    with store_of(tmp_path) as store:
        (known,) = store.runs()
        assert [a.status for a in store.attempts(known.id)] == [AttemptStatus.FAILED, AttemptStatus.COMPLETED]
    assert texts_of(tmp_path / f"runs/{known.id}.2/demo.ipynb") == ["now"]


def test_a_killed_supervisor_is_told_and_its_outputs_are_kept(tmp_path: Path) -> None:
    write_notebook(tmp_path / "demo.ipynb", "print('first')", "import time\ntime.sleep(300)", "print('never')")
    with subprocess.Popen(command(tmp_path), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "cell 2 of 3" not in process.stderr.readline():
            continue
        with store_of(tmp_path) as store:
            (known,) = store.runs()
            os.kill(store.attempts(known.id)[0].pid, signal.SIGKILL)
            assert process.wait(60) == 9
            assert "its supervisor ended with code -9" in process.stderr.read()
            assert store.run(known.id).status is RunStatus.FAILED
    (output,) = (tmp_path / "runs").glob("*/demo.ipynb")
    assert statuses(output) == ["completed", "failed", "pending"]
    assert texts_of(output) == ["first"]
