"""Artifacts at an fsspec URL.

Stores of objects show a file when it is whole; in others it gets its name when it is. What was fetched or written is
kept near by its content, up to a size, so that data stays where it is used.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar  # Any: what fsspec gives

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.results.places import ArtifactsUnreachable, File, Folder

__all__ = ["Bucket"]

T = TypeVar("T")
_OBJECTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "r2"}
_EXTRA = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs"}
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "created", "modified")


class Bucket:
    """Credentials are those of the environment, as each fsspec library finds them."""

    is_here = False

    def __init__(self, url: str, near: Path | None, near_size: int) -> None:
        self.where, self.moved = url.rstrip("/"), 0
        protocol = url.partition("://")[0]
        self.atomic = protocol in _OBJECTS
        try:
            import fsspec

            self.system, self.root = fsspec.url_to_fs(self.where, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            need = f"; install {_EXTRA[protocol]}" if protocol in _EXTRA else ""
            raise ProjectError(f"cannot keep artifacts at {url}: {error}{need}") from error
        self.near = Folder(near) if near else None
        self.near_size, self._since = near_size, 0

    def path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def read(self, name: str) -> bytes | None:
        if self.near and _is_blob(name) and (found := self.near.read(name)) is not None:
            return found
        content: bytes | None = self._found("read", name, lambda: self.system.cat_file(self.path(name)))
        self.moved += len(content or b"")
        return content

    def opened(self, name: str) -> BinaryIO | None:
        if self.near and (file := self.near.opened(name)):
            self.near.touch(name)
            return file
        return self._fetched(name)

    def write(self, name: str, content: bytes, *, durable: bool) -> None:  # noqa: ARG002 - of theirs to say
        path = self.path(name)
        self._done("write", name, lambda: self._appear(path, lambda to: self.system.pipe_file(to, content)))
        self.moved += len(content)

    def about(self, name: str) -> File | None:
        found = self._found("look at", name, lambda: self.system.info(self.path(name)))
        return None if found is None or found["type"] == "directory" else _file(name, found)

    def touch(self, name: str) -> bool:
        """An entry is written again. A blob is not: who would keep it again writes it."""
        if _is_blob(name):
            return False
        content = self.read(name)
        if content is not None:
            self.write(name, content, durable=False)
        return content is not None

    def remove(self, name: str) -> None:
        if self.near:
            self.near.remove(name)
        self._found("remove", name, lambda: self.system.rm_file(self.path(name)))

    def remove_unless_used(self, name: str, since: float) -> None:
        found = self.about(name)
        if found is not None and found.changed <= since:
            self.remove(name)

    def drop_near(self, name: str) -> bool:
        there = self.near is not None and self.near.about(name) is not None
        if self.near:
            self.near.remove(name)
        return there

    def files(self, folder: str) -> Iterator[File]:
        self.system.invalidate_cache()
        found = self._found("list", folder, lambda: self.system.find(self.path(folder), detail=True)) or {}
        start = len(self.system._strip_protocol(self.root)) + 1
        for path, about in sorted(found.items()):
            name = path[start:]
            if about["type"] == "file" and not name.rpartition("/")[2].startswith(".new-"):
                yield _file(name, about)

    @contextmanager
    def new(self) -> Iterator["_Upload"]:
        if self.near is None:
            with tempfile.NamedTemporaryFile(prefix="nb2prod-") as file:
                yield _Upload(self, file, file.name, lambda _: None)
            return
        with self.near.new() as new:
            yield _Upload(self, new.file, new.path, lambda name: self._keep_near(new, name))

    def sweep(self, before: float) -> None:
        found = self._found("list", "", lambda: self.system.find(self.root, detail=True)) or {}
        for path, about in found.items():
            if path.rpartition("/")[2].startswith(".new-") and _changed(about) < before:
                self._found("remove", path, lambda path=path: self.system.rm_file(path))  # type: ignore[misc]

    def upload(self, source: str, name: str) -> None:
        path = self.path(name)
        self._done("write", name, lambda: self._appear(path, lambda to: self.system.put_file(source, to)))
        self.moved += os.stat(source).st_size  # noqa: PTH116

    def _fetched(self, name: str) -> BinaryIO | None:
        if self.near is None:
            with ExitStack() as stack:
                file = stack.enter_context(tempfile.TemporaryFile(prefix="nb2prod-"))
                if self._fetch(name, file) is None:
                    return None
                stack.pop_all()  # the caller closes it
                return file
        with self.near.new() as new:
            if self._fetch(name, new.file) is None:
                return None
            self._keep_near(new, name)
        return self.near.opened(name)

    def _fetch(self, name: str, file: Any) -> int | None:
        def copy() -> int:
            with self.system.open(self.path(name), "rb") as source:
                shutil.copyfileobj(source, file, 1 << 22)
            return int(file.tell())

        size = self._found("read", name, copy)
        self.moved += size or 0
        file.seek(0)
        return size

    def _keep_near(self, new: Any, name: str) -> None:
        new.keep(name, durable=False)
        assert self.near is not None
        about = self.near.about(name)
        self._since += about.size if about else 0
        if self._since > self.near_size // 10:
            self._since = 0
            _trim(self.near, self.near_size)

    def _appear(self, path: str, write: Callable[[str], None]) -> None:
        """Whole or not there, as far as the store allows."""
        if self.atomic:
            return write(path)
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        folder, _, name = path.rpartition("/")
        passing = f"{folder}/.new-{os.urandom(6).hex()}-{name}"
        try:
            write(passing)
            self.system.mv(passing, path)
        except BaseException:
            self._quietly(lambda: self.system.rm_file(passing))
            raise
        return None

    def _quietly(self, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception:  # what went wrong before it is what is told
            return

    def _found(self, doing: str, name: str, do: Callable[[], T]) -> T | None:
        """None when it is not there."""
        try:
            return do()
        except FileNotFoundError:
            return None
        except Exception as error:  # libraries raise what they like
            raise ArtifactsUnreachable(f"{doing} {name}", self.where, error) from error

    def _done(self, doing: str, name: str, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as error:  # as above; and here a bucket that is not there is trouble too
            raise ArtifactsUnreachable(f"{doing} {name}", self.where, error) from error


class _Upload:
    def __init__(self, bucket: Bucket, file: Any, path: str, kept: Callable[[str], None]) -> None:
        self.file, self._bucket, self._path, self._kept = file, bucket, path, kept

    def keep(self, name: str, *, durable: bool) -> None:  # noqa: ARG002 - of theirs to say
        self.file.flush()
        self._bucket.upload(self._path, name)
        self._kept(name)


def _is_blob(name: str) -> bool:
    return name.startswith("blobs/")


def _trim(near: Folder, size: int) -> None:
    """The ones that were used last stay."""
    left = size
    for file in sorted(near.files("blobs"), key=lambda file: file.changed, reverse=True):
        left -= file.size
        if left < 0:
            near.remove(file.name)
    near.sweep(time.time() - 86400)


def _file(name: str, about: Any) -> File:
    return File(name, int(about.get("size") or 0), _changed(about))


def _changed(about: Any) -> float:
    """A store that does not say is taken to keep all of it as new."""
    found = next((about[key] for key in _TIMES if about.get(key) is not None), None)
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    if isinstance(found, datetime):
        return found.timestamp()
    return float(found) if found is not None else time.time()
