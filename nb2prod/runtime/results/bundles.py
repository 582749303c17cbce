"""What a step takes or gives, as one run of bytes: what shares an object or its memory inside it, shares it after.

Plain pickle where it can. Functions and classes that a step defines inside itself have no place to be imported from;
what holds one of them goes by cloudpickle, with their code. Views of one numpy array are kept as views of it, which
pickle alone does not: a first pass looks for arrays that share memory, and a second one is made when there are some.
So it is with numbers that are none: `x is np.nan` and `x in [np.nan]` ask for the very object.
"""

import contextlib
import copyreg
import importlib
import io
import pickle
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol  # Any: a step's values

from nb2prod.runtime.results.nans import Nans, nan_of

__all__ = ["NotPortable", "Target", "dump", "dumps", "loads"]

PROTOCOL = 5
_MANY = 1 << 14  # bytes
_NAN_MARKS = (b"G\x7f\xf8", b"G\xff\xf8")  # how pickle begins a float that is no number
# what cloudpickle would copy, cut off from the object that it shows
_LIVE: tuple[type, ...] = (memoryview, type({}.keys()), type({}.values()), type({}.items()))

Reducer = Callable[[Any], Any]


class NotPortable(Exception):
    """The value cannot leave its process; the text says why."""


class Target(Protocol):
    """What a pickle is written to. `again` forgets what was written; `failed` says that it could not be written."""

    @property
    def failed(self) -> bool: ...

    def write(self, data: Any) -> Any: ...
    def again(self) -> None: ...
    def takes(self, buffer: pickle.PickleBuffer, array: Any) -> bool:
        """True to keep the buffer beside the pickle; `array` is None for one that is no plain array's."""


class _InMemory:
    """All in one run of bytes."""

    failed = False

    def __init__(self) -> None:
        self.file = io.BytesIO()

    def write(self, data: Any) -> int:
        return self.file.write(data)

    def again(self) -> None:
        self.file = io.BytesIO()

    def takes(self, buffer: pickle.PickleBuffer, array: Any) -> bool:  # noqa: ARG002
        return False


class _LooksForNan:
    """A target that notes whether a float that is no number went by. Bytes of others may look like one: then a second
    pass is made for nothing."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.found = False

    @property
    def failed(self) -> bool:
        return self.target.failed

    def write(self, data: Any) -> Any:
        self.found = self.found or (isinstance(data, bytes) and any(mark in data for mark in _NAN_MARKS))
        return self.target.write(data)

    def again(self) -> None:
        self.target.again()

    def takes(self, buffer: pickle.PickleBuffer, array: Any) -> bool:
        return self.target.takes(buffer, array)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, buffers: Iterable[Any]) -> None:
        super().__init__(file, buffers=buffers)
        self.nans: dict[str, float] = {}

    def persistent_load(self, pid: str) -> float:
        return nan_of(pid, self.nans)


def dumps(value: object) -> bytes:
    """Raises NotPortable."""
    target = _InMemory()
    dump(value, target)
    return target.file.getvalue()


def dump(value: object, target: Target) -> None:
    """Raises NotPortable, and what the target raises."""
    views, looking = _Views(), _LooksForNan(target)
    _pickle(value, views, views.seen, looking)
    if views.are_shared or looking.found:
        target.again()
        _pickle(value, views, views.kept, target, nans=Nans() if looking.found else None)


def loads(content: bytes, step: Callable[..., Any] | None = None, buffers: Iterable[Any] = ()) -> Any:
    """The value. `step` is the function that made it or takes it: its module's names stand around while the value is
    made again, since formulas of statsmodels look for functions in the frames that call them."""
    unpickler = _Unpickler(io.BytesIO(content), buffers=buffers)
    return eval("load()", {**_around(step), "load": unpickler.load})


def _around(step: Callable[..., Any] | None) -> dict[str, Any]:
    if step is None:
        return {}
    found: dict[str, Any] = {}
    with contextlib.suppress(ImportError):  # a package need not have shared functions
        found |= vars(importlib.import_module(f"{step.__module__.partition('.')[0]}.functions"))
    return found | vars(sys.modules[step.__module__])


def _pickle(value: object, views: "_Views", reduce_array: Reducer, target: Target, nans: Nans | None = None) -> None:
    table = {**dict.fromkeys(_LIVE, _refused), **_of_arrays(views, reduce_array)}
    try:
        return _by(pickle.Pickler, value, table, views, target, nans)
    except Exception as error:  # an object may fail to pickle in any way of its own
        if target.failed:
            raise
        first = error
    import cloudpickle

    target.again()
    try:
        return _by(cloudpickle.Pickler, value, table, views, target, nans)
    except Exception:  # what plain pickle said is what people know
        if target.failed:
            raise
        text = str(first).split("\n")[0]
        raise NotPortable(f"{type(first).__name__}: {text[:200]}") from first


def _by(
    kind: Any, value: object, table: dict[Any, Reducer], views: "_Views", target: Target, nans: Nans | None
) -> None:
    """The table is the class's, for the pickler looks at it once, as it is made."""
    known = getattr(kind, "dispatch_table", None)  # plain pickle's is a slot
    every = {**copyreg.dispatch_table, **(known if isinstance(known, Mapping) else {}), **table}

    def in_band(buffer: pickle.PickleBuffer) -> bool:
        return not target.takes(buffer, views.array_of(buffer))

    own = {"dispatch_table": every} | ({"persistent_id": nans} if nans else {})
    pickler = type("Pickler", (kind,), own)
    pickler(target, protocol=PROTOCOL, buffer_callback=in_band).dump(value)


def _of_arrays(views: "_Views", reduce_array: Reducer) -> dict[Any, Reducer]:
    numpy: Any = sys.modules.get("numpy")
    pandas: Any = sys.modules.get("pandas")
    table: dict[Any, Reducer] = {} if numpy is None else {numpy.ndarray: reduce_array}
    if pandas is not None and _copies_on_write(pandas):
        managers = pandas.core.internals.managers
        table |= dict.fromkeys((managers.BlockManager, managers.SingleBlockManager), views.apart)
    return table


def _copies_on_write(pandas: Any) -> bool:
    """Tables that share memory with one another there behave as if they did not, which their bundle must keep so."""
    return int(pandas.__version__.split(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True


def _refused(value: object) -> Any:
    raise TypeError(f"cannot pickle '{type(value).__name__}' object, which shows another one")


class _Views:
    """Arrays of a bundle by the memory that they are views of."""

    def __init__(self) -> None:
        self._members: dict[int, set[int]] = {}
        self._kept_alive: list[Any] = []  # so that an id stays one array's
        self._apart: set[int] = set()  # arrays of tables
        self._tables: dict[int, set[int]] = {}  # the tables with a part of some memory
        self._buffers: dict[int, tuple[Any, Any]] = {}  # with their arrays

    @property
    def are_shared(self) -> bool:
        return any(len(members) + self._lends(root) > 1 for root, members in self._members.items())

    def _lends(self, root: int) -> bool:
        """An array shows the memory of a table, which no other table shares: the table changes in place."""
        return len(self._tables.get(root, ())) == 1 and root in self._members

    def seen(self, array: Any) -> Any:
        root = _root(array)
        if id(array) in self._apart:
            return self._reduced(array)
        self._kept_alive += [root, array]
        self._members.setdefault(id(root), set()).add(id(array))
        return self._reduced(array)

    def apart(self, manager: Any) -> Any:
        """The arrays of a table, which has its memory for itself, whatever it shares with another table now."""
        arrays = [block.values for block in manager.blocks]
        roots = [_root(array) for array in arrays if _is_plain(array)]
        self._kept_alive += [manager, *arrays, *roots]
        self._apart |= {id(array) for array in arrays}
        for root in roots:
            self._tables.setdefault(id(root), set()).add(id(manager))
        return manager.__reduce_ex__(PROTOCOL)

    def kept(self, array: Any) -> Any:
        root = _root(array)
        lends = self._lends(id(root))
        shared = lends if id(array) in self._apart else len(self._members.get(id(root), ())) + lends > 1
        if array is root or not shared:
            return self._reduced(array)
        offset = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
        return _view, (root, array.shape, array.dtype, offset, array.strides)

    def array_of(self, buffer: pickle.PickleBuffer) -> Any:
        return self._buffers.get(id(buffer), (None, None))[1]

    def _reduced(self, array: Any) -> Any:
        """Pickled by its buffer, an array would come back as a view of it, with a type of its own that is not numpy's
        one `float64`; libraries look at who owns the memory, and `asarray` gives another array for another type."""
        reduced = array.__reduce_ex__(PROTOCOL)
        if len(reduced) == 2:
            buffer = reduced[1][0]
            if isinstance(buffer, pickle.PickleBuffer):
                self._buffers[id(buffer)] = buffer, array
            return (_owning if array.flags.owndata else _lent), (reduced[0], *reduced[1])
        if array.dtype.kind in "mM" and array.nbytes > _MANY and array.flags.forc and array.flags.writeable:
            buffer = pickle.PickleBuffer(array.view("i8"))  # numpy lends nobody the memory of dates
            self._buffers[id(buffer)] = buffer, array
            order = "C" if array.flags.c_contiguous else "F"
            return _owning, (_dates, buffer, array.dtype, array.shape, order)
        return (_rebuilt, reduced[:3]) if array.dtype.kind in "biufc" else reduced


def _is_plain(array: Any) -> bool:
    """Of numpy, not one of pandas' own."""
    return type(array).__module__ == "numpy"


def _owning(make: Callable[..., Any], *arguments: Any) -> Any:
    part = arguments[0]
    read = part.obj if isinstance(part, memoryview) else part  # of an array that could not be written to
    if _is_plain(read):
        return read  # straight into its own memory
    array = make(*arguments)
    return array.astype(_canonical(array.dtype), order="K", copy=True)


def _lent(make: Callable[..., Any], *arguments: Any) -> Any:
    """A view again, as the array was one."""
    return _owning(make, *arguments)[...]


def _dates(buffer: Any, dtype: Any, shape: Any, order: Any) -> Any:
    import numpy

    return numpy.frombuffer(buffer, "i8").view(dtype).reshape(shape, order=order)


def _rebuilt(make: Callable[..., Any], arguments: Any, state: Any) -> Any:
    """An array whose items did not stand side by side."""
    array = make(*arguments)
    array.__setstate__(state)
    return array.view(_canonical(array.dtype))


def _canonical(dtype: Any) -> Any:
    """numpy's own object for a type of numbers."""
    import numpy

    return numpy.dtype(dtype.str) if dtype.kind in "biufc" and dtype.metadata is None else dtype


def _root(array: Any) -> Any:
    """The array that owns the memory, if it can stand for all of it; else the array itself."""
    root = array
    while type(base := _base(root)) is type(array):
        root = base
    whole = root.flags.c_contiguous or root.flags.f_contiguous
    return root if whole and root.size and (root.dtype == array.dtype or not root.dtype.hasobject) else array


def _base(array: Any) -> Any:
    """as_strided puts an object of its own between an array and its base."""
    base = array.base
    return base.base if type(base).__name__ == "DummyArray" else base


def _view(root: Any, shape: tuple[int, ...], dtype: Any, offset: int, strides: tuple[int, ...]) -> Any:
    import numpy

    dtype = _canonical(dtype)
    flat = root if root.flags.c_contiguous else root.T
    if dtype != root.dtype:
        return numpy.ndarray(shape, dtype, flat, offset, strides)
    part = flat.reshape(-1)[offset // dtype.itemsize :]
    return numpy.lib.stride_tricks.as_strided(part, shape, strides)
