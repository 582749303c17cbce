"""Their environments, made once by tools/orchestrators and kept in .cache."""

import fcntl
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def python_with(name: str) -> Path:
    """The Python that has airflow or kfp. Tests that come at once wait for the first to make it."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([ROOT / "tools" / "orchestrators", name], check=True, timeout=900)
    return ROOT / ".cache" / name / "bin" / "python"
