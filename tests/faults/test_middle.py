"""What happens in the middle of a run: a signal, a full disk, damaged artifacts, other code, a clock that jumps."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from faults.ten import ALL, EXECUTORS, STEPS, Ten

pytestmark = pytest.mark.slow
# every clock of the system that may jump: what Python's own code reads, and datetime's in C
JUMPING = """\
import datetime, os, time

REAL, PLACE = time.time, os.environ["JUMP"]


def shifted():
    try:
        return REAL() + float(open(PLACE).read() or 0)
    except (OSError, ValueError):
        return REAL()


class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(shifted(), tz)


time.time, time.time_ns = shifted, lambda: int(shifted() * 1e9)
datetime.datetime = Shifted
"""


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_run_that_is_told_to_end_ends_and_is_resumed(
    executor: str, ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    process = ten.start("--executor", executor, "-p", "pause=0.3")
    until(ten, "step.started", "draw")
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=120)[1]
    ran = ten.ran(process.returncode, err, set())
    assert (ran.code, ran.record["status"]) == (130, "interrupted")
    assert f"interrupted; to resume: python -m nb2prod.runtime {ten.project}" in ran.err
    assert ten.left_behind() == []
    done = {step["name"] for step in ran.record["steps"] if step["status"] == "completed"}
    assert "load" in done
    assert not done & {"join", "world"}
    resumed = ten.run("--executor", executor, "--resume", ran.run)
    assert (resumed.code, resumed.metrics) == (0, undisturbed), resumed.err
    assert set(resumed.computed()) <= {*STEPS} - done  # a step that was ended may have kept its result already
    assert {"join", "total"} <= set(resumed.computed())


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"] if ALL else ["flipped"])
def test_a_damaged_artifact_is_made_again(
    damage: str, executor: str, ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    ran = ten.run("--executor", executor, faults="join:raise=OSError")
    assert ran.code == 3
    for path in blobs(ten):
        path.write_bytes(damaged(path.read_bytes(), damage))
    resumed = ten.run("--executor", executor, "--resume", ran.run)
    assert (resumed.code, resumed.metrics) == (0, undisturbed), resumed.err
    assert set(resumed.computed()) == {*STEPS}


@pytest.mark.parametrize("executor", EXECUTORS if ALL else ["local"])
def test_code_that_changed_between_is_run_again_and_what_needs_it(executor: str, ten: Ten) -> None:
    ran = ten.run("--executor", executor, faults="join:raise=OSError")
    change(ten, "draw", "np.random.rand(100)", "np.random.rand(100) * 2")
    resumed = ten.run("--executor", executor, "--resume", ran.run)
    assert resumed.code == 0
    assert set(resumed.computed()) == {*STEPS} - {"load", "left", "right"}
    assert resumed.metrics == ten.run("--no-cache").metrics


@pytest.mark.parametrize("executor", EXECUTORS)
def test_code_that_changes_while_it_runs_is_not_believed_to_have_run(executor: str, ten: Ten) -> None:
    process = ten.start("--executor", executor, "-p", "pause=0.3")
    until(ten, "step.started", "left")
    change(ten, "draw", "np.random.rand(100)", "np.random.rand(100) * 2")
    assert process.wait(60) == 0
    process.communicate()
    again = ten.run("--executor", executor, "-p", "pause=0.3")
    assert again.metrics == ten.run("--no-cache").metrics


@pytest.mark.parametrize("executor", EXECUTORS if ALL else ["local"])
@pytest.mark.parametrize("jump", [86_400, -86_400])
def test_a_clock_that_jumps_decides_nothing(
    jump: int, executor: str, ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    site = ten.root / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(JUMPING)
    place = ten.root / "jump"
    ten.policy("join", timeout=20, retries=1, retry_delay=0.01)
    variables = {"JUMP": str(place), "PYTHONPATH": str(site), "NB2PROD_FAULTS": "join:raise=ConnectionError,times=1"}
    process = ten.start("--executor", executor, "--timeout", "60", "-p", "pause=0.1", **variables)
    until(ten, "step.completed", "load")
    place.write_text(str(jump))
    err = process.communicate(timeout=120)[1]
    ran = ten.ran(process.returncode, err, set())
    assert (ran.code, ran.metrics) == (0, undisturbed), ran.err
    started, finished = ran.record["started"], ran.record["finished"]
    assert (finished > started) is (jump > 0)  # it did jump
    assert 0 < ran.record["seconds"] < 60
    assert all(0 <= step["seconds"] < 60 for step in ran.record["steps"])
    variables["NB2PROD_FAULTS"] = ""
    assert ten.run("--executor", executor, "-p", "pause=0.1", **variables).computed() == ["world"]


@pytest.mark.parametrize(("executor", "of"), [("local", "artifacts"), ("local", "runs"), ("in-process", "runs")])
def test_a_full_disk_ends_the_run_and_leaves_nothing_half_written(
    executor: str, of: str, ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    """On a file system that has room for the first artifacts alone, and then for all."""
    full = ten.project / of
    full.mkdir(exist_ok=True)
    script = (
        'mount -t tmpfs -o size=140k none "$1"; "$2" -m nb2prod.runtime "$3" $4; echo "code $?"; '
        'find "$1" -name ".*" -not -name ".reserve"; find "$1" -name "*.tmp"; '
        'run=$(basename "$(dirname "$3"/runs/*/run.json)"); cp "$3"/runs/*/run.json "$3/first.json"; '
        'mount -o remount,size=10m "$1"; "$2" -m nb2prod.runtime "$3" $4 --resume "$run"; echo "code $?"; '
        'cp "$(ls -t "$3"/runs/*/run.json | head -1)" "$3/second.json"'
    )
    mount = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    options = f"--executor {executor}" + (f" --artifacts {full}" if of == "artifacts" else "")
    done = subprocess.run(
        [*mount, "sh", "-c", script, "sh", str(full), sys.executable, str(ten.project), options],
        capture_output=True,
        text=True,
        check=False,
        env=ten.environment(),
    )
    codes = done.stdout.splitlines()
    assert codes in (["code 3", "code 0"], ["code 7", "code 0"]), f"{done.stdout}{done.stderr}"
    assert (done.stderr.count("error: "), "Traceback" in done.stderr) == (1, False)
    assert "No space left on device" in done.stderr
    first, second = (json.loads((ten.project / name).read_text()) for name in ("first.json", "second.json"))
    assert first["status"] == "failed"
    assert "running" not in {step["status"] for step in first["steps"]}
    assert second["metrics"] == undisturbed
    known = {step["name"] for step in second["steps"] if step["cached"]}
    assert "load" in known
    assert known <= {step["name"] for step in first["steps"]}


def until(ten: Ten, event: str, step: str) -> None:
    """Until the first run of the project tells of that."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        for path in ten.project.glob("runs/*/events.jsonl"):
            if any(f'"event": "{event}", "step": "{step}"' in line for line in path.read_text().splitlines()):
                return
        time.sleep(0.02)
    raise AssertionError(f"{event} of {step} did not come")


def blobs(ten: Ten) -> list[Path]:
    return [path for path in ten.project.glob("runs/cache/blobs/*") if path.is_file()]


def damaged(content: bytes, how: str) -> bytes:
    if how == "cut":
        return content[: len(content) // 2]
    middle = len(content) // 2
    return b"" if how == "empty" else content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def change(ten: Ten, step: str, old: str, new: str) -> None:
    path = ten.project / f"src/ten/steps/{step}.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
