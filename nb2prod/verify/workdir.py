"""A copy of the notebook's folder, so that running it leaves nothing behind."""

from collections.abc import Iterable
from pathlib import Path

from nb2prod.errors import InvalidOption
from nb2prod.model.notebook import Notebook
from nb2prod.runtime.workcopy import FolderTooLarge, copy_folder, levels_above

__all__ = ["copied"]


def copied(workdir: Path, target: Path, leave_out: Iterable[Path], notebook: Notebook) -> Path:
    """The copy of `workdir`, in the new folder `target`, with the folders above that the notebook's code looks into.
    Raises InvalidOption."""
    if not workdir.is_dir():
        raise InvalidOption(str(workdir), "there is no such folder; say where the code's paths start with --workdir")
    try:
        return copy_folder(workdir, target, leave_out, levels_above(notebook.code))
    except FolderTooLarge as error:
        raise InvalidOption("--workdir", f"{error}; name a folder that holds only what the notebook reads") from error
