"""Which steps of a run are run, may be reused, must be known, or are left away: what --from, --only and --no-cache say.

select(nodes, start=..., only=...) → Decision of each node
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Protocol

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.running.plan import ancestors_in

__all__ = ["Chosen", "Decision", "not_known", "select"]


class Decision(Enum):
    RUN = "run"  # also when its result is known
    REUSE = "reuse"  # when its result is known; else it is run
    KNOWN = "known"  # its result must be known; it is not run
    LEAVE = "leave"  # nobody asks for it


class Chosen(Protocol):
    """A node of a plan, or a step of a graph."""

    @property
    def name(self) -> str: ...
    @property
    def before(self) -> tuple[str, ...]: ...


def select(nodes: Iterable[Chosen], *, start: str = "", only: str = "", use_cache: bool = True) -> dict[str, Decision]:
    """`nodes` in the order in which they are asked for; `start` is --from's step. Raises ProjectError."""
    before = {node.name: node.before for node in nodes}
    _check(before, start, only, use_cache)
    if only:
        needed = ancestors_in(before.__getitem__, only)
        return {name: _alone(name, only, needed) for name in before}
    again = _with_descendants(before, start) if start else set()
    otherwise = Decision.REUSE if use_cache else Decision.RUN
    return {name: Decision.RUN if name in again else otherwise for name in before}


def not_known(only: str, missing: Sequence[str]) -> ProjectError:
    """What to raise when steps that `only` needs have no known result."""
    names = [f"'{name}'" for name in missing]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return ProjectError(
        f"step '{only}' cannot be run alone: it needs what {listed} gave, and with "
        f"this code and these parameters that is not known; run it once without --only, which keeps what it needs"
    )


def _check(before: Mapping[str, object], start: str, only: str, use_cache: bool) -> None:
    if start and only:
        raise ProjectError(f"--only {only} runs that step alone, and --from {start} more: give one of them")
    if only and not use_cache:
        raise ProjectError(f"--only {only} takes what it needs from the cache: leave --no-cache away")
    if start and not use_cache:
        raise ProjectError(f"--no-cache runs every step, and --from {start} only some: give one of them")
    for option, name in (("--from", start), ("--only", only)):
        if name and name not in before:
            close = difflib.get_close_matches(name, before, n=1, cutoff=0.5)
            hint = f"did you mean '{close[0]}'?" if close else f"the steps are {', '.join(before)}"
            raise ProjectError(f"{option} {name}: the pipeline has no step of that name; {hint}")


def _alone(name: str, only: str, needed: set[str]) -> Decision:
    if name == only:
        return Decision.RUN
    return Decision.KNOWN if name in needed else Decision.LEAVE


def _with_descendants(before: Mapping[str, tuple[str, ...]], start: str) -> set[str]:
    found = {start}
    for name, earlier in before.items():
        if found.intersection(earlier):
            found.add(name)
    return found
