"""`papermill --engine nb2prod`: papermill's options, and no cell called completed that was not."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from kernels.cells import until
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from nb2prod.execution.kernels.servers import warm_kernels
from nb2prod.execution.papermill_run import Execution, write_whole

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def servers_that_end_soon() -> Iterator[None]:
    warm = warm_kernels()
    before, warm.idle = warm.idle, 5
    yield
    warm.idle = before


def notebook(path: Path, *sources: str) -> str:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})  # type: ignore[no-untyped-call]
    nbformat.write(book, path)  # type: ignore[no-untyped-call]
    return str(path)


def run(path: str, output: Path, engine: str | None = "nb2prod", **options: Any) -> Any:
    return papermill.execute_notebook(path, str(output), engine_name=engine, progress_bar=False, **options)


def statuses(output: Path) -> list[tuple[str, bool | None]]:
    book = json.loads(output.read_text())
    return [
        (cell["metadata"]["papermill"]["status"], cell["metadata"]["papermill"]["exception"]) for cell in book["cells"]
    ]


ENDED, FAILED, PENDING = ("completed", False), ("failed", True), ("pending", None)


def test_its_outputs_are_those_of_papermill(tmp_path: Path) -> None:
    path = notebook(tmp_path / "in.ipynb", "x = 1", "print(x)", "import sys; print('e', file=sys.stderr); x + 1")
    ours, theirs = (run(path, tmp_path / "out.ipynb", engine, parameters={"y": 2}) for engine in ("nb2prod", None))
    assert [_plain(cell) for cell in ours.cells] == [_plain(cell) for cell in theirs.cells]
    assert ours.metadata.language_info == theirs.metadata.language_info
    assert set(ours.metadata.papermill) == set(theirs.metadata.papermill)


def _plain(cell: Any) -> Any:
    return cell.source, cell.get("outputs"), cell.execution_count, cell.metadata.papermill.status, set(cell.metadata)


@pytest.mark.parametrize(
    ("code", "error"),
    [("import os; os._exit(1)", DeadKernelError), ("import time; time.sleep(60)", CellTimeoutError)],
)
def test_a_cell_that_did_not_end_is_failed_and_the_rest_is_pending(tmp_path: Path, code: str, error: type) -> None:
    path = notebook(tmp_path / "in.ipynb", "print(1)", code, "print(2)")
    with pytest.raises(error):
        run(path, tmp_path / "out.ipynb", execution_timeout=1)
    assert statuses(tmp_path / "out.ipynb") == [ENDED, FAILED, PENDING]
    assert json.loads((tmp_path / "out.ipynb").read_text())["metadata"]["papermill"]["exception"] is True


def test_an_error_is_raised_and_saved_as_papermill_does(tmp_path: Path) -> None:
    path = notebook(tmp_path / "in.ipynb", "print(1)", "1 / 0", "print(2)")
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        run(path, tmp_path / "out.ipynb")
    found = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert [cell["metadata"].get("papermill", {}).get("status", "a banner") for cell in found] == [
        "a banner",
        "completed",
        "a banner",
        "failed",
        "pending",
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 1)])
def test_the_command_saves_what_there_is_when_it_is_ended(tmp_path: Path, number: int, code: int) -> None:
    path = notebook(
        tmp_path / "in.ipynb", "print('so far')", "open('up', 'w'); import time; time.sleep(300)", "print(2)"
    )
    command = [sys.executable, "-m", "papermill", "--engine", "nb2prod", "--no-progress-bar", path, "out.ipynb"]
    env = {**os.environ, "NB2PROD_WARM_SECONDS": "5"}
    command_line = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    assert until((tmp_path / "up").exists, 60)
    command_line.send_signal(number)
    assert command_line.wait(60) == code
    assert statuses(tmp_path / "out.ipynb") == [ENDED, FAILED, PENDING]
    assert json.loads((tmp_path / "out.ipynb").read_text())["cells"][0]["outputs"][0]["text"] == ["so far\n"]


def test_what_a_long_cell_has_said_is_saved_while_it_runs(tmp_path: Path) -> None:
    look = """print(open('out.ipynb').read().count('"status": "run' + 'ning"'))"""
    slow = f"import time\nfor i in range(2):\n    print(i, flush=True); time.sleep(1.3)\n{look}"
    done = run(notebook(tmp_path / "in.ipynb", "1", slow), tmp_path / "out.ipynb", cwd=str(tmp_path))
    assert "".join(output.text for output in done.cells[1].outputs) == "0\n1\n1\n"


def test_saving_is_sparing(tmp_path: Path) -> None:
    path = notebook(tmp_path / "in.ipynb", *["1"] * 5)
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    book.metadata.papermill = {}
    execution = Execution(book, output_path=str(tmp_path / "out.ipynb"), progress_bar=False)
    execution.notebook_start()
    saved = (tmp_path / "out.ipynb").stat().st_mtime_ns
    for index, cell in enumerate(book.cells):
        execution.cell_start(cell, index)
        execution.cell_complete(cell, index)
    assert (tmp_path / "out.ipynb").stat().st_mtime_ns == saved
    execution.notebook_complete()
    assert statuses(tmp_path / "out.ipynb") == [ENDED] * 5


def test_the_options_of_papermill_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = notebook(
        tmp_path / "in.ipynb", "import sys, os; print('out'); print('err', file=sys.stderr); print(os.getcwd())"
    )
    out, err = StringIO(), StringIO()
    (tmp_path / "there").mkdir()
    caplog.set_level("INFO")
    run(
        path,
        tmp_path / "out.ipynb",
        cwd=str(tmp_path / "there"),
        stdout_file=out,
        stderr_file=err,
        log_output=True,
        autosave_cell_every=0,
        request_save_on_cell_execute=False,
        start_timeout=50,
        report_mode=True,
        store_widget_state=False,
    )
    assert (out.getvalue(), err.getvalue()) == (f"out\n{tmp_path / 'there'}\n", "err\n")
    assert f"out\n{tmp_path / 'there'}\n" in [record.message for record in caplog.records]


def test_a_kernel_that_takes_too_long_to_start_is_told(tmp_path: Path) -> None:
    path = notebook(tmp_path / "in.ipynb", "1")
    with pytest.raises(RuntimeError, match=r"did not start: it did not listen in 0 s"):
        run(path, tmp_path / "out.ipynb", start_timeout=0)
    assert statuses(tmp_path / "out.ipynb") == [PENDING]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target, link = tmp_path / "kept.txt", tmp_path / "link.txt"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_whole("new", link)
    assert (target.read_text(), target.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o640, True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole("x" * 2000, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (target.read_text(), sorted(path.name for path in tmp_path.iterdir())) == ("new", ["kept.txt", "link.txt"])
    with pytest.raises(FileNotFoundError, match="doesn't exist"):
        write_whole("x", tmp_path / "no" / "x.txt")
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE, text=True)
    write_whole("through", tmp_path / "pipe")
    assert reader.communicate()[0] == "through"
