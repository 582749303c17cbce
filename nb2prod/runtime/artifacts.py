"""What steps gave, kept by content: `blobs/DIGEST` holds bytes, `keys/KEY.json` what a step of that key gave.

A key has several entries when the step read files, or drew from a generator, that the key could not know beforehand.
Entries are data of this project's own runs: a bundle is unpickled only when its bytes have the digest of its name.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nb2prod.runtime.bundles import dumps, loads
from nb2prod.runtime.files import read_json, write_bytes, write_json

__all__ = ["Artifacts", "Entry", "Store", "open_artifacts"]

_ENTRIES = 8


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`files` and `generators` must be as they were for the result to hold; `exit_state` is put back with it."""

    bundle: str
    files: Mapping[str, str] = field(default_factory=dict)
    generators: Mapping[str, str] = field(default_factory=dict)
    exit_state: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    log: str = ""
    figures: tuple[str, ...] = ()
    run: str = ""


class Store:
    """Safe with several runs at a time: files appear whole, and the last index written wins."""

    def __init__(self, folder: Path) -> None:
        self.blobs, self.keys = folder / "blobs", folder / "keys"
        for place in (self.blobs, self.keys):
            place.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes, *, durable: bool = False) -> str:
        """`durable` survives a power cut too; without it such a file is found damaged, and made again."""
        name = hashlib.sha256(content).hexdigest()
        path = self.blobs / name
        if not path.is_file() or path.stat().st_size != len(content):
            write_bytes(path, content, durable=durable)
        return name

    def get(self, name: str) -> bytes | None:
        """The bytes, or None when they are gone or not what they were; then they are removed."""
        path = self.blobs / name
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != name:
            path.unlink(missing_ok=True)
            return None
        return content

    def entries(self, key: str) -> Iterator[Entry]:
        for found in read_json(self.keys / f"{key}.json", list):
            try:
                yield Entry(**{**found, "figures": tuple(found["figures"])})
            except (TypeError, KeyError):
                continue  # an index that was damaged, or written by another version

    def add(self, key: str, entry: Entry) -> None:
        others = [asdict(e) for e in self.entries(key) if (e.files, e.generators) != (entry.files, entry.generators)]
        write_json(self.keys / f"{key}.json", [asdict(entry), *others][:_ENTRIES], durable=False)


class Artifacts(Store):
    def put_value(self, value: Any, *, durable: bool = False) -> str:
        return self.put(dumps(value), durable=durable)

    def get_value(self, digest: str, step: Any = None) -> Any:
        content = self.get(digest)
        if content is None:
            raise FileNotFoundError(digest)
        return loads(content, step)

    def put_text(self, name: str, content: bytes) -> None:
        path = self.blobs.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content, durable=False)

    def get_text(self, name: str) -> bytes | None:
        path = self.blobs.parent / name
        return path.read_bytes() if path.is_file() else None


def open_artifacts(where: str | Path) -> Artifacts:
    return Artifacts(Path(where))
