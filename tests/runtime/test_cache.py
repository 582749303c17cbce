"""When a step is run again, and that a result from the cache is what running would give."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from runtime.test_run import wait_for
from runtime.tiny import LOAD, PARAMETERS, SCORE, Project

Score = Callable[..., None]
NUMPY_LOAD = LOAD.replace("from typing", "import numpy as np\nfrom typing")


def cached(project: Project, *arguments: str) -> tuple[bool, bool]:
    ran = project.run(*arguments)
    assert ran.code == 0, ran.err
    return ran.steps("cached")["load"], ran.steps("cached")["score"]


def test_what_is_known_is_not_computed_again(project: Project) -> None:
    first, second = project.run(), project.run()
    assert second.steps("cached") == {"load": True, "score": True}
    assert second.record["metrics"] == first.record["metrics"] == {"total": 10.5}
    assert second.folder.joinpath("logs/load.log").read_text() == "loaded 4\n"
    assert second.steps("from_run") == {"load": first.folder.name, "score": first.folder.name}
    assert cached(project, "--no-cache") == (False, False)


def test_a_change_reruns_what_depends_on_it(project: Project) -> None:
    cached(project)
    assert cached(project, "-p", "scale=2") == (True, False)
    assert cached(project, "-p", "rows=9") == (False, False)
    project.write("steps/score.py", SCORE.replace("(cell 3", "(cell 4") + "# a comment\n")
    assert cached(project) == (True, True)
    project.write("steps/score.py", SCORE.replace("append(1)", "append(2)"))
    assert cached(project) == (True, False)
    project.write("functions.py", "RATE = 2\n")
    assert cached(project) == (True, True)


def test_the_same_outputs_need_no_more_steps(project: Project) -> None:
    cached(project)
    project.write("steps/load.py", LOAD.replace("in range(rows)", "in list(range(rows))"))
    assert cached(project) == (False, True)


def test_a_data_file_that_changes_reruns_its_reader(project: Project, score: Score) -> None:
    score("with open('data.txt') as file: total = len(file.read())")
    data = project.root / "work/data.txt"
    data.write_text("abc")
    assert cached(project) == (False, False)
    assert cached(project) == (True, True)
    about = data.stat()
    data.write_text("abcd")
    os.utime(data, ns=(about.st_atime_ns, about.st_mtime_ns))
    ran = project.run()
    assert (ran.steps("cached")["score"], ran.record["metrics"]) == (False, {"total": 4.0})
    data.write_text("abc")
    assert project.run().record["metrics"] == {"total": 3.0}
    data.unlink()
    assert project.run().code == 3


def test_a_module_beside_the_notebook_counts_as_code(project: Project, score: Score) -> None:
    helper = project.root / "work/tools.py"
    helper.write_text("RATE = 2\n")
    score("total = RATE", imports="from tools import RATE")
    assert cached(project) == (False, False)
    assert cached(project) == (True, True)
    helper.write_text("RATE = 33\n")
    ran = project.run()
    assert (ran.steps("cached")["score"], ran.record["metrics"]) == (False, {"total": 33.0})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("open('out.txt', 'w').close()", "writes WORK/out.txt"),
        ("import os; os.makedirs('new', exist_ok=True)", "writes WORK/new"),
        ("import subprocess; subprocess.run(['true'])", "starts a process"),
        ("import socket; socket.socket(socket.AF_UNIX).connect_ex('nobody')", "uses the network"),
        ("import sqlite3; sqlite3.connect('some.db').close()", "uses a database"),
        ("import tempfile; tempfile.TemporaryFile().close()", None),
    ],
)
def test_what_does_more_than_compute_is_run_each_time(
    project: Project, score: Score, body: str, reason: str | None
) -> None:
    score(body, "total = 1")
    ran = project.run()
    said = ran.steps("uncacheable")["score"]
    assert (said and said.replace(str(project.root / "work"), "WORK")) == reason
    assert cached(project) == (True, reason is None)


def test_a_result_that_cannot_be_pickled_is_no_error(project: Project) -> None:
    project.write("steps/load.py", LOAD.replace("note = label", "note = (letter for letter in label)"))
    ran = project.run()
    assert (ran.code, ran.steps("uncacheable")["load"].split(" (")[0]) == (0, "its result cannot be pickled")
    assert cached(project) == (False, True)


def test_a_step_may_say_that_it_is_not_to_be_cached(project: Project) -> None:
    project.policies["load"] = {"cache": False}
    cached(project)
    assert cached(project) == (False, True)


def test_a_damaged_bundle_is_computed_again(project: Project) -> None:
    cached(project)
    for blob in project.root.glob("runs/cache/blobs/*"):
        blob.write_bytes(b"not what it was")
    assert cached(project) == (False, False)
    for index in project.root.glob("runs/cache/keys/*/*"):
        index.write_text('[{"bundle": "../../x", "figures": []}, 7, null]')
    assert cached(project) == (False, False)
    assert cached(project) == (True, True)


def test_resume_takes_the_parameters_and_what_was_completed(project: Project, score: Score) -> None:
    counting = LOAD.replace('    print("loaded", rows)\n', "    rows = rows\n")
    project.write("steps/load.py", counting)
    score("import pathlib", "if not pathlib.Path('ready').exists(): raise ValueError('not yet')", "total = len(table)")
    failed = project.run("-p", "rows=7", "-p", "label=é 'x'")
    assert failed.code == 3
    project.root.joinpath("work/ready").touch()
    done = project.run("--resume", failed.folder.name)
    assert (done.code, done.record["resumed"]) == (0, failed.folder.name)
    assert done.record["parameters"] == {"rows": 7, "label": "é 'x'", "scale": 1.5}
    assert done.steps("cached") == {"load": True, "score": False}
    assert done.record["metrics"] == {"total": 7.0}
    assert project.run("--resume", "nothing").code == 2


def test_a_killed_run_can_be_resumed(project: Project, score: Score) -> None:
    score("import os, time", "if not os.path.exists('again'): open('there', 'w').close(); time.sleep(60)", "total = 5")
    project.settings()
    with subprocess.Popen(project.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for(project.root / "work/there")
        process.send_signal(signal.SIGKILL)
    (record,) = project.records()
    project.root.joinpath("work/again").touch()
    done = project.run("--resume", record.parent.name)
    assert (done.code, done.steps("cached")) == (0, {"load": True, "score": False})
    assert not list(project.root.rglob("*.tmp"))


def test_generators_go_on_through_the_cache(project: Project, score: Score) -> None:
    """A generator that one step seeds and the next draws from gives the same with one, both or no step cached."""
    seeding = "    np.random.seed(rows); import random; random.seed(1); np.random.rand(3)\n    table ="
    project.write("steps/load.py", NUMPY_LOAD.replace("    table =", seeding))
    score("import random", "total = np.random.rand() + random.random() + scale", imports="import numpy as np")
    first = project.run().record["metrics"]
    assert cached(project) == (True, True)
    assert project.run().record["metrics"] == first
    half = project.run("-p", "scale=2.5")
    assert half.steps("cached") == {"load": True, "score": False}
    assert half.record["metrics"]["total"] == pytest.approx(first["total"] + 1)
    project.write("steps/load.py", NUMPY_LOAD.replace("    table =", seeding.replace("rand(3)", "rand(13)")))
    other = project.run()
    assert other.steps("cached") == {"load": False, "score": False}
    assert other.record["metrics"] != first


def test_a_draw_without_a_seed_is_drawn_again(project: Project, score: Score) -> None:
    score("total = np.random.rand()", imports="import numpy as np")
    first, second = project.run(), project.run()
    assert second.steps("cached") == {"load": True, "score": False}
    assert first.record["metrics"] != second.record["metrics"]


def test_declared_state_comes_with_the_result(project: Project, score: Score) -> None:
    setting = "    np.set_printoptions(precision=2)\n    table ="
    project.write("steps/load.py", NUMPY_LOAD.replace("    table =", setting))
    pipeline = (project.root / "src/tiny/pipeline.py").read_text()
    project.write("pipeline.py", pipeline + "\n\nHIDDEN_STATE = {'load': ('numpy.printoptions',)}\n")
    score("total = len(repr(np.array([1.23456]))) * scale", imports="import numpy as np")
    first = project.run()
    half = project.run("-p", "scale=3")
    assert half.steps("cached") == {"load": True, "score": False}
    assert half.record["metrics"]["total"] == 2 * first.record["metrics"]["total"]


def test_unknown_state_runs_its_step_and_reruns_the_others_when_its_code_changes(project: Project) -> None:
    pipeline = (project.root / "src/tiny/pipeline.py").read_text()
    project.write("pipeline.py", pipeline + "\n\nHIDDEN_STATE = {'load': ('tensorflow.random',)}\n")
    ran = project.run()
    assert ran.steps("uncacheable")["load"] == "touches tensorflow.random"
    assert cached(project) == (False, True)
    project.write("steps/load.py", LOAD.replace("note = label", "note = label; note"))
    assert cached(project) == (False, False)


def test_an_alias_inside_a_bundle_stays_one(project: Project, score: Score) -> None:
    project.write("steps/load.py", LOAD.replace("note = label", "note = [table]"))
    pipeline = (project.root / "src/tiny/pipeline.py").read_text()
    project.write("pipeline.py", pipeline.replace("step(score, table,", "step(score, (table, note),"))
    score("table[0].append(5); total = table[1][0][-1] * scale")
    assert project.run().record["metrics"] == {"total": 7.5}
    half = project.run("-p", "scale=2")
    assert (half.steps("cached")["load"], half.record["metrics"]) == (True, {"total": 10.0})


def test_odd_parameters_come_back_when_a_run_is_resumed(project: Project) -> None:
    odd = "    odd: Any = field(default_factory=lambda: (1, {2, 3}, {1: 'x'}, b'y'))\n"
    project.write("parameters.py", f"{PARAMETERS}{odd}    big: float = float('inf')\n")
    first = project.run()
    second = project.run("--resume", first.folder.name)
    assert (second.code, second.record["parameters"]) == (0, first.record["parameters"])


def test_the_runs_may_be_elsewhere(project: Project, tmp_path: Path) -> None:
    done = project.run("--runs", str(tmp_path / "elsewhere"))
    assert f"record: {tmp_path / 'elsewhere'}" in done.err
    assert not (project.root / "runs").exists()
