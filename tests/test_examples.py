"""Each example runs as a notebook, converts, verifies equal, and runs as a pipeline."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "example_notebooks"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))
PARAMETERS = {
    "churn": ("test_size", "0.3"),
    "clustering": ("max_clusters", "4"),
    "diabetes_regression": ("seed", "12"),
    "forecasting": ("horizon", "24"),
    "untagged": ("test_size", "0.4"),
}


def nb2prod(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nb2prod", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_examples_are_committed_without_outputs() -> None:
    for name in NAMES:
        cells = json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)
        assert all(re.fullmatch(r"[a-z]+-\d\d", cell["id"]) for cell in cells)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs_in_a_kernel(name: str, tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_example_converts_verifies_equal_and_runs(name: str, tmp_path: Path) -> None:
    notebook = tmp_path / f"{name}.ipynb"
    shutil.copy(EXAMPLES / notebook.name, notebook)
    if name == "untagged":
        assert nb2prod("tag", notebook, "--write", folder=tmp_path).returncode == 0

    converted = nb2prod("convert", notebook, "-o", "project", "--no-record", folder=tmp_path)
    assert (converted.returncode, converted.stdout) == (0, "wrote project\n"), converted.stderr

    verified = nb2prod("verify", "project", folder=tmp_path)
    assert verified.returncode == 0, verified.stdout

    parameter = "=".join(PARAMETERS[name])
    for target in ("project", notebook):
        ran = nb2prod("run", target, "-p", parameter, "-o", "runs", folder=tmp_path)
        assert ran.returncode == 0, ran.stdout + ran.stderr
