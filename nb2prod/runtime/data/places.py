"""Where data is: each place can say what is there, fetch it, and publish to it so that nobody reads half of it."""

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol  # Any: TOML

from nb2prod.runtime.data.references import Resolved, resolve
from nb2prod.runtime.data.tables import Data, is_database, scheme_of
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.results.watch import fingerprint

__all__ = ["LocalPlace", "Opened", "Place", "content_of", "open_place"]


class Place(Protocol):
    """`fetch` and `fingerprint` raise FileNotFoundError for what is not there."""

    def fingerprint(self) -> str:
        """What is there now, as a text that changes when it does; "" when only its content tells."""

    def fetch(self, target: Path) -> None: ...

    def publish(self, source: Path) -> None:
        """Whole or not at all, where the store allows it."""

    def try_read(self) -> str:
        """Reads as little as shows that it can; says what was seen."""

    def try_write(self) -> str:
        """Writes something else beside it and removes that again; says what was done."""


class Opened:
    """A place with the secrets that its errors must not show."""

    def __init__(self, place: Place, address: Resolved) -> None:
        self.place, self.address = place, address


def open_place(data: Data, workdir: Path) -> Opened:
    """Raises ProjectError: a secret that is not there, a library that is not installed."""
    where = f"{data.kind}.{data.name}"
    address = resolve(data.url or data.path, where)
    options, hidden = _resolved_options(data.options, f"{where}.options")
    known = Resolved(address.text, address.secrets + hidden)
    scheme = scheme_of(address.text)
    if is_database(address.text):
        from nb2prod.runtime.data.database import DatabasePlace

        return Opened(DatabasePlace(address.text, data, options), known)
    if scheme in ("http", "https"):
        from nb2prod.runtime.data.web import WebPlace

        return Opened(WebPlace(address.text, options), known)
    if scheme == "file":
        return Opened(LocalPlace(workdir / _path_of(address.text)), known)
    from nb2prod.runtime.data.remote import RemotePlace

    return Opened(RemotePlace(address.text, options, where), known)


def content_of(path: Path) -> str:
    """The digest of a file, or of a folder with the files in it."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file())
    listed = [f"{file.relative_to(path)} {content_of(file)}" for file in files]
    return hashlib.sha256("\n".join(listed).encode("utf-8", "surrogateescape")).hexdigest()


class LocalPlace:
    """A file or folder of this machine, or of what is mounted there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fingerprint(self) -> str:
        if not self.path.exists():
            raise FileNotFoundError(f"there is no {self.path}")
        return content_of(self.path) if self.path.is_dir() else fingerprint(str(self.path))

    def fetch(self, target: Path) -> None:
        if self.path.is_dir():
            shutil.copytree(self.path, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(self.path, target)

    def publish(self, source: Path) -> None:
        """Copied beside it and renamed. A folder that is there is moved aside first: for a moment it is not there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f".{self.path.name}.{os.urandom(4).hex()}.tmp")
        try:
            if source.is_dir():
                shutil.copytree(source, beside)
                _exchange(beside, self.path)
            else:
                shutil.copyfile(source, beside)
                _to_disk(beside)
                beside.replace(self.path)
        except BaseException:
            _remove(beside)
            raise

    def try_read(self) -> str:
        if self.path.is_dir():
            return f"a folder of {sum(1 for _ in self.path.iterdir())}"
        with self.path.open("rb") as file:
            file.read(1)
        return f"{self.path.stat().st_size} bytes"

    def try_write(self) -> str:
        folder = next(parent for parent in self.path.parents if parent.is_dir())
        probe = folder / f".nb2prod-probe-{os.urandom(4).hex()}"
        probe.write_bytes(b"probe")
        probe.unlink()
        return "can be written"


def _resolved_options(options: Any, where: str) -> tuple[Any, tuple[str, ...]]:
    if isinstance(options, str):
        found = resolve(options, where)
        return found.text, found.secrets
    if not isinstance(options, dict):
        return options, ()
    pairs = {key: _resolved_options(value, f"{where}.{key}") for key, value in options.items()}
    return {key: value for key, (value, _) in pairs.items()}, tuple(s for _, hidden in pairs.values() for s in hidden)


def _path_of(url: str) -> str:
    if not url.startswith("file://"):
        return url
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ProjectError(f"{url} names the host {parts.netloc}: a file of this machine is file:///PATH")
    return unquote(parts.path)


def _exchange(new: Path, old: Path) -> None:
    aside = old.with_name(f"{new.name}.old")
    if old.exists():
        old.rename(aside)
    try:
        new.rename(old)
    except BaseException:
        with suppress(OSError):
            aside.rename(old)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
