"""Rendered files as they are written: each Python file compiles, and `ruff format` has been over all at once."""

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
        command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--quiet"]
        options = ["--line-length", str(line_length), "--target-version", "py311", folder]
        subprocess.run([*command, *options], check=True)
        return {path: Path(folder, path).read_bytes().decode() if path in python else files[path] for path in files}
