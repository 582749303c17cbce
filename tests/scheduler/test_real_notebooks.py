"""All of it together: daemons, the real supervisor, kernels, and notebooks that must run in spite of kill -9."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from scheduler.conftest import fake_variables

from nb2prod.model.job import AttemptStatus, Every, JobKind, JobSettings, Misfire, Overlap, Retry, RunStatus
from nb2prod.store import Store, open_store

pytestmark = pytest.mark.slow
TIMES, KILLS, LEASE = 6, 5, 6.0


def notebook() -> bytes:
    source = "import os, time\ntime.sleep(0.5)\nprint('ran', flush=True)"
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "a",
        "source": source,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


def add(store: Store) -> None:
    job = store.save_definition(
        name="job",
        kind=JobKind.NOTEBOOK,
        path="job.ipynb",
        entry="job.ipynb",
        files={"job.ipynb": notebook()},
        parameters=(),
        settings=JobSettings(retry=Retry(lost=50)),
    )
    first = store.now() + timedelta(seconds=1)
    end = first + timedelta(seconds=TIMES - 0.5)
    trigger = Every(seconds=1, anchor=first)
    policies = {"misfire": Misfire.ALL, "overlap": Overlap.ALLOW, "end_at": end}
    store.add_schedule(name="job", definition_id=job.id, trigger=trigger, next_due=first, **policies)  # type: ignore[arg-type]


def start(url: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    daemon = str(Path(__file__).with_name("fake_daemon.py"))
    command = [sys.executable, daemon, url, "2", str(LEASE), "nb2prod.execution.supervisor"]
    return subprocess.Popen(command, env=environment)


def marked(log: Path) -> list[psutil.Process]:
    """All that descends from our daemons, kernels too: they hand on their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("NB2PROD_FAKE_LOG") == str(log) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_notebooks_run_once_each_whatever_is_killed(sqlite_url: str, tmp_path: Path) -> None:
    log, chance = tmp_path / "log", random.Random(3)
    environment = {**os.environ, **fake_variables(log), "XDG_DATA_HOME": str(tmp_path / "data")}
    with open_store(sqlite_url) as store:
        add(store)
        daemon, killed, began = start(sqlite_url, environment), 0, time.monotonic()
        try:
            while time.monotonic() - began < 200 and not done(store):
                time.sleep(chance.uniform(0.8, 1.6))
                running = store.runs(status=(RunStatus.RUNNING,))
                pids = [each.pid for run in running for each in store.attempts(run.id)[-1:] if each.pid]
                if killed < KILLS and pids:
                    killed += 1
                    if killed % 2:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(chance.choice(pids), signal.SIGKILL)
                    else:
                        daemon.kill()
                        daemon.wait()
                        daemon = start(sqlite_url, environment)
        finally:
            daemon.terminate()
            daemon.wait(30)
        runs = store.runs(schedule="job")
        completed = [sum(each.status is AttemptStatus.COMPLETED for each in store.attempts(run.id)) for run in runs]
        assert Counter(run.status.value for run in runs) == {"completed": TIMES}
        assert (len({run.due_at for run in runs}), completed, killed > 0) == (TIMES, [1] * TIMES, True)
        assert all(b'"ran\\n"' in output(store, run.id) for run in runs)
    end = time.monotonic() + 20
    while any("nb2prod.execution" in " ".join(each.cmdline()) for each in marked(log)) and time.monotonic() < end:
        time.sleep(0.2)
    left = [" ".join(each.cmdline()) for each in marked(log)]
    for each in marked(log):  # servers of kernels stay for the next run
        each.kill()
    assert [command for command in left if "nb2prod.execution" in command and "kernel" not in command] == []


def done(store: Store) -> bool:
    runs = store.runs(schedule="job")
    return len(runs) == TIMES and all(run.status.is_final for run in runs)


def output(store: Store, run_id: str) -> bytes:
    (made,) = [each for each in store.artifacts(run_id) if each.kind == "notebook"][-1:]
    return Path(made.url.removeprefix("file://")).read_bytes()
