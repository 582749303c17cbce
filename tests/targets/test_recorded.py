"""A project converted with a recording tests itself against the values of its notebook."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden.regen import GOLDEN

from nb2prod.api.convert import convert


def own_tests(project: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "tests/test_pipeline.py"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_changed_step_fails_the_project_s_own_test(tmp_path: Path) -> None:
    notebook = Path(shutil.copy(GOLDEN / "captures" / "notebook.ipynb", tmp_path / "captures.ipynb"))
    project = tmp_path / "captures"
    assert convert(notebook, project).recorded
    as_converted = own_tests(project)
    assert as_converted.returncode == 0, as_converted.stdout

    step = project / "src" / "captures" / "steps" / "price.py"
    step.write_text(step.read_text().replace("base=1.5", "base=1.6"))
    changed = own_tests(project)
    assert changed.returncode == 1
    assert "price: prices: " in changed.stdout
