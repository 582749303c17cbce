"""A notebook as it was read.

Notebook = path, kernel, language, sha256, Cell…
Cell     = number (the first cell is 1, as a reader counts), kind, source, tags, options, execution_count
Role     = what the tags of a cell make of it
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nb2prod.source import PythonName


class CellKind(StrEnum):
    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


@dataclass(frozen=True, kw_only=True)
class Cell:
    number: int
    kind: CellKind
    source: str
    tags: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)  # JSON written by the panel, checked by roles
    execution_count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """`name` is the file's name without folder, for messages; `text` is the `.ipynb`, as read or made from a text."""

    name: str
    cells: tuple[Cell, ...]
    kernel: str = "python3"
    language: str = "python"
    sha256: str = ""
    text: str = ""

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.kind is CellKind.CODE)

    @property
    def code(self) -> str:
        return "\n".join(cell.source for cell in self.code_cells)

    def cell(self, number: int) -> Cell:
        return self.cells[number - 1]


class RoleKind(StrEnum):
    PARAMETERS = "parameters"
    IMPORTS = "imports"
    FUNCTIONS = "functions"
    STEP = "step"
    SKIP = "skip"


@dataclass(frozen=True, kw_only=True)
class StepOptions:
    """Policy of a step, from `cell.metadata.nb2prod` or Kale's tags. Times are seconds, memory is bytes."""

    retries: int = 0
    timeout: float | None = None
    cache: bool = True
    cpu: float | None = None
    memory: int | None = None
    gpu: int | None = None


@dataclass(frozen=True, kw_only=True)
class Role:
    """What a code cell is for. `step` is set for STEP alone; `after` are steps that must come before (Kale's prev)."""

    kind: RoleKind
    step: PythonName | None = None
    metrics: bool = False
    inference: bool = False
    after: tuple[PythonName, ...] = ()
    options: StepOptions = field(default_factory=StepOptions)
