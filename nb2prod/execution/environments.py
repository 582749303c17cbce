"""The Python of a job: the one of nb2prod, one by its path or its virtual environment, or a kernelspec's."""

import sys
from pathlib import Path

from nb2prod.errors import InvalidOption

__all__ = ["python_of"]


def python_of(environment: str) -> tuple[str, str]:
    """A path of Python and "", or "" and the name of a kernelspec. Raises InvalidOption."""
    if environment.startswith("kernel:"):
        return "", environment.removeprefix("kernel:")
    if not environment:
        return sys.executable, ""
    place = Path(environment).expanduser()
    python = place / "bin" / "python" if place.is_dir() else place
    if not python.is_file():
        raise InvalidOption(
            "--environment",
            f"{environment} is neither a Python nor a virtual environment; give the path of one, or kernel:NAME",
        )
    return str(python.absolute()), ""  # links are not followed: a virtual environment's Python is one
