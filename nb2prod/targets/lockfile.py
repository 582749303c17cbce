"""`requirements.lock`: everything that must be installed for some requirements, at the versions of an environment."""

import importlib.metadata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """`requires` are its requirements as its metadata has them, markers and extras included."""

    name: str
    version: str
    requires: tuple[str, ...] = ()


Lookup = Callable[[str], Distribution | None]


def lock_lines(requirements: Iterable[str], find: Lookup) -> tuple[str, ...]:
    """`name==version` for the requirements and all that they need, sorted; what is missing is said in a comment."""
    found: dict[str, str] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        distribution = find(wanted.name)
        key = canonicalize_name(wanted.name)
        found[key] = _line(wanted.name, distribution)
        new = {(key, extra) for extra in ("", *wanted.extras)} - asked
        asked |= new
        if distribution:
            waiting += [needed for _, extra in sorted(new) for needed in _needed(distribution, extra)]
    return tuple(found[key] for key in sorted(found))


def installed(name: str) -> Distribution | None:
    """The distribution of that name in the running interpreter."""
    return _installed(canonicalize_name(name))


def _line(name: str, distribution: Distribution | None) -> str:
    if distribution is None:
        return f"# {name}: not installed where the notebook was converted, so its version is not known"
    return f"{canonicalize_name(distribution.name)}=={distribution.version}"


def _needed(distribution: Distribution, extra: str) -> list[Requirement]:
    parsed = [_parsed(text) for text in distribution.requires if extra or "extra ==" not in text]
    return [need for need in parsed if need and (need.marker is None or need.marker.evaluate({"extra": extra}))]


@cache
def _parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:  # old metadata; what it asks for is not known
        return None


@cache
def _installed(name: str) -> Distribution | None:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    head = (found.read_text("METADATA") or "").split("\n\n", 1)[0].splitlines()
    fields = [(key, value) for key, colon, value in (line.partition(": ") for line in head) if colon]
    if not fields:  # an egg, which has no METADATA
        return Distribution(name=name, version=found.version, requires=tuple(found.requires or ()))
    requires = tuple(value for key, value in fields if key == "Requires-Dist")
    return Distribution(name=name, version=dict(fields).get("Version", ""), requires=requires)
