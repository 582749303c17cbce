"""Files that appear whole, on this machine or at any URL that fsspec knows."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # fsspec's file systems

from nb2prod.execution.output_paths import is_local, local_path
from nb2prod.runtime.files import write_bytes

__all__ = ["NotWritten", "Written", "write_whole"]

# a put shows the new object when all of it is there, and the old one until then
_ATOMIC_PUTS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "memory"})


@dataclass(frozen=True, kw_only=True)
class Written:
    url: str
    sha256: str
    size: int


class NotWritten(OSError):
    """What could not be written, and why; what was there before is still there."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(f"cannot write {url}: {reason}")


def write_whole(url: str, content: bytes) -> Written:
    """Raises NotWritten."""
    if is_local(url):
        _write_local(local_path(url), content)
    else:
        _write_remote(url, content)
    return Written(url=url, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _write_local(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise NotWritten(str(path), error.strerror or error) from error


def _write_remote(url: str, content: bytes) -> None:
    try:
        import fsspec

        files, path = fsspec.core.url_to_fs(url)
        _put(files, path, content)
    except Exception as error:  # each file system has exceptions of its own
        raise NotWritten(url, f"{type(error).__name__}: {error}") from error


def _put(files: Any, path: str, content: bytes) -> None:
    protocols = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
    if protocols & _ATOMIC_PUTS:
        files.pipe_file(path, content)
        return
    folder, _, name = path.rpartition("/")
    files.makedirs(folder, exist_ok=True)
    temporary = f"{folder}/.{name}.{secrets.token_hex(4)}.tmp"
    try:
        files.pipe_file(temporary, content)
        files.mv(temporary, path)
    except BaseException:
        if files.exists(temporary):
            files.rm_file(temporary)
        raise
