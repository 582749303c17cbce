"""The words of a notebook: its title, and what a step says it does, from headings and comments."""

import re

from nb2prod.model.notebook import CellKind, Notebook

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$", re.MULTILINE)
_NUMBER = re.compile(r"^[\dIVX]+([.)][\d.]*)?\s+")
_MARKUP = re.compile(r"[*_`]|!?\[([^\]]*)\]\([^)]*\)|<[^>]+>")


def title_of(notebook: Notebook) -> str:
    """The first heading, or the file's name in words."""
    for cell in notebook.cells:
        if cell.kind is CellKind.MARKDOWN and (heading := _heading(cell.source)):
            return heading
    return notebook.name.split(".")[0].replace("_", " ").replace("-", " ").strip().capitalize()


def step_summary(name: str, notebook: Notebook, first: int) -> str:
    """The heading right above a step's first cell, or the step's name in words."""
    for cell in reversed(notebook.cells[: first - 1]):
        if cell.kind is CellKind.CODE:
            break
        if cell.kind is CellKind.MARKDOWN and (heading := _heading(cell.source, last=True)):
            return heading
    return name.replace("_", " ").strip().capitalize()


def _heading(source: str, *, last: bool = False) -> str:
    found = _HEADING.findall(source)
    if not found:
        return ""
    return plain(found[-1 if last else 0][1])


def plain(text: str) -> str:
    """Markdown without its marks, on one line."""
    words = _MARKUP.sub(lambda match: match.group(1) or "", text)
    return " ".join(_NUMBER.sub("", words).split())
