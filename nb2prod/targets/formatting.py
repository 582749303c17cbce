"""Rendered files as they are written: each Python file compiles, its imports are sorted, and it is formatted."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def format_files(files: Mapping[str, str], line_length: int = 100) -> dict[str, str]:
    """The files with each Python file formatted. A file that does not compile is an error of ours: SyntaxError."""
    python = [path for path in files if path.endswith(".py")]
    for path in python:
        compile(files[path], path, "exec", dont_inherit=True)
    with tempfile.TemporaryDirectory(prefix="nb2prod-") as folder:
        for path in python:
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path].encode())
        options = [
            "--isolated",
            "--no-cache",
            "--quiet",
            "--line-length",
            str(line_length),
            "--target-version",
            "py311",
        ]
        _ruff(["check", "--select", "I", "--fix", "--exit-zero", *options], folder)
        _ruff(["format", *options], folder)
        return {path: Path(folder, path).read_bytes().decode() if path in python else files[path] for path in files}


def _ruff(arguments: list[str], folder: str) -> None:
    """In the folder itself, so that ruff knows the package in `src` as the project's own."""
    subprocess.run([sys.executable, "-m", "ruff", *arguments, "."], cwd=folder, check=True)
