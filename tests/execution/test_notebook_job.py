"""A notebook as a job: what a user sees when it ends well, fails, hangs, dies, is interrupted or is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from execution.stage import texts_of, write_notebook

from nb2prod.api.run import PipelineOptions, run, run_notebook
from nb2prod.errors import FolderNotOurs, InvalidOption, NotebookNotReadable, ParameterRefused
from nb2prod.execution.notebook_job import NotebookRun

PARAMETERS = "# tags: parameters\nsize: float = 0.25  # the share that is held out\nname = 'a'\nrows = 10"


def record_of(done: NotebookRun) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.record.read_text(encoding="utf-8"))
    return found


def texts(done: NotebookRun) -> list[str]:
    """What the cells of the output printed."""
    return texts_of(done.output)


def files(done: NotebookRun) -> list[str]:
    return sorted(path.name for path in done.record.parent.iterdir())


def lives(marker: str) -> bool:
    """Whether a process still has the marker in its environment."""
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in place.read_bytes():
                return True
        except OSError:
            continue
    return False


def gone(marker: str) -> bool:
    """The supervisor sees that its parent is gone, gives the cell a second, and writes what there is."""
    deadline = time.monotonic() + 30
    while lives(marker) and time.monotonic() < deadline:
        time.sleep(0.2)
    return not lives(marker)


@pytest.mark.slow
def test_a_run_leaves_its_record_its_source_and_the_output(tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("found", encoding="utf-8")
    cells = ["#!# Title", PARAMETERS, "print(open('here.txt').read(), size, name)", "", "rows += 1\nprint(rows)"]
    path = write_notebook(tmp_path / "demo.ipynb", *cells)
    lines: list[str] = []

    done = run_notebook(path, {"size": "0.5", "rows": "20"}, tmp_path / "runs", progress=lines.append)

    assert (done.status, done.exit_code, done.error) == ("completed", 0, "")
    assert texts(done) == ["found 0.5 a", "21"]
    assert files(done) == ["demo.ipynb", "journal.jsonl", "run.json", "run.log", "source.ipynb"]
    assert (done.record.parent / "source.ipynb").read_bytes() == path.read_bytes()
    assert lines == ["cell 2 of 5", "cell 3 of 5", "cell 4 of 5", "cell 5 of 5"]
    record = record_of(done)
    assert {key: record[key] for key in ("kind", "status", "parameters", "output", "error")} == {
        "kind": "notebook",
        "status": "completed",
        "parameters": {"size": 0.5, "rows": 20},
        "output": "demo.ipynb",
        "error": None,
    }
    assert record["id"] == done.id == done.record.parent.name
    assert record["started"] < record["finished"]


@pytest.mark.slow
def test_values_of_all_types_arrive_as_they_are(tmp_path: Path) -> None:
    given = {
        "pair": "(1, 2.5)",
        "names": "{'a'}",
        "by_number": "{1: 'x', 2: float}".replace("float", "None"),
        "data": "b'\\x00'",
        "limit": "inf",
        "text": 'it\'s "quoted"\n{x}\\',
        "flag": "no",
        "items": "[1, [True, None]]",
    }
    defaults = "pair = (0, 0.0)\nnames = {'b'}\nby_number = {0: 'z'}\ndata = b''\nlimit = 1.0\ntext = ''\nflag = True"
    values = "[pair, names, by_number, data, limit, text, flag, items]"
    path = write_notebook(
        tmp_path / "demo.ipynb", f"# tags: parameters\n{defaults}\nitems = [0]", f"print(ascii({values}))"
    )
    done = run_notebook(path, given, tmp_path / "runs")
    assert texts(done) == [
        "[(1, 2.5), {'a'}, {1: 'x', 2: None}, b'\\x00', inf, 'it\\'s \"quoted\"\\n{x}\\\\', False, [1, [True, None]]]"
    ]


@pytest.mark.slow
def test_given_parameters_win_over_every_parameters_cell_and_an_earlier_run(tmp_path: Path) -> None:
    cells = [
        "# tags: papermill-error-cell-tag\nprint('marker')",
        "# tags: parameters\na = 1",
        "# tags: injected-parameters\na = 5",
        "# tags: parameters\nb = 1",
        "print(a, b)\n1 / (a - 7)",
    ]
    done = run_notebook(write_notebook(tmp_path / "demo.ipynb", *cells), {"a": "7", "b": "8"}, tmp_path / "runs")
    assert texts(done) == ["7 8"]
    assert (done.cell, done.line) == (5, 2)


@pytest.mark.slow
def test_a_cell_that_fails_is_told_by_its_number_in_the_source_and_its_line(tmp_path: Path) -> None:
    cells = ["#!# Title", PARAMETERS, "def f(x):\n    return 1 / x", "y = 1\n\nprint('now')\nf(rows)", "print('never')"]
    done = run_notebook(write_notebook(tmp_path / "demo.ipynb", *cells), {"rows": "0"}, tmp_path / "runs")

    assert (done.status, done.exit_code) == ("failed", 3)
    assert done.message == (
        f"failed at cell 4, line 4: ZeroDivisionError: division by zero\nthe record is {done.record}"
    )
    assert record_of(done)["error"] == {"message": "ZeroDivisionError: division by zero", "cell": 4, "line": 4}
    assert texts(done) == ["now"]
    assert "demo.ipynb" in files(done)


@pytest.mark.slow
def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    done = run_notebook(write_notebook(tmp_path / "demo.ipynb", "x = 1", "y = 2\nz = = 3"), {}, tmp_path / "runs")
    assert (done.exit_code, done.cell, done.line) == (3, 2, 2)
    assert done.error.startswith("SyntaxError: invalid syntax")


@pytest.mark.slow
def test_a_run_over_its_time_is_ended_with_all_it_started(tmp_path: Path) -> None:
    marker = f"NB2PROD_TEST={tmp_path.name}-timeout"
    cell = (
        "import os, subprocess, time\n"
        f"child = subprocess.Popen(['sleep', '300'], env={{**os.environ, 'NB2PROD_TEST': {marker[13:]!r}}})\n"
        "open('started', 'w').close()\ntime.sleep(300)"
    )
    path = write_notebook(tmp_path / "demo.ipynb", "print('first')", cell)
    started = time.monotonic()
    done = run_notebook(path, {}, tmp_path / "runs", timeout=8)

    assert (done.status, done.exit_code, done.error) == ("timeout", 4, "it ran for over 8 s")
    assert time.monotonic() - started < 40
    assert record_of(done)["status"] == "timeout"
    assert texts(done)[:1] == ["first"]
    assert (tmp_path / "started").exists()
    assert gone(marker)


@pytest.mark.slow
def test_a_kernel_that_dies(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "demo.ipynb", "print('first')", "import os\nos.kill(os.getpid(), 9)")
    done = run_notebook(path, {}, tmp_path / "runs")
    assert (done.status, done.exit_code, done.cell) == ("died", 5, 2)
    assert record_of(done)["status"] == "died"
    assert texts(done) == ["first"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "status"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 130, "interrupted"), (signal.SIGKILL, -9, "interrupted")],
)
def test_a_run_that_is_stopped_leaves_no_process_behind(
    number: signal.Signals, code: int, status: str, tmp_path: Path
) -> None:
    marker = f"NB2PROD_TEST={tmp_path.name}"
    path = write_notebook(tmp_path / "demo.ipynb", "print('first')", "import time\ntime.sleep(300)")
    command = [sys.executable, "-m", "nb2prod", "run", str(path), "-o", str(tmp_path / "runs")]
    environment = {**os.environ, "NB2PROD_TEST": tmp_path.name}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "cell 2 of 2" in line:
                break
        assert lives(marker)
        process.send_signal(number)
        assert process.wait(60) == code
    assert gone(marker)
    (record,) = (tmp_path / "runs").glob("*/run.json")
    assert json.loads(record.read_text(encoding="utf-8"))["status"] == status


@pytest.mark.slow
def test_a_text_notebook_runs_too(tmp_path: Path) -> None:
    path = tmp_path / "demo.py"
    path.write_text('# %% tags=["parameters"]\nx = 1\n\n# %%\nprint(x + 1)\n', encoding="utf-8")
    done = run_notebook(path, {"x": "5"}, tmp_path / "runs")
    assert (texts(done), done.output.name) == (["6"], "demo.ipynb")


@pytest.mark.slow
def test_a_module_of_the_folder_cannot_break_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nbclient.py").write_text("raise RuntimeError('not the real one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = run_notebook(write_notebook(tmp_path / "demo.ipynb", "print(1)"), {}, tmp_path / "runs")
    assert (done.status, done.error) == ("completed", "")


@pytest.mark.slow
def test_the_verb_runs_a_notebook(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "demo.ipynb", PARAMETERS, "print(size)")
    done = run(path, {"size": "0.5"}, runs=tmp_path / "runs")
    assert done.exit_code == 0
    assert done.record is not None
    assert done.message.endswith(str(done.record.parent / "demo.ipynb"))


REFUSED: Mapping[str, tuple[dict[str, str], str]] = {
    "an unknown name": (
        {"sise": "1"},
        "there is no parameter 'sise'; did you mean 'size'? (the parameters are size, name, rows)",
    ),
    "a wrong type": ({"rows": "many"}, "parameter 'rows' was given 'many', which is not an int"),
    "several": (
        {"other": "1", "rows": "1.5"},
        "there is no parameter 'other' (the parameters are size, name, rows)\n"
        "parameter 'rows' was given '1.5', which is not an int",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_parameters_are_refused_before_anything_starts(name: str, tmp_path: Path) -> None:
    given, reason = REFUSED[name]
    with pytest.raises(ParameterRefused) as caught:
        run_notebook(write_notebook(tmp_path / "demo.ipynb", PARAMETERS), given, tmp_path / "runs")
    assert str(caught.value) == reason
    assert not (tmp_path / "runs").exists()


def test_a_notebook_without_parameters_takes_none(tmp_path: Path) -> None:
    with pytest.raises(ParameterRefused) as caught:
        run_notebook(write_notebook(tmp_path / "demo.ipynb", "x = 1"), {"x": "2"}, tmp_path / "runs")
    assert str(caught.value) == "demo.ipynb has no cell tagged `parameters`, so none can be given"


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotebookNotReadable):
        run_notebook(tmp_path / "nowhere.ipynb", {}, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_runs_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("", encoding="utf-8")
    with pytest.raises(FolderNotOurs):
        run_notebook(write_notebook(tmp_path / "demo.ipynb", "x = 1"), {}, tmp_path / "runs")


def test_a_notebook_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption) as caught:
        run(write_notebook(tmp_path / "demo.ipynb", "x = 1"), {}, pipeline=PipelineOptions(resume="20260101"))
    assert str(caught.value).endswith("is a notebook, which runs from its top; convert it to have steps")
