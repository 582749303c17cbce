"""Jobs from the shell with real processes: a daemon that runs what is due, and a batch of which one row fails."""

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # JSON

import pytest
from jobs_given import notebook

from nb2prod.api.logs import follow_log
from nb2prod.model.job import FailureKind, RunStatus
from nb2prod.store import Store, open_store

pytestmark = pytest.mark.slow

SLOW = (
    ("n: int = 0\nregion = 'EU'", "parameters"),
    ("import time\nfor row in range(n):\n    print('row', row, region, flush=True)\n    time.sleep(0.2)", ""),
    ("assert n != 3, 'unlucky'\nprint('done')", ""),
)


@pytest.fixture
def folder(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NB2PROD_STORE", sqlite_url)
    notebook(tmp_path / "rows.ipynb", *SLOW)
    return tmp_path


def shell(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nb2prod", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def told(folder: Path, *arguments: str) -> Any:
    done = shell(folder, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def daemon(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "nb2prod", "scheduler", "start", *options]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            _, log = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert process.returncode == 0, log


def wait_for(what: Callable[[Store], object], seconds: float = 90.0) -> None:
    ends = time.monotonic() + seconds
    with open_store() as store:
        while not what(store):
            assert time.monotonic() < ends, "it did not come"
            time.sleep(0.1)


def test_a_daemon_runs_what_is_due(folder: Path) -> None:
    assert shell(folder, "schedule", "add", "rows.ipynb", "--every", "2s", "--overlap", "skip").returncode == 0
    assert shell(folder, "schedule", "add", "rows.ipynb", "--name", "then", "--after", "rows").returncode == 0
    slow = ["--name", "slow", "--at", "2100-01-01T00:00", "-p", "n=500", "--output", "out/{name}-{p.n}"]
    assert shell(folder, "schedule", "add", "rows.ipynb", *slow).returncode == 0
    with daemon(folder, "--jobs", "3"):
        wait_for(lambda store: store.runs(schedule="then", status=[RunStatus.COMPLETED]))
        assert shell(folder, "scheduler", "status").returncode == 0
        assert shell(folder, "schedule", "pause", "rows").returncode == 0
        history = told(folder, "schedule", "history", "rows")
        due = [run["due_at"] for run in history]
        assert len(set(due)) == len(due)
        assert any(run["status"] == "completed" for run in history)

        run = shell(folder, "schedule", "run-now", "slow")
        assert "no daemon" not in run.stderr
        identity = run.stdout.strip()
        wait_for(lambda store: "row 3" in "".join(follow_log(store, identity)))
        assert shell(folder, "runs", "cancel", identity).stdout == f"{identity} is told to end\n"
        followed = shell(folder, "runs", "logs", identity, "--follow")
        assert followed.returncode == FailureKind.CANCELLED.exit_code
        assert followed.stdout.endswith("--- cancelled\n")
        detail = told(folder, "runs", "show", identity)
        assert detail["run"]["status"] == "cancelled"
        (output,) = [artifact["url"] for artifact in detail["artifacts"] if artifact["kind"] == "notebook"]
        assert output == str(folder / "out" / "slow-500" / "rows.ipynb")
        assert "row 3" in Path(output).read_text()
        kinds = [
            json.loads(line)["kind"] for line in shell(folder, "runs", "events", identity, "--json").stdout.splitlines()
        ]
        assert kinds[0] == "run.queued"
        assert kinds[-1] == "run.cancelled"
    assert shell(folder, "scheduler", "status", "--quiet").returncode == 1
    before = len(told(folder, "runs", "list", "--limit", "500"))
    pruned = told(folder, "runs", "prune", "--keep-last", "1")
    assert (len(pruned["pruned"]["runs"]), pruned["left"]) == (before - 3, [])


def test_a_run_outlives_a_killed_daemon_and_is_cancelled_under_the_next(folder: Path) -> None:
    slow = ["schedule", "add", "rows.ipynb", "--name", "slow", "--at", "2100-01-01T00:00", "-p", "n=500"]
    assert shell(folder, *slow).returncode == 0
    identity = shell(folder, "schedule", "run-now", "slow").stdout.strip()
    command = [sys.executable, "-m", "nb2prod", "scheduler", "start"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as first:
        try:
            wait_for(lambda store: "row 3" in "".join(follow_log(store, identity)))
        finally:
            first.kill()
    with daemon(folder):
        wait_for(lambda store: "row 9" in "".join(follow_log(store, identity)))
        assert shell(folder, "runs", "cancel", identity).stdout == f"{identity} is told to end\n"
        wait_for(lambda store: store.run(identity).status is RunStatus.CANCELLED)
    detail = told(folder, "runs", "show", identity)
    assert [attempt["status"] for attempt in detail["attempts"]] == ["cancelled"]
    (output,) = [artifact["url"] for artifact in detail["artifacts"] if artifact["kind"] == "notebook"]
    assert "row 9" in Path(output).read_text()


def test_a_daemon_answers_over_rest(folder: Path) -> None:
    import urllib.request

    with daemon(folder, "--rest", "0", "--rest-token", "none") as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if line.startswith("REST at "))
        with urllib.request.urlopen(f"{line.split()[2].rstrip(',')}/healthz", timeout=10) as answer:
            assert answer.status == 200


def test_a_batch_without_a_daemon(folder: Path) -> None:
    (folder / "rows.csv").write_text("n,region\n0,EU\n1,US\n3,EU\n0,FR\n1,DE\n0,IT\n")
    done = shell(folder, "batch", "rows.ipynb", "--over", "rows.csv", "--jobs", "2", "--results", "done.csv")
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["row", "status"],
        ["1", "completed"],
        ["2", "completed"],
        ["3", "failed"],
        ["4", "completed"],
        ["5", "completed"],
        ["6", "completed"],
    ]
    assert "cell_error in cell 3: AssertionError: unlucky" in done.stdout
    assert "6 of 6 done" in done.stderr
    name = done.stderr.split()[1].rstrip(":")
    with (folder / "done.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [(row["parameter.region"], row["status"]) for row in table][2:4] == [("EU", "failed"), ("FR", "completed")]
    assert all(Path(row["output"]).is_file() for row in table)

    again = shell(folder, "batch", "rows.ipynb", "--over", "rows.csv", "--json")
    assert (again.returncode, "6 rows, 0 to run" in again.stderr) == (1, True)
    assert [row["run"] for row in json.loads(again.stdout)["rows"]] == [row["run"] for row in table]

    resumed = shell(folder, "batch", "--resume", name, "--json")
    assert (resumed.returncode, "6 rows, 1 to run" in resumed.stderr) == (1, True)
    assert [row["tries"] for row in json.loads(resumed.stdout)["rows"]] == [1, 1, 2, 1, 1, 1]


def test_an_interrupted_batch_is_cancelled_and_can_be_resumed(folder: Path) -> None:
    (folder / "rows.json").write_text(json.dumps([{"n": 400}, {"n": 0}]))
    command = [sys.executable, "-m", "nb2prod", "batch", "rows.ipynb", "--over", "rows.json", "--jobs", "1"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    wait_for(lambda store: store.runs(status=[RunStatus.RUNNING]))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "2 runs are cancelled; go on with: nb2prod batch --resume rows-" in said
    wait_for(lambda store: len(store.runs(status=[RunStatus.CANCELLED])) == 2)


def test_a_detached_batch_is_for_the_daemon(folder: Path) -> None:
    (folder / "rows.yaml").write_text("- n: 0\n- n: 1\n")
    done = shell(folder, "batch", "rows.ipynb", "--over", "rows.yaml", "--detach", "--name", "mine")
    assert (done.returncode, done.stdout) == (0, "mine\n")
    assert "nothing runs until" in done.stderr
    with daemon(folder, "--drain"):
        wait_for(lambda store: len(store.runs(batch="mine", status=[RunStatus.COMPLETED])) == 2)
