"""What a notebook did when it was run once under the tracer: the facts of each cell, as a file keeps them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any  # JSON

from nb2prod.errors import TraceNotReadable
from nb2prod.model.notebook import CellKind, Notebook

__all__ = ["FORMAT", "CellTrace", "Observed", "Trace", "code_digest"]

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Observed:
    """A value after a cell: `kind` is its class as `module.Name` by a public path; `size` is in bytes, None unknown."""

    kind: str
    shape: tuple[int, ...] | None = None
    size: int | None = None
    generic: bool = False


@dataclass(frozen=True, kw_only=True)
class CellTrace:
    """One cell that ran.

    reads      names that its own lines load; `through`: those that functions load which it can reach
    binds      names that have another object now; `deletes`: names that are gone
    mutates    names whose object is the same and holds something else now
    unknown    names whose objects were too large to be looked at in the time the cell itself took
    state      hidden state that is different now, "numpy.random" when it was drawn from
    read, written   files, by their path in the notebook's folder where they stand in it; `read` with what they were
    outside    what it asks the world: "uses the network", "starts a process"
    imports    distributions' top modules that were loaded
    values     what its binds and mutated names are after it
    seconds, cpu_seconds, peak_memory   wall and CPU time, and the peak of the process in bytes while it ran
    prints     fingerprints of the names that the steps of the conversion ask for after this cell
    """

    cell: int
    seconds: float
    cpu_seconds: float
    peak_memory: int
    reads: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    mutates: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    read: Mapping[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    values: Mapping[str, Observed] = field(default_factory=dict)
    prints: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """`code` is the digest of the notebook's code cells and their tags, `python` the version that ran them."""

    code: str
    python: str
    cells: tuple[CellTrace, ...]

    def of(self, number: int) -> CellTrace | None:
        return next((cell for cell in self.cells if cell.cell == number), None)

    def value(self, name: str, after: int) -> Observed | None:
        """What the name was when cell `after` had run; None when it was not seen."""
        known: Observed | None = None
        for cell in self.cells:
            if cell.cell > after:
                break
            known = None if name in cell.deletes else cell.values.get(name, known)
        return known

    def files(self) -> dict[str, str]:
        """The files that were there before the notebook: read by a cell, and written by none before it."""
        found: dict[str, str] = {}
        written: set[str] = set()
        for cell in self.cells:
            found |= {path: what for path, what in cell.read.items() if path not in written | found.keys()}
            written |= set(cell.written)
        return {path: what for path, what in found.items() if path not in written}

    def without_prints(self) -> "Trace":
        return replace(self, cells=tuple(replace(cell, prints={}) for cell in self.cells))

    def to_json(self) -> str:
        whole = {"format": FORMAT, "code": self.code, "python": self.python}
        cells = [_lean(asdict(cell)) for cell in self.cells]
        return json.dumps({**whole, "cells": cells}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str, where: str = "the trace") -> "Trace":
        """Raises TraceNotReadable."""
        try:
            found = json.loads(text)
            if found["format"] != FORMAT:
                raise TraceNotReadable(where, f"it has format {found['format']}, and this nb2prod reads {FORMAT}")
            cells = tuple(cell_from(entry) for entry in found["cells"])
            return Trace(code=str(found["code"]), python=str(found["python"]), cells=cells)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TraceNotReadable(where, f"it is not what `nb2prod trace` writes ({error})") from error


def cell_from(entry: Mapping[str, Any]) -> CellTrace:
    """Raises KeyError, TypeError."""
    known: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    known["values"] = {name: _observed(value) for name, value in entry.get("values", {}).items()}
    return CellTrace(**known)


def code_digest(notebook: Notebook) -> str:
    """Changes when a code cell, its tags or its place changes; outputs and text are left aside."""
    cells = [(cell.number, cell.source, sorted(cell.tags)) for cell in notebook.cells if cell.kind is CellKind.CODE]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=True).encode()).hexdigest()


def _observed(entry: Mapping[str, Any]) -> Observed:
    shape = entry.get("shape")
    return Observed(**{**entry, "shape": None if shape is None else tuple(shape)})


def _lean(entry: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    if isinstance(values := entry.get("values"), dict):
        entry["values"] = {name: _lean(value) for name, value in values.items()}
    return {key: value for key, value in entry.items() if value not in ((), {}, None, False) or key == "size"}
