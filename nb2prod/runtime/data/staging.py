"""A step's inputs with paths that are here in the place of data that is elsewhere.

How a step is performed with it (steps/performing.py), once for each attempt:

    with staged(settings, function.__name__, inputs, folder) as staging:   # inputs by name, as the call has them
        key  = ... inputs, staging.used                    # the key takes the inputs as they came, never staging.inputs
        hit? -> done: nothing was fetched but what only its content tells
        values = staging.inputs                            # fetches, so before the step is traced
        result = function(**values)                        # tracing: Watch(ignore=(..., str(folder)))
        published = staging.publish()                      # only after the function returned
        if published: the result is not kept; the reason is "publishes scores_csv"
    # what was staged is removed from the folder

Records, failures, replays and descriptions show the inputs as they came: `staging.inputs` may hold a database's URL
with its password. Texts that a library made (an error, a traceback) go through `staging.hide(text)` before they are
kept.
What cannot be fetched or published raises the library's own error, so that the step's policy can judge it, with a note
that says which data; DataChanged when it changed while it was read, which is worth a retry.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from nb2prod.runtime import state
from nb2prod.runtime.data.places import LocalPlace, Opened, content_of, open_place
from nb2prod.runtime.data.references import hide, resolve
from nb2prod.runtime.data.tables import Data, data_of
from nb2prod.runtime.project import Settings

__all__ = ["DataChanged", "Staging", "staged"]


class DataChanged(ConnectionError):
    """It was replaced while the step read it; another attempt reads it whole."""

    def __init__(self, data: Data) -> None:
        super().__init__(f"data '{data.name}' at {data.shown} changed while it was read")


class Staging:
    """What `staged` gives. `used` and `values` are worked out when they are asked for, once."""

    def __init__(
        self, step: str, data: Mapping[str, Data], inputs: Mapping[str, object], folder: Path, workdir: Path
    ) -> None:
        self._step, self._data, self._given, self.folder, self._workdir = step, data, inputs, folder, workdir
        self._opened: dict[str, Opened] = {}
        self._was: dict[str, str] = {}  # name → fingerprint of what was fetched; "" when nothing was there
        self._used: dict[str, str] = {}
        self._values: dict[str, object] = {}
        self._secrets: tuple[str, ...] = ()

    @property
    def used(self) -> Mapping[str, str]:
        """By name what the step reads, as a text that changes when the data does; and where it writes to."""
        if self._data and not self._used:
            with _generators_kept():
                self._used = {name: self._identity(data) for name, data in self._data.items()}
        return self._used

    @property
    def values(self) -> Mapping[str, object]:
        """What stands in the place of the inputs of those names."""
        if self._data and not self._values:
            used = self.used
            with _generators_kept():
                self._values = {name: self._value(data, used[name]) for name, data in self._data.items()}
        return self._values

    @property
    def inputs(self) -> Mapping[str, object]:
        return {**self._given, **self.values}

    def publish(self) -> tuple[str, ...]:
        """What the step wrote, to where it belongs; the names of what was published."""
        done: list[str] = []
        for name, data in self._data.items():
            if data.is_written and data.is_elsewhere and self._has_changed(data):
                with self._noted(data, "published to"), _generators_kept():
                    self._open(data).place.publish(self._path(data))
                done.append(name)
        return tuple(done)

    def hide(self, text: str) -> str:
        return hide(text, self._secrets)

    # ------------------------------------------------------------------ one of them

    def _identity(self, data: Data) -> str:
        if not data.is_elsewhere:
            return _digest("as", data.path, data.url)
        with self._noted(data, "read from"):
            opened = self._open(data)
            where = _digest(_without_user(opened.address.text), data.table, data.query, data.format)
            return f"{where} {self._content(data, opened)}" if data.is_read else where

    def _content(self, data: Data, opened: Opened) -> str:
        try:
            return opened.place.fingerprint() or self._fetched(data)
        except FileNotFoundError:
            if data.mode == "read":
                raise
            return "missing"

    def _fetched(self, data: Data) -> str:
        """Fetches, since only the content tells what it is."""
        target = self._path(data)
        if data.name not in self._was:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._open(data).place.fetch(target)
            self._was[data.name] = content_of(target)
        return self._was[data.name]

    def _value(self, data: Data, used: str) -> str:
        if data.mode == "connect":
            found = resolve(data.url or data.path, f"data.{data.name}")
            self._secrets += found.secrets
            return found.text
        if not data.url:
            return data.path
        opened = self._open(data)
        if isinstance(opened.place, LocalPlace) and data.mode == "read":
            return str(opened.place.path)
        path = self._path(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        if data.is_read and not used.endswith(" missing"):
            with self._noted(data, "read from"):
                self._fetched(data)
                if self._identity(data) != used:
                    raise DataChanged(data)
        return str(path)

    def _has_changed(self, data: Data) -> bool:
        """What stands beside the file would be lost, so that is an error."""
        path = self._path(data)
        others = sorted(each.name for each in path.parent.iterdir() if each != path) if path.parent.is_dir() else []
        if others:
            what = f"step '{self._step}' wrote {', '.join(others[:3])} beside {path.name}, which alone has a place"
            raise FileNotFoundError(f"{what}: nothing was published to {data.shown}")
        return path.exists() and content_of(path) != self._was.get(data.name, "")

    def _open(self, data: Data) -> Opened:
        if data.name not in self._opened:
            opened = open_place(data, self._workdir)
            self._secrets += opened.address.secrets
            self._opened[data.name] = opened
        return self._opened[data.name]

    def _path(self, data: Data) -> Path:
        """Of the name that the code knows: libraries look at the suffix."""
        name = PurePosixPath((data.path or data.url).partition("?")[0].rstrip("/")).name
        return self.folder / data.name / (re.sub(r"[^\w.~ -]", "_", name) or "data")

    @contextmanager
    def _noted(self, data: Data, done: str) -> Iterator[None]:
        """The note of an error says which data; its own text shows no secret."""
        try:
            yield
        except DataChanged:
            raise
        except Exception as error:
            error.args = tuple(self.hide(text) if isinstance(text, str) else text for text in error.args)
            note = f"data '{data.name}' of step '{self._step}' could not be {done} {data.shown}"
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
            raise


@contextmanager
def staged(settings: Settings, step: str, inputs: Mapping[str, object], folder: Path) -> Iterator[Staging]:
    """`folder` is this attempt's own; what is staged in it is gone at the end. Raises ProjectError."""
    staging = Staging(step, _concerned(settings, step, inputs), inputs, folder, settings.workdir)
    try:
        yield staging
    finally:
        if staging._data:
            shutil.rmtree(folder, ignore_errors=True)


def _concerned(settings: Settings, step: str, inputs: Mapping[str, object]) -> dict[str, Data]:
    """The [data.NAME] of the step's arguments that make a difference to what stands in the code."""
    known = settings.tables.get("data")
    if not known or not isinstance(known, dict):
        return {}
    names = frozenset(name for name in inputs if name in known and isinstance(inputs[name], str))
    found = data_of(settings.tables, names) if names else {}
    does = settings.data.get(step, {})
    return {
        name: _as_done(data, does.get(name, data.mode))
        for name, data in found.items()
        if data.url or data.path != inputs[name]
    }


def _as_done(data: Data, mode: str) -> Data:
    """Several steps may share what is read and written, and this one does only a part of that."""
    return replace(data, mode=mode) if data.mode == "update" and mode in ("read", "write") else data


@contextmanager
def _generators_kept() -> Iterator[None]:
    """A library that waits a random time before it tries again must not change what the step draws."""
    before = state.capture(state.GENERATORS)
    try:
        yield
    finally:
        state.restore(before)


def _without_user(url: str) -> str:
    head, mark, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return head + mark + rest[authority.rfind("@") + 1 :] if "@" in authority else url


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
