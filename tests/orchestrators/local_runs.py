"""The same projects without an orchestrator."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON


def nb2prod(*words: str | Path, python: Path | None = None) -> None:
    """Our command, which must go well; by another Python's nb2prod where one is given."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [str(python or sys.executable), "-m", "nb2prod", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def local_metrics(project: Path, **parameters: str) -> Mapping[str, Any]:
    """Of a run in one process, which knows nothing of what others computed."""
    runs = project / "local"
    given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    command = [sys.executable, "-m", "nb2prod.runtime", str(project), "--runs", str(runs), "--run-id", "local", *given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: Mapping[str, Any] = json.loads((runs / "local" / "run.json").read_text(encoding="utf-8"))["metrics"]
    return found
