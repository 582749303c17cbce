"""Where outputs go: a template of a folder or URL, or of the notebook's file when it ends with .ipynb.

{name} of the definition, {run}, {attempt}, {date}, {time} (of the attempt's start), {due}, {p.NAME} a parameter
"""

import os
import re
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from nb2prod.errors import InvalidOption

__all__ = ["FIELDS", "Target", "check_template", "expand", "is_local", "local_path", "refuse_input"]

FIELDS = ("name", "run", "attempt", "date", "time", "due")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_NOT_IN_A_PART = re.compile(r"[/\\\x00-\x1f]+")


@dataclass(frozen=True, kw_only=True)
class Target:
    """The notebook's file, an absolute path or a URL; the other formats stand beside it."""

    notebook: str

    @classmethod
    def of(cls, place: str, stem: str) -> "Target":
        """The target of an expanded template."""
        if not place.endswith(".ipynb"):
            place = f"{place.rstrip('/')}/{stem}.ipynb"
        return cls(notebook=str(local_path(place)) if is_local(place) else place)

    def beside(self, suffix: str) -> str:
        return self.notebook.removesuffix(".ipynb") + suffix


def check_template(template: str, parameters: Collection[str]) -> None:
    """Raises InvalidOption for a field that there is not."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise InvalidOption("--output", f"{template!r} is no template: {error}") from error
    known = [*FIELDS, *(f"p.{name}" for name in parameters)]
    for _, name, form, conversion in parts:
        if name is not None and (name not in known or form or conversion):
            shown = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            raise InvalidOption("--output", f"there is no field {{{shown}}}; the fields are {', '.join(known)}")


def expand(template: str, fields: Mapping[str, object], parameters: Mapping[str, object]) -> str:
    """The template with its fields; a value never makes another folder. Raises InvalidOption."""
    check_template(template, list(parameters))
    values = {**fields, **{f"p.{name}": value for name, value in parameters.items()}}
    return "".join(
        text + ("" if name is None else _part(values[name])) for text, name, _, _ in string.Formatter().parse(template)
    )


def _part(value: object) -> str:
    if isinstance(value, datetime):
        value = value.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    text = _NOT_IN_A_PART.sub("_", str(value))
    return "_" if text in ("", ".", "..") else text


def is_local(place: str) -> bool:
    return not _URL.match(place) or place.startswith(("file://", "local://"))


def local_path(place: str) -> Path:
    """Absolute, links followed: two names of one file are one output."""
    if _URL.match(place):
        place = unquote(re.sub(r"^(file|local)://", "", place))
    return Path(os.path.realpath(Path(place).expanduser()))


def refuse_input(target: Target, source: str) -> None:
    """Raises InvalidOption when the output is the notebook that runs, whatever it is called."""
    if not is_local(target.notebook):
        return
    output, notebook = Path(target.notebook), local_path(source)
    try:
        same = output == notebook or (output.exists() and notebook.exists() and output.samefile(notebook))
    except OSError:
        same = False
    if same:
        raise InvalidOption("--output", f"{output} is the notebook that runs; its output must go elsewhere")
