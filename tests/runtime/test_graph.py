"""A project's steps as data, and one step alone under somebody else's orchestrator."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from runtime.tiny import Project

Score = Callable[..., None]


def _graph(project: Project) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nb2prod.runtime.running.graph", str(project.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _alone(project: Project, artifacts: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-m", "nb2prod.runtime.steps.alone", str(project.root)]
    command += ["--run", "r1", "--artifacts", str(artifacts), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_graph_says_where_each_input_comes_from(project: Project) -> None:
    project.settings()
    graph = json.loads(_graph(project).stdout)
    assert graph["parameters"] == {"rows": 4, "label": "a", "scale": 1.5}
    load, score = graph["steps"]
    assert load["inputs"] == {"rows": {"parameter": "rows"}, "label": {"parameter": "label"}}
    assert (load["outputs"], load["before"], load["function"]) == (["table", "note"], [], "tiny.steps.load:load")
    assert score["inputs"] == {"table": {"step": "load", "field": "table"}, "scale": {"parameter": "scale"}}
    assert (score["outputs"], score["before"]) == ([""], ["load"])
    assert graph["results"] == {"total": {"step": "score", "field": ""}}


def test_a_pipeline_that_looks_at_its_values_has_no_graph(project: Project) -> None:
    project.settings()
    pipeline = project.root / "src/tiny/pipeline.py"
    text = pipeline.read_text()
    pipeline.write_text(text.replace("    total = step", "    assert len(table) > 1\n    total = step"))
    done = _graph(project)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the steps of tiny are not known before it runs: its pipeline.run does more")


def test_steps_run_alone_and_are_joined(project: Project, tmp_path: Path) -> None:
    project.settings()
    artifacts = tmp_path / "artifacts"
    early = _alone(project, artifacts, "--step", "score")
    assert early.returncode == 3
    assert "step 'load', which it needs, has not run" in early.stderr
    load = _alone(project, artifacts, "--step", "load", "-p", "rows=3")
    assert json.loads(load.stdout.splitlines()[-1])["status"] == "completed"
    score = json.loads(_alone(project, artifacts, "--step", "score", "-p", "rows=3").stdout)
    assert score["metrics"] == {"total": 6.0}
    done = _alone(project, artifacts, "--finish", "-p", "rows=3")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"total": 6.0})
    record = json.loads((artifacts / "runs/r1/run.json").read_text())
    assert (record["status"], record["parameters"]["rows"]) == ("completed", 3)
    again = json.loads(_alone(project, artifacts, "--step", "score", "-p", "rows=3").stdout)
    assert again["cached"]


def test_a_step_that_fails_alone_says_where_and_the_run_is_not_complete(
    project: Project, tmp_path: Path, score: Score
) -> None:
    score("table.append(1)", "total = int('x')")
    project.settings()
    artifacts = tmp_path / "artifacts"
    _alone(project, artifacts, "--step", "load")
    failed = _alone(project, artifacts, "--step", "score")
    assert failed.returncode == 3
    assert "step 'score' of pipeline 'tiny' failed in tiny.ipynb, cell 3, line 2: ValueError" in failed.stderr
    assert _alone(project, artifacts, "--finish").returncode == 3
    assert json.loads((artifacts / "runs/r1/run.json").read_text())["status"] == "failed"


def test_a_run_that_would_be_a_path_is_refused(project: Project, tmp_path: Path) -> None:
    project.settings()
    command = [sys.executable, "-m", "nb2prod.runtime.steps.alone", str(project.root), "--artifacts", str(tmp_path)]
    done = subprocess.run([*command, "--run", "../up", "--step", "load"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'../up' cannot name a run" in done.stderr
    unknown = subprocess.run([*command, "--run", "r", "--step", "lod"], capture_output=True, text=True, check=False)
    assert (unknown.returncode, "there are load, score" in unknown.stderr) == (2, True)


@pytest.mark.parametrize(
    ("policy", "error", "code"),
    [
        ({"retries": 1}, "OSError('away')", 75),
        ({"retries": 0}, "OSError('away')", 3),
        ({"retries": 1}, "ValueError('never')", 3),
        ({"retries": 1, "retry_on": ["ValueError"]}, "ValueError('at times')", 75),
    ],
)
def test_the_exit_code_says_whether_another_try_is_worth_it(
    project: Project, tmp_path: Path, score: Score, policy: dict[str, object], error: str, code: int
) -> None:
    score("table.append(1)", f"raise {error}")
    project.policies = {"score": policy}
    project.settings()
    assert _alone(project, tmp_path / "artifacts", "--step", "load").returncode == 0
    assert _alone(project, tmp_path / "artifacts", "--step", "score").returncode == code


def test_tries_are_counted_for_who_does_not(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.policies = {"load": {"retries": 2}}
    project.settings()
    monkeypatch.setenv("NB2PROD_FAULTS", "load:raise=OSError,times=1")
    words = ["--step", "load", "--attempt", "0"]
    assert [_alone(project, tmp_path / "artifacts", *words).returncode for _ in range(2)] == [75, 0]


def test_a_step_ends_with_who_started_it(project: Project, tmp_path: Path, score: Score) -> None:
    score(
        "table.append(1)", "import pathlib, os, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(99)"
    )
    project.settings()
    artifacts = tmp_path / "artifacts"
    _alone(project, artifacts, "--step", "load")
    command = [sys.executable, "-m", "nb2prod.runtime.steps.alone", str(project.root), "--step", "score"]
    command += ["--run", "r1", "--artifacts", str(artifacts), "--with-parent"]
    parent = subprocess.Popen([sys.executable, "-c", f"import subprocess; subprocess.run({command!r})"])
    told = project.root / "work" / "pid"
    ends = time.monotonic() + 60
    while not (told.is_file() and told.read_text()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    step = psutil.Process(int(told.read_text()))
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([step], timeout=20)[1] == []
