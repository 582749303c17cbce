"""A bundle as a file: what is big in it is written from where it is, and read to where it stays.

    pickle stream, buffers one after the other, index as JSON, its length, MAGIC

The index has each buffer's length and what it becomes. All is read once and hashed; only when the digest is right is
the pickle opened, with the buffers that are in memory by then: who changes the file afterwards changes nothing.
"""

import hashlib
import json
import math
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol  # Any: a step's values

from nb2prod.runtime.bundles import dump, loads

__all__ = ["BadBundle", "Looker", "Opened", "read_bundle", "write_bundle"]

MAGIC = b"nb2prod1"
_TAIL = 16
_SMALL = 1 << 14  # a buffer that is smaller goes into the stream
_NUMBERS = re.compile(r"[<>|][biufcmMSU]\d+")


class BadBundle(ValueError):
    """The bytes are not those of its digest."""


class Looker(Protocol):
    """Sees the pickle as it is written, and tells what must be kept with it: of which code the value is made."""

    def again(self) -> None: ...
    def see(self, data: Any) -> None: ...
    def told(self) -> str: ...


class _Sink:
    def __init__(self, file: BinaryIO | None, looker: Looker | None) -> None:
        self.file, self.looker, self.failed = file, looker, False
        self._begin()

    def _begin(self) -> None:
        self.hash, self.size = hashlib.sha256(), 0
        self.buffers: list[tuple[pickle.PickleBuffer, list[Any]]] = []
        if self.looker:
            self.looker.again()

    def again(self) -> None:
        self._begin()
        if self.file is not None:
            self.file.seek(0)
            self.file.truncate()

    def write(self, data: Any) -> None:
        """Of the pickle."""
        if self.looker:
            self.looker.see(data)
        self.add(data)

    def add(self, data: Any) -> None:
        self.hash.update(data)
        self.size += data.nbytes if isinstance(data, memoryview) else len(data)
        if self.file is not None:
            try:
                self.file.write(data)
            except OSError:
                self.failed = True
                raise

    def takes(self, buffer: pickle.PickleBuffer, array: Any) -> bool:
        with buffer.raw() as raw:
            if raw.nbytes < _SMALL:
                return False
            self.buffers.append((buffer, [raw.nbytes, *_becomes(array, readonly=raw.readonly)]))
        return True


def write_bundle(value: object, file: BinaryIO | None, looker: Looker | None = None) -> str:
    """The digest of what was written; without a file it is only computed. Raises NotPortable, OSError."""
    sink = _Sink(file, looker)
    dump(value, sink)
    length = sink.size
    for buffer, _ in sink.buffers:
        with buffer.raw() as raw:
            sink.add(raw)
    index = {"pickle": length, "buffers": [about for _, about in sink.buffers], "code": looker.told() if looker else ""}
    text = json.dumps(index, sort_keys=True, separators=(",", ":")).encode()
    sink.add(text + len(text).to_bytes(8, "little") + MAGIC)
    return sink.hash.hexdigest()


def _becomes(array: Any, *, readonly: bool) -> list[Any]:
    """An array of numbers is read to its place; what others keep in buffers comes back as without them."""
    if array is not None and _NUMBERS.fullmatch(array.dtype.str) and array.dtype.metadata is None:
        order = "C" if array.flags.c_contiguous else "F"
        return ["array", array.dtype.str, list(array.shape), order]
    return ["bytes" if readonly else "bytearray"]


@dataclass(frozen=True)
class Opened:
    """A bundle in memory whose digest was right."""

    stream: bytes
    buffers: list[Any]

    def value(self, step: Callable[..., Any] | None = None) -> Any:
        return loads(self.stream, step, self.buffers)


def read_bundle(file: BinaryIO, digest: str) -> Opened:
    """Raises BadBundle; nothing has been unpickled then."""
    try:
        index, tail = _read_index(file)
        file.seek(0)
        reading = _Reading(file)
        stream = reading.take(index["pickle"])
        buffers = [reading.buffer(*about) for about in index["buffers"]]
    except (ValueError, KeyError, TypeError, MemoryError) as error:
        raise BadBundle(f"it is no bundle ({error})") from None
    reading.hash.update(tail)
    if reading.hash.hexdigest() != digest:
        raise BadBundle("its bytes are not those that were written")
    return Opened(stream, buffers)


def _read_index(file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    end = file.read(_TAIL)
    length = int.from_bytes(end[:8], "little") + _TAIL
    if end[8:] != MAGIC or length > size:
        raise ValueError("it does not end as one")
    file.seek(size - length)
    tail = file.read(length)
    index = json.loads(tail[:-_TAIL])
    lengths = [index["pickle"], *(about[0] for about in index["buffers"])]
    if any(type(each) is not int or each < 0 for each in lengths) or sum(lengths) + length != size:
        raise ValueError("its parts are not as long as it says")
    return index, tail


class _Reading:
    def __init__(self, file: BinaryIO) -> None:
        self.file, self.hash = file, hashlib.sha256()

    def take(self, length: int) -> bytes:
        data = self.file.read(length)
        self.hash.update(data)
        return data

    def buffer(self, length: int, kind: str, *about: Any) -> Any:
        if kind == "bytes":
            return self.take(length)
        if kind == "bytearray":
            return self._fill(made := bytearray(length), memoryview(made))
        array = _empty(length, *about)
        return self._fill(array, memoryview(array.reshape(-1, order=about[2]).view("u1")))

    def _fill(self, made: Any, memory: memoryview) -> Any:
        self.file.readinto(memory)  # type: ignore[attr-defined]  # short of a file that shrinks: the digest tells
        self.hash.update(memory)
        return made


def _empty(length: int, dtype: str, shape: list[int], order: str) -> Any:
    """An array that owns its memory, of numpy's own type."""
    import numpy

    if not _NUMBERS.fullmatch(dtype) or order not in ("C", "F"):
        raise ValueError(f"an array of {dtype!r}")
    made = numpy.dtype(dtype)
    if math.prod(shape) * made.itemsize != length or any(each < 0 for each in shape):
        raise ValueError("an array is not as long as it says")
    return numpy.empty(shape, made, order=order)  # type: ignore[call-overload]
