"""`nb2prod tag`: suggested tags for the cells that have none, written into the notebook when told."""

from dataclasses import dataclass
from pathlib import Path

from nb2prod.analysis.knowledge import knowledge_for
from nb2prod.analysis.suggest import Suggestion, suggest
from nb2prod.notebooks.read import parse_notebook, read_notebook
from nb2prod.notebooks.write import write_tags

__all__ = ["Suggestion", "Tagging", "suggestions", "tag"]


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """`written` says whether the file was changed."""

    suggestions: tuple[Suggestion, ...]
    written: bool


def tag(path: Path, write: bool = False) -> Tagging:
    """What `nb2prod tag` suggests for a notebook. With `write` the tags go into the file, and nothing else changes."""
    suggestions = suggest(read_notebook(path), knowledge_for(path))
    if write and suggestions:
        write_tags(path, {suggestion.cell: (suggestion.tag,) for suggestion in suggestions})
    return Tagging(suggestions=suggestions, written=write and bool(suggestions))


def suggestions(path: Path, text: str) -> list[dict[str, str | int]]:
    """What `nb2prod tag` suggests for a notebook that is not saved, as JSON. Raises what `tag` raises."""
    found = suggest(parse_notebook(path, text), knowledge_for(path))
    return [{"cell": each.cell, "tag": each.tag, "reason": each.reason} for each in found]
