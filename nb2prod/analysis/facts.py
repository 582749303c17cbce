"""What one cell, or one function body, does to the names around it, collected while walking."""

from dataclasses import dataclass, field

from nb2prod.analysis.values import Definition, Label


@dataclass(kw_only=True)
class Facts:
    """Filled by the walker. Names are the notebook's globals; labels are the objects of values.py."""

    exposed: dict[str, int] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)
    binds: dict[str, int] = field(default_factory=dict)
    deletes: dict[str, int] = field(default_factory=dict)
    mutates: dict[str, int] = field(default_factory=dict)
    may_mutate: dict[str, int] = field(default_factory=dict)
    reworked: dict[str, int] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    mutated: set[Label] = field(default_factory=set)
    may_mutated: set[Label] = field(default_factory=set)
    drawn: set[Label] = field(default_factory=set)
    figures: frozenset[Label] = frozenset()
    state: dict[str, int] = field(default_factory=dict)
    direct: set[str] = field(default_factory=set)
    carried: dict[str, frozenset[Definition]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    together: set[frozenset[str]] = field(default_factory=set)
    incoming: dict[str, frozenset[Label]] = field(default_factory=dict)
    beside: dict[str, frozenset[str]] = field(default_factory=dict)
    opaque: list[tuple[int, str]] = field(default_factory=list)
    returned: set[Label] = field(default_factory=set)
    kept: set[Label] = field(default_factory=set)
    returns_function: bool = False


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The finished answer for a cell: names with the line where each first happens.

    exposed     read, or perhaps read, before the cell surely binds them
    must_bind   surely bound at the end of the cell
    binds       perhaps bound; `deletes` perhaps deleted
    mutates     an object that the name had before the cell is likely changed; `may_mutate`: it cannot be ruled out
    state       hidden state that is read or written
    direct      names that the cell's own text reads; other reads happen inside functions that it may call
    carried     exposed names whose values can call definitions of the notebook
    kinds       exposed names whose rough kind is known
        together    names that share an object which is changed, or may be
        incoming    the objects that exposed names are, or hold, as the cell reads them first
        beside      the names that share an object with an exposed name, as the cell reads it first
        left        deleted names that a branch after it may bind again
    reworked    an object that the cell itself gave the name is changed later in the cell
    """

    exposed: dict[str, int]
    must_bind: frozenset[str]
    reads: frozenset[str]
    binds: dict[str, int]
    deletes: dict[str, int]
    mutates: dict[str, int]
    may_mutate: dict[str, int]
    state: dict[str, int]
    direct: frozenset[str]
    carried: dict[str, frozenset[Definition]]
    kinds: dict[str, str]
    together: frozenset[frozenset[str]] = frozenset()
    incoming: dict[str, frozenset[Label]] = field(default_factory=dict)
    beside: dict[str, frozenset[str]] = field(default_factory=dict)
    opaque: tuple[tuple[int, str], ...] = ()
    left: frozenset[str] = frozenset()
    reworked: dict[str, int] = field(default_factory=dict)
