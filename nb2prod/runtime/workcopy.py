"""A copy of a working folder, so that a run can write where it likes and the original stays as it is."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["LIMIT", "FolderTooLarge", "copy_folder", "levels_above"]

LIMIT = 500 * 2**20  # bytes
_MOST_FILES = 50_000  # of folders above
_HIGHEST = 3
_UP = r"(?:(?<![\w.])\.\.(?![\w.])|\bos\.(?:path\.)?pardir\b)"
_ABOVE = re.compile(rf"{_UP}(?:[\s\"',/\\()]+{_UP})*|(?:\.parent\b)+")
_ONE = re.compile(r"\.\.|pardir|parent")
_PARENTS = re.compile(r"\.parents\[(\d)\]")
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


def levels_above(code: str) -> int:
    """How many folders above the working folder code may look into: 2 for `open("../../data.csv")`."""
    steps = (len(_ONE.findall(run[0])) for run in _ABOVE.finditer(code))
    numbered = (int(number) + 1 for number in _PARENTS.findall(code))
    return min(max((*steps, *numbered), default=0), _HIGHEST)


def copy_folder(source: Path, target: Path, leave_out: Iterable[Path] = (), levels: int = 0) -> Path:
    """Copy the files of `source` into the new folder `target`; gives where they are now, which is `target` itself but
    with `levels`.

    With `levels`, so many folders above `source` are copied with all that is in them, so that `..` leads to the same
    files; fewer where they hold too much. Left out are version control, environments, caches, runs, projects made by
    nb2prod, and the folders `leave_out`. Raises FolderTooLarge before anything is copied.
    """
    source = source.resolve()
    others = {path.resolve() for path in leave_out} | {target.resolve()}
    files = list(_within_limit(source, others))
    top = source
    for above in reversed([folder for folder in source.parents[:levels] if folder.name]):  # the root has none
        try:
            around = list(_within_limit(above, others, _MOST_FILES))
        except FolderTooLarge:
            continue
        top, files = above, list(dict.fromkeys([*around, *files]))
        break
    copy = target / source.relative_to(top)
    copy.mkdir(parents=True)
    for file in files:
        place = target / file.relative_to(top)
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.nullcontext() if file.is_relative_to(source) else contextlib.suppress(OSError):
            shutil.copy2(file, place)  # what stands above may be others', and not for us to read
    return copy


def _within_limit(folder: Path, others: set[Path], most: int = 0) -> Iterator[Path]:
    size = 0
    for count, file in enumerate(_files(folder, others), 1):
        with contextlib.suppress(OSError):  # it went
            size += file.stat().st_size
        if size > LIMIT or (most and count > most):
            raise FolderTooLarge(folder, size)
        yield file


def _files(folder: Path, others: set[Path]) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not _is_left_out(here / name, others)]
        yield from (here / name for name in files if (here / name).is_file())


def _is_left_out(folder: Path, others: set[Path]) -> bool:
    return folder.resolve() in others or (folder / _LOCK).is_file() or (folder / "pyvenv.cfg").is_file()
