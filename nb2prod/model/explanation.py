"""Why the steps of a notebook are wired as they are: who makes, changes and reads each name.

Explanation = findings, parameters, ExplainedStep…, and a NameHistory when one name was asked for
Event       = what one place of the notebook does to a name
"""

from dataclasses import dataclass
from enum import StrEnum

from nb2prod.model.finding import Finding


class Deed(StrEnum):
    READ = "read"
    MADE = "made"
    CHANGED = "changed"
    MAYBE = "perhaps changed"  # it cannot be ruled out
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True)
class Event:
    """`through` is the function in whose body it happens; `step` is empty for cells that belong to none."""

    deed: Deed
    cell: int
    line: int
    code: str
    step: str = ""
    through: str = ""


@dataclass(frozen=True, kw_only=True)
class Input:
    """`source` is a step, or "" for a parameter. `read` is None for a name that the step only passes on."""

    name: str
    source: str
    read: Event | None
    made: Event | None
    changed: Event | None


@dataclass(frozen=True, kw_only=True)
class Output:
    """`readers` are the steps that take it; `is_result`: the pipeline gives it back at its end."""

    name: str
    because: Event | None
    readers: tuple[str, ...]
    is_result: bool


@dataclass(frozen=True, kw_only=True)
class Redefinition:
    """A function or class that stands again in the step, and why it is not shared in functions.py."""

    name: str
    made: Event
    why: str


@dataclass(frozen=True, kw_only=True)
class HiddenState:
    name: str
    touched: Event


@dataclass(frozen=True, kw_only=True)
class ExplainedStep:
    """`is_wired` is False when a finding keeps the names from being followed: then inputs and outputs are not known."""

    name: str
    cells: tuple[int, ...]
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    state: tuple[HiddenState, ...] = ()
    functions: tuple[str, ...] = ()
    redefined: tuple[Redefinition, ...] = ()
    is_wired: bool = True


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A name that one step hands to another, and the read that asks for it."""

    source: str
    target: str
    read: Event | None


@dataclass(frozen=True, kw_only=True)
class Version:
    """The name as one step leaves it."""

    step: str
    last: Event


@dataclass(frozen=True, kw_only=True)
class NameHistory:
    """`kinds` are "data", "parameter", "import", "definition"; `shares` are names that may reach the same object."""

    name: str
    kinds: tuple[str, ...]
    events: tuple[Event, ...]
    versions: tuple[Version, ...]
    shares: tuple[str, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`converts` is False when a finding refuses the notebook; what is known is told all the same."""

    notebook: str
    converts: bool
    findings: tuple[Finding, ...]
    parameters: tuple[tuple[str, int], ...]
    steps: tuple[ExplainedStep, ...]
    name: NameHistory | None = None
