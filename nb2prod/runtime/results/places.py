"""Where artifacts are: files by name under one root, each whole or not there at all.

Folder        this machine's files
remote.Bucket any fsspec URL, in a module of its own, for fsspec is not quick to import
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

__all__ = ["ArtifactsUnreachable", "File", "Folder", "Place", "safe"]

_NEW = ".new-"


class ArtifactsUnreachable(OSError):
    """They cannot be read or written now; `errno` is the system's. The text says what and where."""

    def __init__(self, doing: str, where: str, error: BaseException) -> None:
        number = getattr(error, "errno", None)
        said = getattr(error, "strerror", None) or str(error).split("\n")[0][:300] or type(error).__name__
        super().__init__(number, f"cannot {doing} in the artifacts {where}: {said}{_HINTS.get(number or 0, '')}")

    def __str__(self) -> str:
        return str(self.strerror)


_HINTS = {
    errno.ENOSPC: "; free some space there, or `nb2prod cache prune --max-size` what is not needed",
    errno.EDQUOT: "; free some space there, or `nb2prod cache prune --max-size` what is not needed",
    errno.EACCES: "; let this user write there, or choose another place for the artifacts",
    errno.EROFS: "; choose another place for the artifacts",
}


@dataclass(frozen=True)
class File:
    """`changed` is in seconds since the epoch, by the clock of whoever keeps it."""

    name: str
    size: int
    changed: float


class Place(Protocol):
    where: str
    moved: int  # bytes that came from elsewhere or went there
    is_here: bool

    def read(self, name: str) -> bytes | None: ...
    def write(self, name: str, content: bytes, *, durable: bool) -> None: ...
    def opened(self, name: str) -> BinaryIO | None: ...
    def about(self, name: str) -> File | None: ...
    def touch(self, name: str) -> bool:
        """It is needed still: a collector looks at when it changed. False when it is gone."""

    def remove(self, name: str) -> None: ...
    def remove_unless_used(self, name: str, since: float) -> None:
        """Leave what was touched or written after that."""

    def drop_near(self, name: str) -> bool:
        """Forget a local copy that is not what it should be. True when there was one."""

    def files(self, folder: str) -> Iterator[File]:
        """All below the folder; those that are being written have no name yet."""

    @contextmanager
    def new(self) -> Iterator["NewFile"]:
        """A file to write to; it is gone after the `with` unless it was kept."""

    def sweep(self, before: float) -> None:
        """Remove what those left that died while they wrote, if it is older than that."""


class NewFile(Protocol):
    file: BinaryIO

    def keep(self, name: str, *, durable: bool) -> None: ...


class Folder:
    """Of this machine."""

    is_here = True

    def __init__(self, root: Path) -> None:
        self.root, self.moved = root.absolute(), 0
        self.where = str(self.root)
        self._made: set[str] = set()

    def path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def read(self, name: str) -> bytes | None:
        file = self.opened(name)
        if file is None:
            return None
        with file:
            return file.read()

    def opened(self, name: str) -> BinaryIO | None:
        try:
            return open(self.path(name), "rb")  # noqa: PTH123 - the caller closes it
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise ArtifactsUnreachable(f"read {name}", self.where, error) from error

    def write(self, name: str, content: bytes, *, durable: bool) -> None:
        with self.new() as new:
            new.file.write(content)
            new.keep(name, durable=durable)

    def about(self, name: str) -> File | None:
        try:
            found = os.stat(self.path(name))  # noqa: PTH116 - of each input of each step
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ArtifactsUnreachable(f"look at {name}", self.where, error) from error
        return File(name, found.st_size, found.st_mtime)

    def touch(self, name: str) -> bool:
        try:
            os.utime(self.path(name))
        except FileNotFoundError:
            return False
        except OSError:  # somebody else's file, or a folder that is only read: it is there
            return self.about(name) is not None
        return True

    def remove(self, name: str) -> None:
        Path(self.path(name)).unlink(missing_ok=True)

    def remove_unless_used(self, name: str, since: float) -> None:
        """Out of reach first, then looked at again: who touches it in between makes it stay, or finds it gone."""
        path, aside = self.path(name), self.path(f"{_NEW}gone-{os.urandom(6).hex()}")
        with suppress(FileNotFoundError):
            if os.stat(path).st_mtime > since:  # noqa: PTH116
                return
            os.rename(path, aside)  # noqa: PTH104
            if os.stat(aside).st_mtime > since and not os.path.exists(path):  # noqa: PTH110, PTH116
                os.rename(aside, path)  # noqa: PTH104
            else:
                os.unlink(aside)  # noqa: PTH108

    def drop_near(self, name: str) -> bool:  # noqa: ARG002 - all of it is near
        return False

    def files(self, folder: str) -> Iterator[File]:
        for path in sorted((self.root / folder).rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if not path.name.startswith(_NEW) and path.is_file() and (found := self.about(name)):
                yield found

    @contextmanager
    def new(self) -> Iterator["_NewFile"]:
        path = self.path(f"{_NEW}{os.getpid()}-{os.urandom(6).hex()}")
        try:
            self._make(str(self.root))
            with open(path, "w+b") as file:  # noqa: PTH123
                yield _NewFile(self, file, path)
        except ArtifactsUnreachable:
            raise
        except OSError as error:
            raise ArtifactsUnreachable("write", self.where, error) from error
        finally:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108

    def sweep(self, before: float) -> None:
        for path in self.root.glob(f"{_NEW}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            self._made.add(folder)

    def adopt(self, path: str, name: str) -> None:
        target = self.path(name)
        folder = os.path.dirname(target)  # noqa: PTH120
        self._make(folder)
        try:
            os.replace(path, target)  # noqa: PTH105
        except FileNotFoundError:  # somebody cleared the folder meanwhile
            self._made.clear()
            self._make(folder)
            os.replace(path, target)  # noqa: PTH105


class _NewFile:
    def __init__(self, folder: Folder, file: BinaryIO, path: str) -> None:
        self.file, self._folder, self.path = file, folder, path

    def keep(self, name: str, *, durable: bool) -> None:
        self.file.flush()
        if durable:
            os.fsync(self.file.fileno())
        self._folder.adopt(self.path, name)
        if durable:
            _settle(os.path.dirname(self._folder.path(name)))  # noqa: PTH120


def safe(name: str) -> str:
    """Raises ValueError for a name that would lead out of the root."""
    parts = name.split("/")
    if not name or any(part in ("", ".", "..") or part.startswith(_NEW) or "\\" in part for part in parts):
        raise ValueError(f"{name!r} is no name for an artifact")
    return name


def younger(file: File, seconds: float) -> bool:
    return file.changed > time.time() - seconds


def _settle(folder: str) -> None:
    """A rename outlives a power cut when the folder is on the disk too."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
