"""Text of programs: names that are surely identifiers, and indenting that leaves strings alone."""

import builtins
import io
import keyword
import re
import tokenize
import unicodedata
from typing import Self

from nb2prod.errors import InvalidName

_SOFT = {"match", "case", "type", "_"}


class PythonName(str):
    """A `str` that is a Python identifier and no keyword: the only text that may name anything we generate.

    >>> PythonName.of("Train model!")
    'train_model'
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not text.isidentifier() or keyword.iskeyword(text):
            raise InvalidName(text, "it is not a Python identifier")
        return super().__new__(cls, text)

    @classmethod
    def of(cls, text: str) -> Self:
        """The identifier that a person's words stand for. The one place where words become names."""
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        name = re.sub(r"[^0-9a-zA-Z]+", "_", plain).strip("_").lower()
        if not name:
            raise InvalidName(text, "it has no letter or digit; use words like 'train_model'")
        if name[0].isdigit():
            name = f"step_{name}"
        if keyword.iskeyword(name) or name in _SOFT or hasattr(builtins, name):
            name = f"{name}_"
        return cls(name)


def indent(text: str, prefix: str = "    ") -> str:
    """Indent code without touching the lines inside a string that spans lines.

    Text that cannot be tokenized is refused by `tokenize.TokenError`; callers parse first.
    """
    inside = string_lines(text)
    lines = text.split("\n")
    return "\n".join(
        line if number in inside or not line.strip() else prefix + line for number, line in enumerate(lines, start=1)
    )


def string_lines(text: str) -> set[int]:
    """The lines (from 1) that start inside a string literal, where leading space is content."""
    inside: set[int] = set()
    starts: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif kind in ("FSTRING_START", "TSTRING_START"):
            starts.append(token.start[0])
        elif kind in ("FSTRING_END", "TSTRING_END"):
            inside.update(range(starts.pop() + 1, token.end[0] + 1))
    return inside
