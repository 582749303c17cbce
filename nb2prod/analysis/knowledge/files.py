"""The files of knowledge, ours and others', put together."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from nb2prod.analysis.knowledge.grammar import entries_of, merged
from nb2prod.analysis.knowledge.tables import Knowledge

__all__ = ["KNOWN", "ours", "with_entries", "with_files"]


@cache
def ours() -> dict[str, Any]:
    """The entries of all TOML files beside this module."""
    found: dict[str, Any] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        found = merged(found, entries_of(path.read_text(encoding="utf-8"), path.name))
    return found


def with_files(texts: Iterable[tuple[str, str]]) -> Knowledge:
    """What we know, and what more texts say: pairs of a file's name and its text. Raises KnowledgeWrong."""
    return with_entries(entries_of(text, name) for name, text in texts)


def with_entries(more: Iterable[dict[str, Any]]) -> Knowledge:
    found = ours()
    for entries in more:
        found = merged(found, entries)
    # a receiver's class is not known: what changes it in one library may change it
    found = found | {"pure_methods": found["pure_methods"] - found["mutating_methods"]}
    return Knowledge(**found)


KNOWN = with_files(())
