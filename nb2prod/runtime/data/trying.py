"""A dry run of data: can each be reached, with the rights that the pipeline needs?

What is read is opened and one byte or row is read. Where something is written, something else is written beside it and
removed again, or a transaction is rolled back.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2prod.runtime.data.places import Opened, open_place
from nb2prod.runtime.data.references import hide
from nb2prod.runtime.data.tables import Data, data_of, is_database, outputs_of, scheme_of
from nb2prod.runtime.errors import RuntimeTrouble
from nb2prod.runtime.failures.failure import reason_of
from nb2prod.runtime.project import Settings

__all__ = ["TIMEOUT", "Tried", "known_data", "try_all"]

TIMEOUT = 30.0  # seconds that one may take


@dataclass(frozen=True, kw_only=True)
class Tried:
    """`kind` is data or outputs; `place` is as pipeline.toml has it, so it shows no secret."""

    name: str
    kind: str
    mode: str
    place: str
    fine: bool
    found: str
    seconds: float


def known_data(settings: Settings) -> tuple[Data, ...]:
    """The data and the outputs of pipeline.toml. Raises ProjectError."""
    return (*data_of(settings.tables).values(), *outputs_of(settings.tables).values())


def try_all(data: Sequence[Data], workdir: Path, timeout: float = TIMEOUT) -> tuple[Tried, ...]:
    """All at once, so that one that hangs keeps no other waiting."""
    trials = [_Trial(each, workdir) for each in data]
    for trial in trials:
        trial.start()
    ends = time.monotonic() + timeout
    for trial in trials:
        trial.join(max(ends - time.monotonic(), 0))
    return tuple(trial.tried(timeout) for trial in trials)


class _Trial(threading.Thread):
    """A daemon: what hangs in a library's call cannot be stopped, and must not keep the program from ending."""

    def __init__(self, data: Data, workdir: Path) -> None:
        super().__init__(name=f"try {data.name}", daemon=True)
        self.data, self.workdir = data, workdir
        self.began = time.monotonic()
        self.fine: bool | None = None
        self.found = ""
        self.seconds = 0.0

    def run(self) -> None:
        opened: Opened | None = None
        try:
            opened = open_place(self.data, self.workdir)
            found, fine = _try(self.data, opened), True
        except RuntimeTrouble as trouble:
            found, fine = str(trouble), False
        except Exception as error:  # whatever a library raises is what was found
            found, fine = hide(reason_of(error), opened.address.secrets if opened else ()), False
        self.seconds, self.found, self.fine = time.monotonic() - self.began, found, fine

    def tried(self, timeout: float) -> Tried:
        fine, found = self.fine, self.found
        seconds = self.seconds if fine is not None else timeout
        return Tried(
            name=self.data.name,
            kind=self.data.kind,
            mode=self.data.mode,
            place=self.data.shown,
            fine=bool(fine),
            found=found if fine is not None else f"no answer in {timeout:g} s",
            seconds=seconds,
        )


def _try(data: Data, opened: Opened) -> str:
    place, said = opened.place, list[str]()
    if data.mode == "connect":
        return _try_to_connect(data, opened)
    if data.is_read:
        try:
            said.append(place.try_read())
        except FileNotFoundError:
            if data.mode == "read":
                raise
            said.append("nothing there yet")
    if data.is_written:
        said.append(place.try_write())
    return ", ".join(said)


def _try_to_connect(data: Data, opened: Opened) -> str:
    from nb2prod.runtime.data.database import DatabasePlace

    url = opened.address.text
    if isinstance(opened.place, DatabasePlace):
        return opened.place.try_connect()
    if scheme_of(url) in ("http", "https", "file"):
        return opened.place.try_read()
    return "not tried: the step opens it itself" if not is_database(data.url) else ""
