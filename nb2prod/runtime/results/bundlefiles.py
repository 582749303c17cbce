"""A bundle as a file: what is big in it is written from where it is, and read to where it stays.

    pickle stream, buffers one after the other, index as JSON, its length, MAGIC

The index has each buffer's length and what it becomes. All is read once and hashed; only when the digest is right is
the pickle opened, with the buffers that are in memory by then: who changes the file afterwards changes nothing.
"""

import json
import math
import pickle
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol  # Any: a step's values

from nb2prod.runtime.results.bundles import dump, loads
from nb2prod.runtime.results.hashing import CHUNK, Hasher

__all__ = ["BadBundle", "Looker", "Opened", "read_bundle", "write_bundle"]

MAGIC = b"nb2prod1"
_TAIL = 16
_SMALL = 1 << 14  # a buffer that is smaller goes into the stream
_NUMBERS = re.compile(r"[<>|][biufcmMSU]\d+(\[\d*[a-zA-Z]+\])?")


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
        self.hash, self.size = Hasher(), 0
        self.buffers: list[tuple[pickle.PickleBuffer, list[Any]]] = []
        if self.looker:
            self.looker.again()

    def again(self) -> None:
        self.hash.stop()
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
    try:
        return _written(value, sink, looker)
    finally:
        sink.hash.stop()


def _written(value: object, sink: _Sink, looker: Looker | None) -> str:
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
    """An array is read to its place; what others keep in buffers comes back as without them."""
    if array is not None and (told := _told(array.dtype)) is not None:
        order = "C" if array.flags.c_contiguous else "F"
        return ["array", told, list(array.shape), order]
    return ["bytes" if readonly else "bytearray"]


def _told(dtype: Any) -> Any:
    """A type as JSON; None for one that would not come back from it as it is."""
    if dtype.names is None:
        return dtype.str if _NUMBERS.fullmatch(dtype.str) and dtype.metadata is None else None
    from numpy.lib.format import dtype_to_descr

    told = [json.loads(json.dumps(dtype_to_descr(dtype))), dtype.isalignedstruct]
    try:
        again = _dtype(told)
    except (ValueError, TypeError):
        return None
    return told if again == dtype and again.isalignedstruct == dtype.isalignedstruct else None


def _dtype(told: Any) -> Any:
    """Raises ValueError, TypeError."""
    import numpy

    if isinstance(told, str):
        if not _NUMBERS.fullmatch(told):
            raise ValueError(f"an array of {told!r}")
        return numpy.dtype(told)
    from numpy.lib.format import descr_to_dtype

    fields, is_aligned = told
    made = descr_to_dtype(_fields(fields))
    if made.hasobject:
        raise ValueError("an array of objects")
    return numpy.dtype(_laid_out(made), align=True) if is_aligned else made


def _fields(told: Any) -> Any:
    """JSON has no tuples."""
    if isinstance(told, str):
        return told
    return [(_named(name), _fields(kind), *map(tuple, shape)) for name, kind, *shape in told]


def _named(name: Any) -> Any:
    return tuple(name) if isinstance(name, list) else name


def _laid_out(dtype: Any) -> Any:
    return {
        "names": list(dtype.names),
        "formats": [dtype.fields[name][0] for name in dtype.names],
        "offsets": [dtype.fields[name][1] for name in dtype.names],
        "titles": [(dtype.fields[name][2:] or (None,))[0] for name in dtype.names],
        "itemsize": dtype.itemsize,
    }


@dataclass(frozen=True)
class Opened:
    """A bundle in memory whose digest was right."""

    stream: bytes
    buffers: deque[Any]

    def value(self, step: Callable[..., Any] | None = None) -> Any:
        """Once: the buffers become part of it."""
        return loads(self.stream, step, self._handed_over())

    def _handed_over(self) -> Iterator[Any]:
        while self.buffers:
            yield self.buffers.popleft()


def read_bundle(file: BinaryIO, digest: str) -> Opened:
    """Raises BadBundle; nothing has been unpickled then."""
    reading = _Reading(file)
    try:
        index, tail = _read_index(file)
        file.seek(0)
        stream = reading.take(index["pickle"])
        buffers = deque(reading.buffer(*about) for about in index["buffers"])
    except (ValueError, KeyError, TypeError, IndexError, MemoryError) as error:
        raise BadBundle(f"it is no bundle ({error})") from None
    finally:
        reading.hash.stop()
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
        self.file, self.hash = file, Hasher()

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
        """Part by part, so that one is hashed while the next is read."""
        for start in range(0, len(memory), CHUNK):
            part = memory[start : start + CHUNK]
            self.file.readinto(part)  # type: ignore[attr-defined]  # short of a file that shrinks: the digest tells
            self.hash.update(part)
        return made


def _empty(length: int, told: Any, shape: list[int], order: str) -> Any:
    """An array that owns its memory, of numpy's own type."""
    import numpy

    if order not in ("C", "F"):
        raise ValueError(f"an array in order {order!r}")
    made = _dtype(told)
    if math.prod(shape) * made.itemsize != length or any(each < 0 for each in shape):
        raise ValueError("an array is not as long as it says")
    return numpy.empty(shape, made, order=order)  # type: ignore[call-overload]
