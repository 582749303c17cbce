"""Kubeflow's own compiler, in a process of its own: it reads the source of functions from their file."""

import subprocess
import sys
import tempfile
from pathlib import Path

from nb2prod.errors import Nb2ProdError

__all__ = ["NotCompiled", "compiled"]

_SECONDS = 120.0


class NotCompiled(Nb2ProdError):
    def __init__(self, said: str) -> None:
        super().__init__(f"kfp does not compile the pipeline: {' '.join(said.strip().splitlines()[-1:])}")


def compiled(source: str) -> str:
    """The YAML of a pipeline's source. Raises NotCompiled."""
    with tempfile.TemporaryDirectory(prefix="nb2prod-kfp-") as folder:
        path = Path(folder, "pipeline.py")
        path.write_text(source, encoding="utf-8")
        try:
            done = subprocess.run(
                [sys.executable, str(path)], capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotCompiled(f"it took longer than {_SECONDS:g} s") from None
        if done.returncode:
            raise NotCompiled(done.stderr)
        return path.with_suffix(".yaml").read_text(encoding="utf-8")
