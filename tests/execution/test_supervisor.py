"""How attempts end, with real processes: what the store, the notebook and the machine hold afterwards."""

import pickle
import signal
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from execution.stage import Stage, cells_of, statuses, texts_of, wait_for

from nb2prod.execution.recovery import clear_away
from nb2prod.model.job import AttemptStatus, FailureKind, Limits, Retry, RunStatus
from nb2prod.store import open_store

pytestmark = pytest.mark.slow

# a child in a session of its own, whose parent is gone, as daemons make themselves
DAEMON = (
    "import os, subprocess, sys\n"
    "subprocess.Popen(['sh', '-c', 'setsid sleep 300 & setsid sleep 301 &'], start_new_session=True).wait()\n"
    "print('daemons')"
)
REGEX = "import re\nprint('begins', flush=True)\nimport time; time.sleep(0.5)\nre.match(r'(a+)+$', 'a' * 40 + 'b')"


def test_a_run_that_completes(stage: Stage) -> None:
    cells = ["# tags: parameters\nx: int = 1", "#!# Title", "print(x)", "print('last')"]
    job = stage.start(*cells, parameters={"x": 5})
    assert job.wait() == 0
    run = stage.store.run(job.run.id)
    assert (run.status, run.failure, run.progress.done, run.progress.total) == (RunStatus.COMPLETED, None, 4, 4)
    assert texts_of(job.notebook) == ["5", "last"]
    assert statuses(job.notebook) == ["completed"] * 3
    kinds = [event.kind for event in stage.store.events(run_id=run.id)]
    assert [kind for kind in kinds if kind.startswith("cell.")] == ["cell.started", "cell.completed"] * 3
    assert [artifact.kind for artifact in stage.store.artifacts(run.id)] == ["notebook", "log"]
    (attempt,) = stage.store.attempts(run.id)
    assert (attempt.folder, attempt.usage.cpu > 0, attempt.usage.memory > 10**7) == (str(job.folder), True, True)


ENDS: Mapping[str, tuple[str, Limits, FailureKind, str]] = {
    "an error": ("1 / 0", Limits(), FailureKind.CELL_ERROR, "ZeroDivisionError: division by zero"),
    "os._exit": (
        "import os; os._exit(0)",
        Limits(),
        FailureKind.KERNEL_DIED,
        "the kernel ended by itself, with exit code 0",
    ),
    "kill -9": (
        "import os; os.kill(os.getpid(), 9)",
        Limits(),
        FailureKind.KERNEL_DIED,
        "the kernel was ended by signal 9",
    ),
    "too slow a cell": (
        "print('begins', flush=True)\nimport time; time.sleep(300)",
        Limits(cell=4),
        FailureKind.CELL_TIMEOUT,
        "a cell ran for over 4 s",
    ),
    "a cell that keeps the GIL": (REGEX, Limits(cell=4), FailureKind.CELL_TIMEOUT, "a cell ran for over 4 s"),
    "too much memory": (
        "x = []\nwhile True: x.append(bytearray(20_000_000))",
        Limits(memory=600_000_000),
        FailureKind.MEMORY,
        "the kernel was ended: it took more memory than it may",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_no_cell_that_did_not_run_is_called_completed(name: str, stage: Stage) -> None:
    cell, limits, kind, message = ENDS[name]
    job = stage.start("print('first')", DAEMON, cell, "print('never')", limits=limits)
    assert job.wait() == kind.exit_code
    failure = stage.failure(job)
    assert (failure.kind, failure.message, failure.cell) == (kind, message, 3)
    assert statuses(job.notebook) == ["completed", "completed", "failed", "pending"]
    assert texts_of(job.notebook)[:2] == ["first", "daemons"]
    assert job.survivors() == []


def test_the_whole_run_ends_in_time_while_a_cell_keeps_the_gil(stage: Stage) -> None:
    job = stage.start("print('first')", DAEMON, REGEX, limits=Limits(run=12))
    job.until_printed("begins")
    assert job.wait() == FailureKind.RUN_TIMEOUT.exit_code
    run = stage.store.run(job.run.id)
    assert run.finished_at is not None
    assert run.started_at is not None
    assert stage.store.attempts(run.id)[0].usage.seconds < 12 + 20
    assert stage.failure(job).message == "it ran for over 12 s"
    assert statuses(job.notebook) == ["completed", "completed", "failed"]
    assert texts_of(job.notebook) == ["first", "daemons", "begins"]
    assert job.survivors() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_supervisor_that_is_asked_to_end_keeps_the_outputs(number: signal.Signals, stage: Stage) -> None:
    job = stage.start("print('first')", "print('so far', flush=True)\nimport time; time.sleep(300)", "print('never')")
    job.until_printed("so far")
    job.signal(number)
    assert job.wait() == 130
    assert stage.failure(job).kind is FailureKind.INTERRUPTED
    assert texts_of(job.notebook) == ["first", "so far"]
    assert statuses(job.notebook) == ["completed", "failed", "pending"]
    assert job.survivors() == []


def test_a_cancel_is_seen_in_a_second_or_two_and_keeps_the_outputs(stage: Stage) -> None:
    job = stage.start("print('so far', flush=True)\nimport time; time.sleep(300)")
    job.until_printed("so far")
    begun = time.monotonic()
    stage.store.cancel(job.run.id, "Ann")
    assert job.wait() == FailureKind.CANCELLED.exit_code
    assert time.monotonic() - begun < 30  # the second for the cell and the end of the process are in it
    run = stage.store.run(job.run.id)
    assert (run.status, run.failure and run.failure.message) == (RunStatus.CANCELLED, "cancelled by Ann")
    assert texts_of(job.notebook) == ["so far"]
    assert job.survivors() == []


def test_a_killed_supervisor_loses_no_second_of_output_and_no_process(stage: Stage) -> None:
    slow = "import time\nfor n in range(1000):\n    print('line', n, flush=True)\n    time.sleep(0.05)"
    job = stage.start("print('first')", DAEMON, slow, "print('never')", lease=2.0)
    job.until_printed("line 40")
    job.signal(signal.SIGKILL)
    job.wait()
    assert job.survivors() == []  # its kernel's keeper sees to that
    output = clear_away(job.folder, job.run.id, 1)
    assert output == job.notebook
    assert statuses(job.notebook) == ["completed", "completed", "failed", "pending"]
    lines = texts_of(job.notebook)[2].splitlines()
    assert lines == [f"line {n}" for n in range(len(lines))]
    assert len(lines) >= 40


def test_a_lost_attempt_is_tried_again_and_its_notebook_made(stage: Stage) -> None:
    cells = ["print('first')", "import os, time\nopen('there', 'w').close()\ntime.sleep(float(os.environ['PAUSE']))"]
    job = stage.start(*cells, lease=1.5, environment={"PAUSE": "300"})
    wait_for((stage.root / "there").is_file)
    job.signal(signal.SIGKILL)
    job.wait()
    begun = time.monotonic()
    wait_for(lambda: bool(stage.store.expire_leases()))
    assert time.monotonic() - begun < 1.5 + 20
    (again,) = stage.store.claim("another", lease=10, run_id=job.run.id)
    second = stage.supervise(again, environment={"PAUSE": "0"})
    assert second.wait() == 0
    assert [a.status for a in stage.store.attempts(job.run.id)] == [AttemptStatus.LOST, AttemptStatus.COMPLETED]
    assert statuses(job.notebook) == ["completed", "failed"]


def test_a_late_writer_stops_and_writes_nothing_more(stage: Stage) -> None:
    job = stage.start("print('begins', flush=True)\nimport time; time.sleep(300)", lease=60.0)
    job.until_printed("begins")
    wait_for(lambda: stage.store.run(job.run.id).progress.cell == 1)
    time.sleep(0.6)  # it writes nothing for 20 s now: a process that is stopped while it writes holds up all others
    job.signal(signal.SIGSTOP)  # as on a host that sleeps
    with open_store(stage.store.url, now=lambda: stage.store.now() + timedelta(seconds=120)) as later:
        assert [run.id for run in later.expire_leases()] == [job.run.id]
        (again,) = later.claim("another", lease=600, run_id=job.run.id)
    events = len(stage.store.events(run_id=job.run.id))
    job.signal(signal.SIGCONT)
    assert job.wait() == FailureKind.LOST.exit_code
    run = stage.store.run(job.run.id)
    assert (run.status, run.attempt, again.attempt) == (RunStatus.RUNNING, 2, 2)
    assert len(stage.store.events(run_id=job.run.id)) == events
    assert stage.store.artifacts(job.run.id) == []
    assert job.survivors() == []


def test_a_failure_is_tried_again_as_the_definition_says(stage: Stage) -> None:
    job = stage.start("1 / 0", retry=Retry(limit=1, delay=0.0))
    assert job.wait() == 3
    assert stage.store.run(job.run.id).status is RunStatus.QUEUED
    (again,) = stage.store.claim("another", lease=10, run_id=job.run.id)
    assert stage.supervise(again).wait() == 3
    assert stage.store.run(job.run.id).status is RunStatus.FAILED


def test_an_environment_that_is_no_python_does_not_start(stage: Stage) -> None:
    python = stage.root / "python"
    python.write_text("#!/bin/sh\necho there is no ipykernel >&2\nexit 3\n", encoding="utf-8")
    python.chmod(0o755)
    job = stage.start("print(1)", limits=Limits(start=20), python=str(python))
    assert job.wait() == FailureKind.KERNEL_START.exit_code
    assert stage.failure(job).kind is FailureKind.KERNEL_START


def test_metrics_and_displays_land_in_the_record_and_the_output(stage: Stage) -> None:
    cells = [
        "from nb2prod.runtime import log_metric, log_metrics\nlog_metric('accuracy', 0.5)\n"
        "log_metrics({'a': 1, 'b': 2})",
        "from IPython.display import display, clear_output\nh = display('one', display_id='x')\nprint('gone')",
        "clear_output()\ndisplay('two', display_id='x', update=True)\nlog_metric('accuracy', 0.75)",
        "print('cleared')\nclear_output(wait=True)\nprint('stays')",
    ]
    job = stage.start(*cells)
    assert job.wait() == 0
    assert stage.store.run(job.run.id).metrics == {"accuracy": 0.75, "a": 1.0, "b": 2.0}
    outputs = [cell["outputs"] for cell in cells_of(job.notebook)]
    assert outputs[0][0]["data"]["text/plain"] == ["accuracy = 0.5"]
    assert outputs[1][0]["data"]["text/plain"] == ["'two'"]
    assert texts_of(job.notebook) == ["gone", "stays"]


def test_what_cells_log_lands_in_the_record(stage: Stage) -> None:
    cells = [
        "from nb2prod.runtime import alert, event, kpi, log_artifact, log_model, log_table\n"
        "import pandas as pd\n"
        "log_table('by plan', pd.DataFrame({'plan': ['a'], 'n': [1]}))",
        "log_artifact('notes.md', '# Notes')\nlog_artifact('raw.bin', bytes([0, 255]))\nlog_model('m', {'a': 1})",
        "log_table('by plan', {'plan': ['b'], 'n': [2]})",
        "event('loaded', kind='x', self=1)\nalert('few rows', 'only 3')\nkpi('revenue', 12.5, region='EU')",
    ]
    job = stage.start(*cells)
    assert job.wait() == 0
    files = {each.name: each for each in stage.store.artifacts(job.run.id)}
    assert {name: each.kind for name, each in files.items() if each.kind not in ("notebook", "log")} == {
        "by-plan.csv": "table",
        "notes.md": "file",
        "raw.bin": "file",
        "m.pkl": "file",
    }
    assert Path(files["by-plan.csv"].url).read_text(encoding="utf-8") == "plan,n\nb,2\n"
    assert Path(files["raw.bin"].url).read_bytes() == bytes([0, 255])
    assert pickle.loads(Path(files["m.pkl"].url).read_bytes()) == {"a": 1}
    told = {each.kind: each.data for each in stage.store.events(run_id=job.run.id)}
    assert told["event"] == {"name": "loaded", "data": {"kind": "x", "self": 1}}
    assert told["alert"] == {"name": "few rows", "message": "only 3", "severity": "warning"}
    assert told["kpi"] == {"name": "revenue", "value": 12.5, "labels": {"region": "EU"}}
    first = cells_of(job.notebook)[0]["outputs"][0]["data"]
    assert first["text/plain"] == ["table by plan.csv (11 bytes)"]
    assert "<table" in "".join(first["text/html"])


def test_other_pythons_and_limits(stage: Stage) -> None:
    job = stage.start("import os; print(len(os.sched_getaffinity(0)))", limits=Limits(cpus=1))
    assert job.wait() == 0
    assert texts_of(job.notebook) == ["1"]
