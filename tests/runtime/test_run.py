"""A run from the command line: parameters, record, output, failure and timeouts."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from runtime.tiny import Project

Score = Callable[..., None]


def test_a_run_leaves_a_record(project: Project) -> None:
    ran = project.run("-p", "rows=3")
    assert (ran.code, ran.out) == (0, "loaded 3\n")
    assert ran.err.splitlines()[2:] == ["total = 6", f"completed; record: {ran.folder}"]
    assert ran.record["status"] == "completed"
    assert ran.record["parameters"] == {"rows": 3, "label": "a", "scale": 1.5}
    assert ran.record["metrics"] == {"total": 6.0}
    assert ran.steps("inputs")["score"] == {
        "table": {"type": "list", "length": 3},
        "scale": {"type": "float", "value": 1.5},
    }
    assert ran.folder.joinpath("logs/load.log").read_text() == "loaded 3\n"
    events = [json.loads(line)["event"] for line in ran.folder.joinpath("events.jsonl").read_text().splitlines()]
    assert events == [
        "run.started",
        *["step.started", "step.completed"],
        "step.started",
        "metric",
        "step.completed",
        "run.completed",
    ]


def test_the_package_takes_its_parameters_as_options(project: Project) -> None:
    project.settings()
    command = [sys.executable, "-m", "tiny"]
    env = {"PYTHONPATH": str(project.root / "src"), "PATH": "/usr/bin:/bin"}

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, env=env)

    shown = " ".join(call("--help").stdout.split())
    assert "--rows VALUE how many rows [int; default: 4]" in shown
    done = call("--rows", "2", "--scale", "-1e-1")
    assert (done.returncode, done.stdout) == (0, "loaded 2\n")
    assert "total = -0.2" in done.stderr
    refused = call("--rows", "1.5")
    assert (refused.returncode, refused.stderr) == (2, "error: parameter 'rows' was given '1.5', which is not an int\n")
    assert call("--rosw", "2").returncode == 2


def test_a_wrong_parameter_is_refused_before_anything_starts(project: Project) -> None:
    ran = project.run("-p", "row=1", "-p", "scale=x")
    assert ran.code == 2
    assert ran.err == (
        "error: there is no parameter 'row'; did you mean 'rows'? (the parameters are rows, label, scale)\n"
        "parameter 'scale' was given 'x', which is not a float\n"
    )
    assert project.records() == []


def test_a_failure_names_the_cell_and_how_to_resume(project: Project, score: Score) -> None:
    score("table.append(1)", "total = int('x')")
    ran = project.run()
    assert ran.code == 3
    error = ran.err.splitlines()[2:]
    assert error == [
        "error: step 'score' of pipeline 'tiny' failed in tiny.ipynb, cell 3, line 2: "
        "ValueError: invalid literal for int() with base 10: 'x'",
        "  inputs: table list of 4, scale = 1.5",
        f"  to replay: nb2prod replay {ran.folder} score",
        f"  to resume: python -m nb2prod.runtime {project.root} --resume {ran.folder.name}",
        f"  record: {ran.folder}",
    ]
    step = ran.steps("error")["score"]
    assert (ran.record["status"], step["cell"], step["line"]) == ("failed", 3, 2)
    assert ran.folder.joinpath("logs/score.log").read_text().startswith("Traceback (most recent call last):\n")
    assert "nb2prod/runtime" not in step["traceback"]


@pytest.mark.parametrize("body", ["import sys; total = sys.exit(0)", "raise KeyError('gone')"])
def test_whatever_ends_a_step_is_a_failure(project: Project, score: Score, body: str) -> None:
    score(body, "total = 1")
    assert project.run().code == 3


def test_a_network_error_is_tried_again_with_the_inputs_as_they_were(project: Project, score: Score) -> None:
    project.policies["score"] = {"retries": 2, "retry_delay": 0.01}
    score(
        "table.append(1); import pathlib; p = pathlib.Path('tries')",
        "p.write_text(p.read_text() + 'x' if p.exists() else 'x')",
        "if len(p.read_text()) < 3: raise ConnectionResetError('gone')",
        "total = len(table)",
    )
    ran = project.run()
    assert (ran.code, ran.record["metrics"], ran.steps("attempts")["score"]) == (0, {"total": 5.0}, 3)


def test_a_mistake_is_not_tried_again(project: Project, score: Score) -> None:
    project.policies["score"] = {"retries": 2, "retry_delay": 0.01}
    score("open('tries', 'a').write('x')", "raise ValueError('wrong')", "total = 0")
    assert project.run("--no-cache", env={"PYTHONWARNINGS": "ignore"}).code == 3
    assert project.root.joinpath("work/tries").read_text() == "x"


def test_a_step_that_takes_too_long_is_ended(project: Project, score: Score) -> None:
    project.policies["score"] = {"timeout": 0.3}
    score("import time", "try: time.sleep(60)", "except Exception: pass", "total = 0")
    ran = project.run()
    assert (ran.code, ran.record["status"]) == (4, "timeout")
    assert "error: step 'score' of pipeline 'tiny' took longer than its timeout of 0.3 s" in ran.err


def test_a_run_that_takes_too_long_is_ended(project: Project, score: Score) -> None:
    project.run_settings["timeout"] = 3
    score("import time; time.sleep(60)", "total = 0")
    ran = project.run()
    assert (ran.code, ran.record["status"]) == (4, "timeout")
    assert "error: pipeline 'tiny' took longer than its timeout of 3 s; it was in step 'score'" in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so(project: Project, score: Score, number: int) -> None:
    score("open('there', 'w').close(); import time; time.sleep(60)", "total = 0")
    project.settings()
    with subprocess.Popen(project.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        wait_for(project.root / "work/there")
        process.send_signal(number)
        assert "interrupted; to resume: " in process.communicate(timeout=60)[1]
    record = json.loads(project.records()[0].read_text())
    assert (process.returncode, record["status"], record["steps"][1]["status"]) == (130, "interrupted", "interrupted")


def test_pipeline_runs_with_a_plain_lambda(project: Project) -> None:
    code = (
        "from tiny.pipeline import run; from tiny.parameters import Parameters\n"
        "print(run(Parameters(), lambda f, *a, **k: f(*a, **k)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(project.root / "src")},
    )
    assert done.stdout == "loaded 4\nResults(total=10.5)\n"


def test_metrics_may_be_logged_from_anywhere(project: Project, score: Score) -> None:
    score("from nb2prod.runtime import log_metric", "log_metric('depth', 7)", "total = 1")
    assert project.run().record["metrics"] == {"depth": 7.0, "total": 1.0}


def test_figures_that_are_shown_closed_or_left_open_are_kept(project: Project, score: Score) -> None:
    score(
        "plt.plot([1, 2]); plt.show(block=False); plt.plot([3]); plt.close('all'); plt.figure()",
        "total = 0",
        imports="import matplotlib.pyplot as plt",
    )
    ran, again = project.run(), project.run()
    names = ["score-1.png", "score-2.png", "score-3.png"]
    assert (ran.code, sorted(path.name for path in ran.folder.glob("figures/*"))) == (0, names)
    assert ran.folder.joinpath("figures/score-1.png").read_bytes().startswith(b"\x89PNG")
    assert again.steps("cached")["score"] is True
    assert sorted(path.name for path in again.folder.glob("figures/*")) == names


def test_importing_the_runtime_loads_nothing_heavy() -> None:
    heavy = [
        "argparse",
        "asyncio",
        "logging",
        "numpy",
        "pandas",
        "matplotlib",
        "multiprocessing",
        "pickle",
        "tempfile",
        "nb2prod.errors",
    ]
    code = (
        "import sys; before = set(sys.modules); import nb2prod.runtime\n"
        f"print(sorted(set({heavy}) & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def wait_for(path: Path) -> None:
    ends = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < ends, f"{path} did not appear"
        time.sleep(0.02)
