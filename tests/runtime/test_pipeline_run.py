"""A project in a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from runtime.test_run import wait_for
from runtime.tiny import Project

from nb2prod.api.run import PipelineOptions, run_pipeline
from nb2prod.errors import InvalidOption, NotAProject, ParameterRefused, SettingsWrong
from nb2prod.runtime.files import read_json

Score = Callable[..., None]


def test_a_project_is_run_and_resumed(project: Project) -> None:
    project.settings()
    done = run_pipeline(project.root, {"rows": "2"})
    assert (done.exit_code, done.status) == (0, "completed")
    assert done.record is not None
    assert read_json(done.record, dict)["metrics"] == {"total": 3.0}
    again = run_pipeline(project.root, {}, pipeline=PipelineOptions(resume=done.run), timeout=600)
    assert again.record is not None
    assert [step["cached"] for step in read_json(again.record, dict)["steps"]] == [True, True]


def test_what_is_no_project_is_refused(project: Project, tmp_path: Path) -> None:
    with pytest.raises(NotAProject, match=r"it has no pipeline\.toml; make one with nb2prod convert"):
        run_pipeline(tmp_path, {})
    project.settings()
    shutil.rmtree(project.root / "src")
    with pytest.raises(NotAProject, match=r"its parameters\.py cannot be read"):
        run_pipeline(project.root, {})


def test_a_wrong_parameter_starts_nothing(project: Project) -> None:
    project.settings()
    with pytest.raises(ParameterRefused, match="'rows' was given 'many', which is not an int"):
        run_pipeline(project.root, {"rows": "many"})
    with pytest.raises(ParameterRefused, match="there is no run 'gone' in"):
        run_pipeline(project.root, {}, pipeline=PipelineOptions(resume="gone"))
    assert project.records() == []


def test_an_executor_that_is_not_there_is_told_by_who_named_it(project: Project) -> None:
    project.run_settings["executor"] = "locl"
    project.settings()
    with pytest.raises(SettingsWrong, match=r"pipeline\.toml: there is no executor 'locl'; did you mean 'local'\?"):
        run_pipeline(project.root, {})
    with pytest.raises(InvalidOption, match=r"^--executor: there is no executor 'dsk'; did you mean 'dask'\?"):
        run_pipeline(project.root, {}, pipeline=PipelineOptions(executor="dsk"))
    assert project.records() == []


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ("raise ValueError('x')", 3, "failed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 5, "died"),
    ],
)
def test_an_end_is_recorded(project: Project, score: Score, body: str, code: int, status: str) -> None:
    score(body, "total = 1")
    project.settings()
    done = run_pipeline(project.root, {})
    assert (done.exit_code, done.status) == (code, status)


def test_an_interrupt_ends_the_pipeline_with_us(project: Project, score: Score) -> None:
    score("import os, time; open('there', 'w').write(str(os.getpid())); time.sleep(60)", "total = 1")
    project.settings()
    code = (
        "import sys; from pathlib import Path; from nb2prod.api.run import PipelineOptions, run_pipeline\n"
        "print(run_pipeline(Path(sys.argv[1]), {}).status)"
    )
    command = [sys.executable, "-c", code, str(project.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        wait_for(project.root / "work/there")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0].splitlines()[-1] == "interrupted"
    with pytest.raises(ProcessLookupError):
        os.kill(int((project.root / "work/there").read_text()), 0)
