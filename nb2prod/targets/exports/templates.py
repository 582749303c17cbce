"""Python files of targets from templates, checked and formatted like all that we generate."""

import textwrap
from collections.abc import Iterable, Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from nb2prod.targets.exports.base import ExportOrder, Note
from nb2prod.targets.exports.texts import one_line
from nb2prod.targets.formatting import format_files

__all__ = ["head_of", "names_in_python", "rendered"]

_WIDTH = 96


def rendered(target: str, templates: Mapping[str, str], **given: object) -> dict[str, str]:
    """The files by path, of the target's templates by path."""
    environment = _environment(target)
    return format_files({path: environment.get_template(name).render(given) for path, name in templates.items()})


def head_of(target: str, order: ExportOrder, notes: Iterable[Note], *paragraphs: str) -> str:
    """The text of a module's docstring: what it is, how it works, and what did not cross."""
    notebook = f" from {order.settings.notebook}" if order.settings.notebook else ""
    told = [f"Pipeline {order.name}{notebook}, as `nb2prod export --to {target}` made it. Change the project, "]
    told[0] += "not this file, and export again."
    told += [*paragraphs, *(f"NOTE {'(unsafe) ' if note.unsafe else ''}{note}" for note in notes)]
    return "\n\n".join(textwrap.fill(one_line(each), _WIDTH, break_long_words=False) for each in told)


def names_in_python(steps: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """An identifier for each step: its own name where that is free."""
    used, found = set(taken), {}
    for step in steps:
        name = step.replace("-", "_")
        while name in used:
            name = f"{name}_"
        used.add(name)
        found[step] = name
    return found


def _docstring(text: str) -> str:
    """Inside of three quotes, whatever it says."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


@cache
def _environment(target: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(f"nb2prod.targets.exports.{target}"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    environment.filters |= {"repr": repr, "docstring": _docstring}
    return environment
