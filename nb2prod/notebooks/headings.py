"""Headings of markdown cells: where a notebook's sections start, and what they are called."""

import re
from dataclasses import dataclass

from nb2prod.model.notebook import CellKind, Notebook

__all__ = ["Heading", "headings_of"]

_ATX = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_SETEXT = re.compile(r"^ {0,3}(=+|-{2,})\s*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, kw_only=True)
class Heading:
    """`level` is 1 for a title; `text` has no marks of markdown."""

    cell: int
    level: int
    text: str


def headings_of(notebook: Notebook) -> tuple[Heading, ...]:
    found: list[Heading] = []
    for cell in notebook.cells:
        if cell.kind is CellKind.MARKDOWN:
            found += _headings(cell.number, cell.source)
    return tuple(found)


def _headings(cell: int, source: str) -> list[Heading]:
    found: list[Heading] = []
    fenced, before = False, ""
    for line in source.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        atx, setext = _ATX.match(line), _SETEXT.match(line)
        if fenced:
            before = ""
            continue
        if atx is not None:
            found.append(Heading(cell=cell, level=len(atx.group(1)), text=_plain(atx.group(2))))
        elif setext is not None and before.strip() and "|" not in before:
            found.append(Heading(cell=cell, level=1 if setext.group(1)[0] == "=" else 2, text=_plain(before)))
        before = "" if atx is not None or setext is not None else line
    return [heading for heading in found if heading.text]


def _plain(text: str) -> str:
    text = re.sub(r"<[^>]+>", "", _LINK.sub(r"\1", text))
    return re.sub(r"[*`$]|:\w+:", "", text).strip(" :_")
