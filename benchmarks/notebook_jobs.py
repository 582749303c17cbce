"""Wall time of a notebook job beside papermill, interleaved in one run: 1, 20 and 200 trivial cells.

Two commands (a Python starts each time), and three ways in one process that imported everything.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill

from nb2prod.execution.kernels.client import WarmNotebookClient
from nb2prod.execution.kernels.order import KernelOrder

SIZES = {1: 7, 20: 5, 200: 3}  # cells: rounds
MARKS = {1: 5, 200: 8}  # cells: how many times faster a warm run must be than the command papermill


def write(folder: Path, cells: int) -> Path:
    path = folder / f"in{cells}.ipynb"
    code = [nbformat.v4.new_code_cell(f"x{n} = {n}\nprint(x{n})\nx{n}") for n in range(cells)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel}), path)
    return path


def command(path: Path, output: Path, *options: str) -> None:
    line = [sys.executable, "-m", "papermill", "--no-progress-bar", *options, str(path), str(output)]
    subprocess.run(line, check=True, capture_output=True)


def in_process(path: Path, output: Path, engine: str | None) -> None:
    papermill.execute_notebook(str(path), str(output), engine_name=engine, progress_bar=False)


def client(path: Path, output: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    WarmNotebookClient(notebook, order=KernelOrder(cwd=str(path.parent))).execute()
    nbformat.write(notebook, output)


WAYS: dict[str, Callable[[Path, Path], None]] = {
    "papermill": command,
    "papermill --engine nb2prod": lambda path, output: command(path, output, "--engine", "nb2prod"),
    "in process: papermill": lambda path, output: in_process(path, output, None),
    "in process: engine nb2prod": lambda path, output: in_process(path, output, "nb2prod"),
    "in process: our client": client,
}


def seconds(way: Callable[[Path, Path], None], path: Path, output: Path) -> float:
    began = time.perf_counter()
    way(path, output)
    return time.perf_counter() - began


def outputs(path: Path) -> list[object]:
    """With what was printed in one piece: where a kernel parts it is a matter of time."""
    cells = nbformat.read(path, as_version=4).cells
    return [
        (
            "".join(output.get("text", "") for output in cell.outputs),
            [output.get("data") for output in cell.outputs][-1],
        )
        for cell in cells
    ]


def measure(folder: Path, cells: int, rounds: int) -> dict[str, float]:
    path = write(folder, cells)
    client(path, folder / "warm.ipynb")
    command(path, folder / "warm.ipynb", "--engine", "nb2prod")  # its environment has a server too
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            output = folder / "out.ipynb"
            taken[name].append(seconds(way, path, output))
            assert outputs(output) == outputs(folder / "warm.ipynb"), f"{name} gives other outputs"
    return {name: statistics.median(column) for name, column in taken.items()}


def main() -> None:
    """`notebook_jobs.py [ROUNDS]`: fewer rounds for a busy machine."""
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        for size, rounds in SIZES.items():
            medians = measure(Path(folder), size, min(rounds, int((*sys.argv[1:], rounds)[0])))
            for name, median in medians.items():
                times = medians["papermill"] / median
                print(f"{size:4} cells  {name:28} {median:8.3f} s {times:6.1f} x", flush=True)
            if medians["papermill"] < MARKS.get(size, 0) * medians["in process: our client"]:
                missed.append(f"{size} cells: a warm run is not {MARKS[size]} times faster than papermill")
    if missed:
        sys.exit("\n".join(missed))


if __name__ == "__main__":
    os.environ.setdefault("NB2PROD_WARM_SECONDS", "60")
    main()
