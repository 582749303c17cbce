"""What steps gave, kept by content, on this machine or at any fsspec URL.

    blobs/DIGEST           bytes, or a bundle, of that sha256
    keys/KEY/REQUIRED.json what a step of that key gave, one file an entry: processes that add at once lose none
    runs/RUN/...           small named texts

A key has several entries when the step read files, or drew from a generator, that the key could not know beforehand.
A bundle is unpickled only when its bytes have the digest of its name.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO  # Any: a step's values

from nb2prod.runtime.errors import RuntimeTrouble
from nb2prod.runtime.results.bundlefiles import BadBundle, Looker, Opened, read_bundle, write_bundle
from nb2prod.runtime.results.places import ArtifactsUnreachable, File, Folder, Place, safe, younger

__all__ = [
    "FRESH",
    "NEAR",
    "Artifacts",
    "ArtifactsUnreachable",
    "Damaged",
    "Entry",
    "Gone",
    "open_artifacts",
]

_ENTRIES = 8
_FORMAT = 2
FRESH = 3600.0  # seconds: what was used so lately elsewhere, no collector takes
_NEAR = 10_000_000_000
NEAR = "NB2PROD_NEAR"  # names the folder of this machine for what comes from elsewhere


class Gone(RuntimeTrouble):
    exit_code = 3

    def __init__(self, digest: str, where: str) -> None:
        super().__init__(f"the artifact {digest[:12]} is not in {where} any more: run the step that makes it again")
        self.digest = digest


class Damaged(RuntimeTrouble):
    """Torn or tampered; nothing of it was unpickled, and it is removed so that it can be made again."""

    exit_code = 3

    def __init__(self, digest: str, where: str, reason: str) -> None:
        super().__init__(
            f"the artifact {digest[:12]} in {where} was changed after it was kept, and was not opened: {reason}; "
            "it was removed: run the step that makes it again"
        )
        self.digest = digest


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`files` and `generators` must be as they were for the result to hold; `exit_state` is put back with it.
    `fields` are the names of what the bundle holds, and `states` those of what `exit_state` does; `origins` are
    those of fields whose value counts, not the bundle that it is in."""

    bundle: str
    files: Mapping[str, str] = field(default_factory=dict)
    generators: Mapping[str, str] = field(default_factory=dict)
    exit_state: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    log: str = ""
    figures: tuple[str, ...] = ()
    run: str = ""
    fields: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    made: float = 0.0
    about: Mapping[str, Any] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        return self.origins.get(name, f"{self.bundle} {name}")

    @property
    def blobs(self) -> tuple[str, ...]:
        """All that it names."""
        return tuple(filter(None, (self.bundle, self.exit_state, self.log, *self.figures)))


class Artifacts:
    """Safe with several runs, processes and hosts at a time."""

    def __init__(self, place: Place) -> None:
        self.place, self.where = place, place.where

    @property
    def moved(self) -> int:
        """Bytes that came from another host or went there."""
        return self.place.moved

    @property
    def is_here(self) -> bool:
        """On this machine alone, as far as its files tell."""
        return self.place.is_here

    def put(self, content: bytes, *, durable: bool = False) -> str:
        """`durable` survives a power cut too; without it such a file is found damaged, and made again."""
        digest = hashlib.sha256(content).hexdigest()
        if not self._is_there(digest, len(content)):
            self.place.write(_blob(digest), content, durable=durable)
        return digest

    def get(self, digest: str) -> bytes | None:
        """The bytes, or None when they are gone or not what they were; then they are removed."""
        while (content := self.place.read(_blob(digest))) is not None:
            if hashlib.sha256(content).hexdigest() == digest:
                return content
            if not self.place.drop_near(_blob(digest)):
                self.place.remove(_blob(digest))
                break
        return None

    def put_value(self, value: object, *, durable: bool = False, looker: Looker | None = None) -> str:
        """As a bundle. Raises bundles.NotPortable, ArtifactsUnreachable."""
        return self.put_sized(value, durable=durable, looker=looker)[0]

    def put_sized(self, value: object, *, durable: bool = False, looker: Looker | None = None) -> tuple[str, int]:
        """The digest, and how many bytes it are."""
        with self.place.new() as new:
            digest = write_bundle(value, new.file, looker)
            size = new.file.tell()
            # here it costs nothing, and mends what is damaged
            if self.is_here or not self._is_there(digest, size):
                new.keep(_blob(digest), durable=durable)
        return digest, size

    def get_value(self, digest: str, step: Callable[..., Any] | None = None) -> Any:
        """Every byte is checked before anything is unpickled. `step` made it or takes it. Raises Damaged, Gone."""
        try:
            return self._opened(digest).value(step)
        except BadBundle as error:
            self.place.remove(_blob(digest))
            raise Damaged(digest, self.where, str(error)) from None

    def _opened(self, digest: str) -> Opened:
        """A copy near that is bad is fetched again once."""
        for second in (False, True):
            file = self.place.opened(_blob(digest)) or self._opened_late(digest)
            try:
                with file:
                    return read_bundle(file, digest)
            except BadBundle:
                if second or not self.place.drop_near(_blob(digest)):
                    raise
        raise AssertionError("the second time returns or raises")

    def _opened_late(self, digest: str) -> BinaryIO:
        """A collector that looks at a file again has it aside for a moment."""
        time.sleep(0.02)
        file = self.place.opened(_blob(digest))
        if file is None:
            raise Gone(digest, self.where)
        return file

    def size(self, digest: str) -> int:
        """In bytes. Raises Gone."""
        found = self.place.about(_blob(digest))
        if found is None:
            raise Gone(digest, self.where)
        return found.size

    def has(self, digest: str, size: int = 0) -> bool:
        """It is there, as long as it was if `size` is told. What is here stays a while, for it is wanted; elsewhere the
        entry that names it says so."""
        found = self.place.about(_blob(digest))
        return found is not None and size in (0, found.size) and (not self.is_here or self.place.touch(found.name))

    def entries(self, key: str) -> Iterator[Entry]:
        """Those of a key, the latest first."""
        found = [entry for file in self.place.files(_keys(key)) if (entry := self.entry_of(file.name))]
        yield from sorted(found, key=lambda entry: entry.made, reverse=True)

    def add(self, key: str, entry: Entry) -> None:
        """In place of one that requires the same."""
        entry = entry if entry.made else Entry(**{**vars(entry), "made": time.time()})
        self.place.write(_entry_name(key, entry), _sealed(entry), durable=False)
        if sum(1 for _ in self.place.files(_keys(key))) > _ENTRIES:
            for old in list(self.entries(key))[_ENTRIES:]:
                self.place.remove(_entry_name(key, old))

    def use(self, key: str, entry: Entry) -> bool:
        """Say that an entry serves a run, so that no collector takes it. False when something of it is gone."""
        name = _entry_name(key, entry)
        if not self.has(entry.bundle, entry.size) or not all(map(self.has, entry.blobs)):
            return False
        return self.place.touch(name)

    def drop(self, key: str, entry: Entry) -> None:
        """It serves nobody."""
        self.place.remove(_entry_name(key, entry))

    def put_text(self, name: str, content: bytes) -> None:
        self.place.write(safe(name), content, durable=True)

    def get_text(self, name: str) -> bytes | None:
        return self.place.read(safe(name))

    def texts(self, folder: str) -> list[str]:
        """The names of all below a folder."""
        return [file.name for file in self.place.files(safe(folder))]

    def _is_there(self, digest: str, size: int) -> bool:
        found = self.place.about(_blob(digest))
        return found is not None and found.size == size and self._stays(found)

    def _stays(self, file: File) -> bool:
        """A place of this machine is told each time, which costs it nothing: its collector need not wait."""
        return (not self.is_here and younger(file, FRESH / 2)) or self.place.touch(file.name)

    def entry_of(self, name: str) -> Entry | None:
        """That of a file of the index; None for one that is torn, or of another version."""
        try:
            seal, _, text = (self.place.read(name) or b"").partition(b"\n")
            if hashlib.sha256(text).hexdigest().encode() != seal:
                return None
            found = json.loads(text)
            tuples = {each: tuple(found[each]) for each in ("figures", "fields", "states")}
            return Entry(**{**found, **tuples}) if found.pop("format") == _FORMAT else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def open_artifacts(where: str | Path, *, near: Path | None = None, near_size: int = _NEAR) -> Artifacts:
    """A path, or an fsspec URL. Of a URL, bundles that were fetched or written are kept in the folder `near` too (or
    the one of NB2PROD_NEAR), up to `near_size` bytes. Raises ProjectError for a URL whose library is not installed."""
    text = str(where)
    if "://" not in text:
        return Artifacts(Folder(Path(text).expanduser()))
    if text.startswith("file://"):
        return Artifacts(Folder(Path(text.removeprefix("file://"))))
    from nb2prod.runtime.results.remote import Bucket  # fsspec is not quick to import

    if near is None and os.environ.get(NEAR):
        near = Path(os.environ[NEAR])
    return Artifacts(Bucket(text, near, near_size))


def _sealed(entry: Entry) -> bytes:
    text = json.dumps({"format": _FORMAT, **asdict(entry)}, ensure_ascii=True, default=repr).encode()
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def _entry_name(key: str, entry: Entry) -> str:
    required = json.dumps([dict(entry.files), dict(entry.generators)], sort_keys=True).encode()
    return f"{_keys(key)}/{hashlib.sha256(required).hexdigest()[:16]}.json"


def _blob(digest: str) -> str:
    return safe(f"blobs/{digest}")


def _keys(key: str) -> str:
    return safe(f"keys/{key}")
