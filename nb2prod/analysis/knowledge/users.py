"""What a project and other distributions add to the knowledge.

`nb2prod.toml` stands beside the notebook, or in a folder above it up to the repository's root or the user's home; its
sections are those of grammar.py with `knowledge.` before them. A distribution adds by an entry point of the group
`nb2prod.knowledge`: the path of a TOML file, or the text of one.
"""

import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any  # what an entry point or TOML gives

from nb2prod.analysis.knowledge.files import KNOWN, with_entries
from nb2prod.analysis.knowledge.grammar import check_key, entries_of, entries_of_table
from nb2prod.analysis.knowledge.tables import Knowledge
from nb2prod.errors import KnowledgeWrong

__all__ = ["GROUP", "SETTINGS", "find_settings", "knowledge_for"]

SETTINGS = "nb2prod.toml"
GROUP = "nb2prod.knowledge"


def knowledge_for(notebook: Path) -> Knowledge:
    """The knowledge for the notebook of that path. Raises KnowledgeWrong."""
    settings = find_settings(notebook)
    more = [*_of_distributions(tuple(sys.path)), *([_of_settings(settings)] if settings else [])]
    return with_entries(more) if more else KNOWN


def find_settings(notebook: Path) -> Path | None:
    """The nearest `nb2prod.toml`."""
    for folder in notebook.resolve().parents:
        if (folder / SETTINGS).is_file():
            return folder / SETTINGS
        if (folder / ".git").exists() or folder == Path.home():
            break
    return None


def _of_settings(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KnowledgeWrong(str(path), "", f"it cannot be read as TOML: {error}") from error
    for key in data:
        check_key(key, ["knowledge"], str(path), key)
    return entries_of_table(data.get("knowledge", {}), str(path), "knowledge.")


@lru_cache(maxsize=4)
def _of_distributions(_path: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """Asked once: going through all that is installed takes longer than analysing a notebook that is known."""
    return tuple(_entries())


def _entries() -> Iterator[dict[str, Any]]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        given = entry.load()
        where = f"{entry.value} (entry point {entry.name!r} of {GROUP})"
        is_text = isinstance(given, str) and ("\n" in given or not given.endswith(".toml"))
        yield entries_of(given if is_text else _text_of(given, where), where)


def _text_of(path: Any, where: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, TypeError, ValueError) as error:
        raise KnowledgeWrong(where, "", f"it must be the path or the text of a TOML file: {error}") from error
