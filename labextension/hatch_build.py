"""Puts the JupyterLab extension into what is built: made here where its sources are newer, never left out in silence.

A wheel or an sdist without it is an error. An editable install of a checkout goes without it where it cannot be built,
and the server extension says so when JupyterLab starts. As a script: builds it where its sources are newer.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any  # build_data of hatchling

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NODE = (20, 19)
_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "src", "style", "schema")
_BUILT = "nb2prod/labextension"
_PLACE = "share/jupyter/labextensions/nb2prod"


class NotBuildable(RuntimeError):
    """Says what is missing, or what npm said."""


class LabExtensionHook(BuildHookInterface):  # type: ignore[type-arg]  # its configuration is of no interest
    """hatchling finds it by its base."""

    def dependencies(self) -> list[str]:
        return ["jupyter-builder>=1"] if is_stale(Path(self.root)) and why_not_buildable() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        try:
            bring_up_to_date(root)
        except NotBuildable as error:
            if version != "editable":
                raise
            self.app.display_warning(f"nb2prod is installed without its JupyterLab extension: {error}")
        if self.target_name == "wheel" and (root / _BUILT / "package.json").exists():
            build_data["shared_data"] |= {_BUILT: _PLACE, "labextension/install.json": f"{_PLACE}/install.json"}


def bring_up_to_date(root: Path) -> None:
    if is_stale(root):
        missing = why_not_buildable()
        if missing is not None:
            raise NotBuildable(missing)
        build(root / "labextension")


def is_stale(root: Path) -> bool:
    built = root / _BUILT / "package.json"
    if not built.exists():
        return True
    # an sdist holds what belongs to it, whatever times its files were given
    return not (root / "PKG-INFO").exists() and newest(root / "labextension") > built.stat().st_mtime


def newest(source: Path) -> float:
    given = (source / name for name in _SOURCES)
    files = (file for path in given for file in ([path] if path.is_file() else path.rglob("*")))
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)


def why_not_buildable() -> str | None:
    needed = f"building it needs Node.js {_NODE[0]}.{_NODE[1]} or newer with npm"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return f"{needed}, which are not on PATH"
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    numbers = re.match(r"v(\d+)\.(\d+)", told)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _NODE:
        return f"{needed}; {node} is {told or 'broken'}"
    return None


def build(source: Path) -> None:
    """Install npm's packages where the lock is newer than what is there, and build."""
    lock, there = source / "package-lock.json", source / "node_modules" / ".package-lock.json"
    if not there.exists() or lock.stat().st_mtime > there.stat().st_mtime:
        _npm(source, "ci", "--no-audit", "--no-fund", "--fetch-retries=5")
        there.touch()
    _npm(source, "run", "build")


def _npm(source: Path, *arguments: str) -> None:
    npm = shutil.which("npm") or "npm"
    # npm's script calls jupyter-builder, which stands beside this Python
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environ = {**os.environ, "PATH": path}
    done = subprocess.run([npm, *arguments], cwd=source, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotBuildable(f"npm {' '.join(arguments)} failed in {source}:\n{(done.stdout + done.stderr)[-4000:]}")


if __name__ == "__main__":
    try:
        bring_up_to_date(Path(__file__).parents[1])
    except NotBuildable as error:
        sys.exit(f"The JupyterLab extension cannot be built: {error}")
