"""The wheel in a clean environment gives an nb2prod that works."""

import json
import os
import re
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
    return environment_with(folder, str(wheel))


@pytest.fixture(scope="module")
def jupyter(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that has JupyterLab too."""
    return environment_with(tmp_path_factory.mktemp("jupyter"), str(wheel), "jupyterlab")


def test_the_wheel_has_the_package_with_its_templates_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "nb2prod").rglob("*")
        if path.suffix in (".py", ".j2", ".toml")
    }
    assert ours | {"nb2prod/py.typed"} == {name for name in names if ".dist-info/" not in name and ".data/" not in name}


def test_the_wheel_has_what_jupyter_looks_for(wheel: Path) -> None:
    names = [name.partition(".data/data/")[2] for name in zipfile.ZipFile(wheel).namelist() if ".data/" in name]
    built = ROOT / "nb2prod" / "labextension"
    ours = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()} | {"install.json"}
    assert set(names) == {
        "etc/jupyter/jupyter_server_config.d/nb2prod.json",
        *(f"share/jupyter/labextensions/nb2prod/{name}" for name in ours),
    }


def test_jupyterlab_has_the_extension_without_nodejs_until_it_is_uninstalled(jupyter: Path, tmp_path: Path) -> None:
    def alone(*command: str) -> subprocess.CompletedProcess[str]:
        own = str(tmp_path)
        return run(str(jupyter / command[0]), *command[1:], PATH=str(jupyter), HOME=own, JUPYTER_CONFIG_DIR=own)

    assert shutil.which("node", path=str(jupyter)) is None
    assert re.search(r"nb2prod v\S+ enabled OK", plain(alone("jupyter", "labextension", "list")))
    listed = plain(alone("jupyter", "server", "extension", "list"))
    assert "nb2prod.server enabled" in listed
    assert "nb2prod.server OK" in listed
    alone("python", "-m", "pip", "uninstall", "--yes", "--quiet", "nb2prod")
    assert [path for path in jupyter.parent.rglob("*nb2prod*") if "__pycache__" not in path.parts] == []


def environment_with(folder: Path, *requirements: str) -> Path:
    run(sys.executable, "-m", "venv", str(folder))
    python = str(folder / "bin" / "python")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    by_uv = uv and run(uv, "pip", "install", "--quiet", "--python", python, *requirements, check=False).returncode == 0
    if not by_uv:
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
    return folder / "bin"


def plain(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed, without colours, a space between words."""
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr))


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
