"""Data in an object store or another file system that fsspec knows: s3, gs, az, sftp, hdfs, ..."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any  # fsspec has no types

from nb2prod.runtime.errors import ProjectError

__all__ = ["RemotePlace"]

# one PUT, or an upload in parts that appears when it is completed: nobody ever sees half of an object
_OBJECTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "memory", "oci"}
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
# what tells one content from another, in the words of each library; a time alone does not
_TAGS = ("VersionId", "ETag", "etag", "generation", "md5Hash", "content_md5")


class RemotePlace:
    def __init__(self, url: str, options: Mapping[str, Any], where: str) -> None:
        self.scheme = url.partition("://")[0].lower()
        self.files, self.path = _file_system(url, options, where)

    def fingerprint(self) -> str:
        about = self._info()
        tags = [f"{name} {about[name]}" for name in _TAGS if about.get(name)]
        return f"{', '.join(tags)}, {about.get('size')} bytes" if tags and about.get("type") == "file" else ""

    def fetch(self, target: Path) -> None:
        if self._info().get("type") == "directory":
            target.mkdir(parents=True, exist_ok=True)
            self.files.get(f"{self.path.rstrip('/')}/", str(target) + "/", recursive=True)
        else:
            self.files.get_file(self.path, str(target))

    def publish(self, source: Path) -> None:
        """A folder is published file by file; on a file system without objects under another name, then renamed."""
        if source.is_dir():
            self.files.put(f"{source}/", f"{self.path.rstrip('/')}/", recursive=True)
        elif self.scheme in _OBJECTS:
            self.files.put_file(str(source), self.path)
        else:
            self._put_and_rename(source)
        self.files.invalidate_cache()

    def try_read(self) -> str:
        about = self._info()
        if about.get("type") == "directory":
            return f"a folder of {len(self.files.ls(self.path, detail=False))}"
        with self.files.open(self.path, "rb") as file:
            file.read(1)
        return f"{about.get('size')} bytes"

    def try_write(self) -> str:
        probe = f"{self.path.rstrip('/')}.nb2prod-probe-{os.urandom(4).hex()}"
        self.files.pipe_file(probe, b"probe")
        try:
            self.files.rm_file(probe)
        except Exception as error:
            raise PermissionError(f"it can be written, but {probe} could not be removed: {error}") from error
        return "can be written"

    def _put_and_rename(self, source: Path) -> None:
        beside = f"{self.path}.{os.urandom(4).hex()}.tmp"
        parent = self.path.rpartition("/")[0]
        if parent:
            self.files.makedirs(parent, exist_ok=True)
        try:
            self.files.put_file(str(source), beside)
            self.files.mv(beside, self.path)
        except BaseException:
            with suppress(Exception):  # what went wrong is told; that the rest stays is not worse
                self.files.rm_file(beside)
            raise

    def _info(self) -> Mapping[str, Any]:
        self.files.invalidate_cache()
        found: Mapping[str, Any] = self.files.info(self.path)
        return found


def _file_system(url: str, options: Mapping[str, Any], where: str) -> tuple[Any, str]:
    scheme = url.partition("://")[0].lower()
    extra = f"nb2prod[{_EXTRAS[scheme]}]" if scheme in _EXTRAS else "the package that fsspec names"
    try:
        import fsspec

        return fsspec.core.url_to_fs(url, **options)  # type: ignore[no-any-return]  # a file system and a path
    except ImportError as error:
        raise ProjectError(
            f"pipeline.toml: [{where}] {scheme}:// needs a library that is not installed: install {extra} ({error})"
        ) from None
    except ValueError as error:
        raise ProjectError(f"pipeline.toml: [{where}] {error}") from None
    except TypeError as error:
        raise ProjectError(f"pipeline.toml: [{where}.options] {error}") from None
