"""A copy of the notebook's folder, so that running it leaves nothing behind."""

from collections.abc import Iterable
from pathlib import Path

from nb2prod.errors import InvalidOption
from nb2prod.runtime.workcopy import FolderTooLarge, copy_folder

__all__ = ["copied"]


def copied(workdir: Path, target: Path, leave_out: Iterable[Path]) -> Path:
    """`target`, filled. Raises InvalidOption."""
    if not workdir.is_dir():
        raise InvalidOption(str(workdir), "there is no such folder; say where the code's paths start with --workdir")
    try:
        copy_folder(workdir, target, leave_out)
    except FolderTooLarge as error:
        raise InvalidOption("--workdir", f"{error}; name a folder that holds only what the notebook reads") from error
    return target
