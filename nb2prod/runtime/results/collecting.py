"""What of the artifacts goes when they are too many or too old: what was used last stays.

    look(artifacts, records) → Contents    decide(contents, limits, now) → Going    carry_out(artifacts, going)

What a record of a run names is never taken, nor what was used so lately that a run may be about to read it. Whoever
uses a result says so before it reads it; what was used since `decide` looked is left alone.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # TOML

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.files import read_json
from nb2prod.runtime.quantities import seconds, size
from nb2prod.runtime.results.artifacts import FRESH, Artifacts, Entry
from nb2prod.runtime.results.places import File

__all__ = [
    "Contents",
    "Going",
    "Known",
    "Limits",
    "carry_out",
    "clear",
    "collect",
    "decide",
    "limits_of",
    "look",
    "tell",
]

_DIGEST = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bytes, and seconds since something was used; None where there is no limit."""

    max_size: int | None = None
    max_age: float | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """An entry of the index. `run` is the one that alone may use it, "" for all."""

    key: str
    file: File
    entry: Entry
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """`named` are digests that records name, `runs` the runs that have one. `going_on` are those that have not ended;
    with `is_whole` no other run can be going on that uses these artifacts."""

    entries: tuple[Known, ...] = ()
    blobs: Mapping[str, File] = field(default_factory=dict)
    texts: Mapping[str, tuple[File, ...]] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    going_on: tuple[str, ...] = ()
    is_whole: bool = False

    @property
    def size(self) -> int:
        return sum(file.size for file in self.blobs.values())

    @property
    def grace(self) -> float:
        """How long what was used is left alone."""
        return 0.0 if self.is_whole and not self.going_on else FRESH


@dataclass(frozen=True, kw_only=True)
class Going:
    """What is removed, and how many bytes stay; `before` is when it was decided."""

    entries: tuple[Known, ...] = ()
    blobs: tuple[File, ...] = ()
    texts: tuple[File, ...] = ()
    freed: int = 0
    left: int = 0
    before: float = 0.0


def limits_of(tables: Mapping[str, Any]) -> Limits:
    """[cache] of pipeline.toml. Raises ProjectError."""
    table = tables.get("cache", {})
    unknown = sorted(table.keys() - {"max_size", "max_age"}) if isinstance(table, dict) else ["cache"]
    if unknown:
        raise ProjectError(f"pipeline.toml: cache.{unknown[0]} is no option; there are max_size and max_age")
    try:
        return Limits(max_size=_given(table, "max_size", size), max_age=_given(table, "max_age", seconds))
    except (ValueError, TypeError) as error:
        raise ProjectError(f"pipeline.toml: [cache]: {error}") from None


def look(artifacts: Artifacts, records: Iterable[Path] = ()) -> Contents:
    """`records` are folders of runs, as `runs` of a project."""
    folders = list(records)
    found = [file for folder in folders for file in sorted(folder.glob("*/run.json"))]
    texts: dict[str, list[File]] = {}
    for file in artifacts.place.files("runs"):
        texts.setdefault(file.name.split("/")[1], []).append(file)
    named = [_DIGEST.findall(_content(path)) for path in found]
    named += [_DIGEST.findall(artifacts.place.read(f.name) or b"") for files in texts.values() for f in files]
    return Contents(
        entries=tuple(_entries(artifacts)),
        blobs={file.name.rpartition("/")[2]: file for file in artifacts.place.files("blobs")},
        texts={run: tuple(files) for run, files in texts.items()},
        named=frozenset(digest.decode() for digests in named for digest in digests),
        runs=frozenset(path.parent.name for path in found),
        going_on=tuple(path.parent.name for path in found if _goes_on(path)),
        is_whole=_is_in(artifacts, folders),
    )


def decide(contents: Contents, limits: Limits, now: float) -> Going:
    fresh = now - contents.grace
    texts = [] if limits.max_age is None else list(_old_texts(contents, now - limits.max_age))
    kept = {digest for digest in contents.named if digest in contents.blobs}
    kept |= {digest for digest, file in contents.blobs.items() if file.changed > fresh}
    size = sum(contents.blobs[digest].size for digest in kept)
    entries, full = [], False
    for known in sorted(contents.entries, key=lambda known: known.file.changed, reverse=True):
        new = {digest for digest in known.entry.blobs if digest not in kept}
        more = sum(contents.blobs[digest].size for digest in new if digest in contents.blobs)
        fits = limits.max_size is None or not new or (not full and size + more <= limits.max_size)
        if _is_over(known, contents, limits, now) or not fits or not new <= contents.blobs.keys():
            entries.append(known)
            full = full or (not fits and more <= (limits.max_size or 0))  # what is older was used before it
        else:
            kept |= new
            size += more
    entries = [known for known in entries if known.file.changed <= fresh]
    kept |= {digest for known in contents.entries if known not in entries for digest in known.entry.blobs}
    blobs = [file for digest, file in contents.blobs.items() if digest not in kept]
    freed = sum(file.size for file in blobs)
    return Going(
        entries=tuple(entries),
        blobs=tuple(blobs),
        texts=tuple(texts),
        freed=freed,
        left=contents.size - freed,
        before=now,
    )


def clear(contents: Contents, now: float, *, named: bool = False) -> Going:
    """All that is known, but what records name; with `named` that too."""
    kept = frozenset() if named else contents.named
    blobs = [file for digest, file in contents.blobs.items() if digest not in kept]
    freed = sum(file.size for file in blobs)
    texts = [file for files in contents.texts.values() for file in files] if named else []
    return Going(
        entries=contents.entries,
        blobs=tuple(blobs),
        texts=tuple(texts),
        freed=freed,
        left=contents.size - freed,
        before=now,
    )


def carry_out(artifacts: Artifacts, going: Going) -> None:
    """Entries first: nobody finds any more what then goes."""
    for file in (*(known.file for known in going.entries), *going.texts, *going.blobs):
        artifacts.place.remove_unless_used(file.name, going.before)
    artifacts.place.sweep(going.before - 86400)


def tell(artifacts: Artifacts, record: Path) -> None:
    """What a run names, whose folder this is, to artifacts that others may use too: no collector of theirs takes it."""
    if not _is_in(artifacts, [record.parent]):
        artifacts.put_text(f"runs/{record.name}/run.json", _content(record / "run.json"))


def collect(artifacts: Artifacts, limits: Limits, record: Path, now: float | None = None) -> Going:
    """For the end of a run, whose folder this is."""
    records = [record.parent]
    tell(artifacts, record)
    if limits == Limits():
        return Going()
    moment = time.time() if now is None else now
    going = decide(look(artifacts, records), limits, moment)
    carry_out(artifacts, going)
    return going


def _is_in(artifacts: Artifacts, folders: Sequence[Path]) -> bool:
    """Within a folder of records, so that no other project uses them."""
    return artifacts.is_here and any(Path(artifacts.where).is_relative_to(folder.absolute()) for folder in folders)


def _is_over(known: Known, contents: Contents, limits: Limits, now: float) -> bool:
    if known.run in contents.runs or known.run in contents.texts:
        return False  # who goes on with that run needs it
    too_old = limits.max_age is not None and known.file.changed < now - limits.max_age
    return too_old or bool(known.run and contents.is_whole)


def _old_texts(contents: Contents, before: float) -> Iterator[File]:
    for run, files in contents.texts.items():
        if run not in contents.runs and all(file.changed < before for file in files):
            yield from files


def _entries(artifacts: Artifacts) -> Iterator[Known]:
    for file in artifacts.place.files("keys"):
        key = file.name.split("/")[1]
        run, dot, _ = key.rpartition(".")
        entry = artifacts.entry_of(file.name) or Entry(bundle="0" * 64)  # one that is torn names nothing
        yield Known(key=key, file=file, entry=entry, run=run if dot else "")


def _given(table: Mapping[str, Any], name: str, read: Any) -> Any:
    value = table.get(name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; write a text as 10GB or 30d")
    return read(value)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _goes_on(path: Path) -> bool:
    """As far as this machine can tell: its process is there."""
    record = read_json(path, dict)
    if record.get("status") != "running":
        return False
    try:
        os.kill(int(record.get("pid", 0)) or os.getpid(), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True
