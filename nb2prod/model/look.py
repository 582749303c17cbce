"""A notebook as it is on the screen, half typed or whole: what each cell is for, the steps, and what is wrong.

Look       = refused, converts, tagged, LookCell…, LookStep…, LookEdge…, LookParameter…, Finding…
LookStep   = name, cells, LookInput…, LookOutput…
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nb2prod.model.finding import Finding
from nb2prod.model.notebook import CellKind, RoleKind

__all__ = ["Look", "LookCell", "LookEdge", "LookInput", "LookOutput", "LookParameter", "LookStep"]


@dataclass(frozen=True, kw_only=True)
class LookCell:
    """`own`: its own tag says what it is for; else it follows the step before it. `options` are those of its own."""

    number: int
    kind: CellKind
    role: RoleKind | None = None
    step: str | None = None
    own: bool = False
    metrics: bool = False
    inference: bool = False
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LookInput:
    """`source` is a step, or "" for a parameter. The place is where the step first reads it, 0 when it passes it on."""

    name: str
    source: str
    code: str = ""
    cell: int = 0
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class LookOutput:
    """`readers` are the steps that take it; `is_result`: the pipeline gives it back; `cell` changes it last."""

    name: str
    readers: tuple[str, ...]
    is_result: bool
    cell: int


@dataclass(frozen=True, kw_only=True)
class LookStep:
    """`is_wired` is False when a finding keeps the names from being followed: then inputs and outputs are not known."""

    name: str
    summary: str
    cells: tuple[int, ...]
    inputs: tuple[LookInput, ...] = ()
    outputs: tuple[LookOutput, ...] = ()
    state: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    inference: bool = False
    is_wired: bool = True


@dataclass(frozen=True, kw_only=True)
class LookEdge:
    """`kind` is "data", with the names that go along it, or "order": the state that both touch, or a tag (no name).
    "" as the source: the parameters."""

    source: str
    target: str
    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LookParameter:
    """`default` is JSON, or {"python": TEXT} as runs are given it; `default_text` is "" when it must be given.
    `choices` are the only values a run accepts; `secret`: its name says that its value should not be seen."""

    name: str
    annotation: str
    default: object
    default_text: str
    comment: str
    choices: tuple[object, ...] | None
    cell: int
    line: int
    secret: bool


@dataclass(frozen=True, kw_only=True)
class Look:
    """`refused` is the sentence that says why the notebook cannot be read as a whole; then what is known is told."""

    refused: str | None
    converts: bool
    tagged: bool
    cells: tuple[LookCell, ...]
    steps: tuple[LookStep, ...] = ()
    edges: tuple[LookEdge, ...] = ()
    parameters: tuple[LookParameter, ...] = ()
    findings: tuple[Finding, ...] = ()
