"""The wheel in a clean environment gives an nb2prod that works."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CELLS = (("parameters", "size = 3"), ("step:count", "rows = list(range(size))"), ("step:add", "total = sum(rows)"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that has the wheel and what it asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", str(folder))
    python = str(folder / "bin" / "python")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    by_uv = uv and run(uv, "pip", "install", "--quiet", "--python", python, str(wheel), check=False).returncode == 0
    if not by_uv:
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    return folder / "bin"


def test_the_wheel_has_the_package_with_its_templates_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "nb2prod").rglob("*")
        if path.suffix in (".py", ".j2", ".toml")
    }
    assert ours | {"nb2prod/py.typed"} == {name for name in names if ".dist-info/" not in name and ".data/" not in name}


def test_help(clean: Path) -> None:
    assert run(str(clean / "nb2prod"), "--help").stdout.startswith("Usage: nb2prod [OPTIONS] COMMAND [ARGS]...")


def test_a_notebook_is_converted_verified_and_run(clean: Path, tmp_path: Path) -> None:
    write_notebook(tmp_path / "little.ipynb")
    command = str(clean / "nb2prod")
    run(command, "convert", "little.ipynb", "-o", "little", folder=tmp_path)
    run(command, "verify", "little", folder=tmp_path)
    run(command, "run", "little", "-p", "size=4", folder=tmp_path)
    code = "from little.pipeline import run, Parameters; print(run(Parameters(size=5), lambda f, *a, **k: f(*a, **k)))"
    done = run(str(clean / "python"), "-c", code, folder=tmp_path, PYTHONPATH=str(tmp_path / "little" / "src"))
    assert done.stdout == "Results(total=10)\n"


def test_nbconvert_knows_the_converter(clean: Path, tmp_path: Path) -> None:
    write_notebook(tmp_path / "little.ipynb")
    run(str(clean / "jupyter"), "nbconvert", "--to", "nb2prod", "little.ipynb", folder=tmp_path)
    assert [path.parent.parent.name for path in tmp_path.rglob("pipeline.py")] == ["src"]


def write_notebook(path: Path) -> None:
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {"tags": [tag]},
            "outputs": [],
            "source": source,
        }
        for number, (tag, source) in enumerate(CELLS)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def run(
    *command: str, folder: Path | None = None, check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=folder, env={**kept, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done
