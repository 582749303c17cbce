"""A generated project before it is written: each file's path and whole text."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Project:
    """Paths are relative, with `/`, and stay inside the project's folder. The text ends with a newline."""

    name: str
    files: Mapping[str, str] = field(default_factory=dict)
