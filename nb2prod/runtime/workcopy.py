"""A copy of a working folder, so that a run can write where it likes and the original stays as it is."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["LIMIT", "FolderTooLarge", "copy_folder"]

LIMIT = 500 * 2**20  # bytes
_LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints", "runs", ".cache"}
    | {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".tox", ".nox"}
)
_LOCK = "nb2prod.lock.json"


class FolderTooLarge(Exception):
    """Copying would take too much room; the text says how much and of what."""

    def __init__(self, folder: Path, size: int) -> None:
        limit = LIMIT // 2**20
        super().__init__(f"{folder} holds more than {limit} MB ({size // 2**20} MB were counted): not copied")
        self.folder = folder


def copy_folder(source: Path, target: Path, leave_out: Iterable[Path] = ()) -> None:
    """Copy the files of `source` into the new folder `target`.

    Left out are version control, environments, caches, runs, projects made by nb2prod, and the folders `leave_out`.
    Raises FolderTooLarge before anything is copied.
    """
    others = {path.resolve() for path in leave_out} | {target.resolve()}
    files = list(_files(source.resolve(), others))
    size = 0
    for file in files:
        size += file.stat().st_size
        if size > LIMIT:
            raise FolderTooLarge(source, size)
    target.mkdir(parents=True)
    for file in files:
        place = target / file.relative_to(source.resolve())
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)


def _files(folder: Path, others: set[Path]) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not _is_left_out(here / name, others)]
        yield from (here / name for name in files if (here / name).is_file())


def _is_left_out(folder: Path, others: set[Path]) -> bool:
    return folder.resolve() in others or (folder / _LOCK).is_file() or (folder / "pyvenv.cfg").is_file()
