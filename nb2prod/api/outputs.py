"""What runs left on disks and in buckets, removed when the runs are."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from nb2prod.store import Pruned

__all__ = ["remove_outputs"]


def remove_outputs(gone: Pruned) -> list[tuple[str, str]]:
    """The places that could not be removed, each with the reason. What is gone already is no trouble."""
    return [*_remove_folders(gone), *_remove_files(gone)]


def _remove_folders(gone: Pruned) -> Iterator[tuple[str, str]]:
    here = socket.gethostname()
    for host, folder in gone.folders:
        if host != here:
            yield f"{host}:{folder}", "it is on another host"
            continue
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield folder, error.strerror or str(error)
        _remove_if_empty(Path(folder).parent)


def _remove_files(gone: Pruned) -> Iterator[tuple[str, str]]:
    for url in gone.artifacts:
        try:
            _remove_file(url)
        except FileNotFoundError:
            continue
        except (
            Exception
        ) as error:  # a file system of fsspec raises what it likes, and the others are to go all the same
            yield url, str(error) or type(error).__name__


def _remove_file(url: str) -> None:
    if "://" not in url:
        Path(url).unlink()
        _remove_if_empty(Path(url).parent)
        return
    import fsspec

    system, path = fsspec.core.url_to_fs(url)
    system.rm_file(path)
    if url.startswith("file://"):
        _remove_if_empty(Path(path).parent)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # others are in it, or it is not ours
