"""A project on disk: whole or not at all, and never over what a user wrote."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import FolderNotOurs
from nb2prod.model.project import Project

LOCK = "nb2prod.lock.json"
FINGERPRINTS = "tests/fingerprints.json"
_NEVER_MERGED = {LOCK, FINGERPRINTS}


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What a folder's generated files become. A text of None is a file that goes."""

    files: Mapping[str, str | None]
    conflicts: tuple[str, ...] = ()


def write_project(project: Project, folder: Path, base: Project | None = None) -> tuple[str, ...]:
    """Write and give the paths with conflicts. `base` is the project as generated last time, if it can be made."""
    check_folder(folder)
    folder = folder.absolute()  # `-o .` has a parent and a name too
    present = _texts(folder, {*project.files, *(base.files if base else ())})
    merge = merged(project.files, present, base.files if base else {})
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as place:
            _replace(folder, Path(place), merge)
    except OSError as error:
        raise FolderNotOurs(folder, f"{error.strerror or error}; choose a folder that you can write") from error
    return merge.conflicts


def merged(new: Mapping[str, str], present: Mapping[str, str], base: Mapping[str, str]) -> Merge:
    """The three-way merge of all files. A file that the user deleted stays deleted when it did not change."""
    files: dict[str, str | None] = {}
    conflicts = []
    for path in sorted({*new, *present}):
        ours, theirs, was = present.get(path), new.get(path), base.get(path)
        if path in _NEVER_MERGED or ours in (was, theirs):
            files[path] = theirs
        elif ours is None or theirs is None:
            if theirs is not None and theirs != was:
                files[path] = theirs
        else:
            files[path], clean = _merge_text(ours, was or "", theirs)
            conflicts += [] if clean else [path]
    return Merge(files=files, conflicts=tuple(conflicts))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def check_folder(folder: Path) -> None:
    """Raises FolderNotOurs when a project could not be written there."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderNotOurs(folder, "it is not a folder; choose another place with -o")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LOCK).is_file():
        raise FolderNotOurs(folder, "it holds files that nb2prod did not write; choose an empty or new folder")
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise FolderNotOurs(folder, f"{there} cannot be written; choose a folder that you can write")


def _texts(folder: Path, paths: set[str]) -> dict[str, str]:
    return {path: (folder / path).read_bytes().decode() for path in sorted(paths) if (folder / path).is_file()}


def _merge_text(ours: str, base: str, theirs: str) -> tuple[str, bool]:
    with tempfile.TemporaryDirectory(prefix="nb2prod-") as place:
        names = {"yours": ours, "before": base, "generated": theirs}
        for name, text in names.items():
            Path(place, name).write_bytes(text.encode())
        labels = [word for name in names for word in ("-L", name)]
        command = ["git", "merge-file", "-p", *labels, *names]
        try:
            done = subprocess.run(command, cwd=place, capture_output=True, check=False)
        except FileNotFoundError:
            return f"<<<<<<< yours\n{ours}=======\n{theirs}>>>>>>> generated\n", False
    if done.returncode < 0 or done.returncode > 127:
        return f"<<<<<<< yours\n{ours}=======\n{theirs}>>>>>>> generated\n", False
    return done.stdout.decode(), done.returncode == 0


def _replace(folder: Path, place: Path, merge: Merge) -> None:
    """Build the whole folder beside the old one, then swap by renaming."""
    fresh, old = place / "new", place / "old"
    if folder.exists():
        shutil.copytree(folder, fresh, symlinks=True)
    for path, text in merge.files.items():
        target = fresh / path
        if text is None:
            target.unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(text.encode())
            os.fsync(file.fileno())
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(old)
    try:
        fresh.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
