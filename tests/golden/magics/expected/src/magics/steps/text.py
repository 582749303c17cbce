"""Cell 7 of magics.ipynb."""

from typing import Any


def text() -> Any:
    """Text"""
    text = """
%time is text here
    !ls too
"""
    lines = text.splitlines()
    return lines
