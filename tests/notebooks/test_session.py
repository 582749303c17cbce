"""A run of a notebook for a conversion is ended by INT and TERM, and its kernel with it."""

import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from kernels.cells import lives, until

pytestmark = pytest.mark.slow
SOURCE = """\
import os, pathlib, time
pathlib.Path({note!r}).write_text(str(os.getpid()))
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 130, "\ninterrupted\n"), (signal.SIGTERM, -signal.SIGTERM, "")]
)
def test_a_conversion_that_is_ended_writes_nothing(tmp_path: Path, number: int, code: int, said: str) -> None:
    note = tmp_path / "note"
    cell = nbformat.v4.new_code_cell(SOURCE.format(note=str(note)), metadata={"tags": ["step:wait"]})  # type: ignore[no-untyped-call]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "n.ipynb")  # type: ignore[no-untyped-call]
    command = [sys.executable, "-m", "nb2prod", "convert", "n.ipynb", "-o", "made"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as conversion:
        assert until(lambda: note.exists() and note.read_text() != "")
        kernel = int(note.read_text())
        assert lives(kernel)
        conversion.send_signal(number)
        _, told = conversion.communicate(timeout=60)
    assert (conversion.returncode, told) == (code, "running the notebook: cell 1 of 1\n" + said)
    assert until(lambda: not lives(kernel))
    assert not (tmp_path / "made").exists()
