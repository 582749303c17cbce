"""The golden notebooks give the projects beside them, and those projects pass what they ask of themselves."""

import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden.regen import GOLDEN, NAMES, expected_files, project_of

HOW = "read the difference; when it is wanted: python tests/golden/regen.py"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_gives_its_golden_project(name: str) -> None:
    made, expected = project_of(name).files, expected_files(name)
    difference = [
        line
        for path in sorted({*made, *expected})
        for line in difflib.unified_diff(
            expected.get(path, "").splitlines(), made.get(path, "").splitlines(), f"expected/{path}", path, lineterm=""
        )
    ]
    assert difference == [], "\n".join([HOW, *difference])
    assert made == expected


def test_the_same_notebook_gives_the_same_bytes() -> None:
    assert project_of("churn") == project_of("churn")


def test_ruff_has_nothing_to_say() -> None:
    for name in NAMES:
        for command in (["check"], ["format", "--check"]):
            done = run_in(GOLDEN / name / "expected", "ruff", *command, "--no-cache", ".")
            assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_mypy_follows_the_wiring(name: str, tmp_path: Path) -> None:
    done = run_in(GOLDEN / name / "expected", "mypy", "--cache-dir", str(tmp_path), "src", "tests")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_mypy_sees_a_step_that_is_called_wrongly(tmp_path: Path) -> None:
    project = copied("captures", tmp_path)
    story = project / "src/captures/pipeline.py"
    story.write_text(story.read_text().replace("step(price, parcels, limit, ", "step(price, parcels, "))
    done = run_in(project, "mypy", "--cache-dir", str(tmp_path / "cache"), "src")
    assert done.returncode == 1
    assert 'error: Missing positional argument "limit" in call to "__call__" of "StepRunner"' in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_its_own_tests_pass(name: str, tmp_path: Path) -> None:
    done = run_in(copied(name, tmp_path), "pytest", "-q", "-W", "error::SyntaxWarning")
    assert done.returncode == 0, done.stdout


def copied(name: str, folder: Path) -> Path:
    """The project with the notebook's folder around it, where tests may write."""
    shutil.copytree(GOLDEN / name, folder / name)
    return folder / name / "expected"


def run_in(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for name in [name for name in environment if name.startswith("PYTEST_")]:
        del environment[name]
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
