"""The words of a notebook: its title, and what a step says it does, from the headings above it."""

import re

from nb2prod.model.notebook import CellKind, Notebook
from nb2prod.notebooks.headings import Heading, headings_of

_NUMBER = re.compile(r"^[\dIVX]+([.)][\d.]*)?\s+")


def title_of(notebook: Notebook) -> str:
    """The first heading, or the file's name in words."""
    headings = headings_of(notebook)
    if headings:
        return _told(headings[0])
    return notebook.name.split(".")[0].replace("_", " ").replace("-", " ").strip().capitalize()


def step_summary(name: str, notebook: Notebook, first: int) -> str:
    """The heading right above a step's first cell, or the step's name in words."""
    above = first - 1
    while above and notebook.cell(above).kind is not CellKind.CODE:
        above -= 1
    between = Notebook(name=notebook.name, cells=notebook.cells[above : first - 1])
    headings = headings_of(between)
    return _told(headings[-1]) if headings else name.replace("_", " ").strip().capitalize()


def _told(heading: Heading) -> str:
    return " ".join(_NUMBER.sub("", heading.text).split())
