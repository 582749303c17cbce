"""How a step failed: where in the notebook, why, from what, and what to do next.

failure = message, type, reason, notebook, cell, line, file, file_line, traceback, causes(type, reason, notebook, cell,
          line, file, file_line), inputs(name: what it was), environment, resume, replay
"""

import traceback
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any  # JSON

from nb2prod.runtime.project import Settings
from nb2prod.runtime.results.keys import environment
from nb2prod.runtime.telling.measure import shown

__all__ = [
    "Place",
    "causes_of",
    "described_place",
    "failure_of",
    "place_of",
    "reason_of",
    "traceback_of",
    "whole_failure",
]

_CAUSES = 20

_HERE = str(Path(__file__).parents[1])


@dataclass(frozen=True, kw_only=True)
class Place:
    """`cell` and `line` from 1, or 0 when the notebook's lines are not known; `file` and `file_line` always."""

    notebook: str = ""
    cell: int = 0
    line: int = 0
    file: str = ""
    file_line: int = 0

    def __str__(self) -> str:
        where = f"{self.notebook}, cell {self.cell}, line {self.line}" if self.cell else ""
        return where or (f"{self.file}, line {self.file_line}" if self.file else "code that is not the notebook's")


def failure_of(
    error: BaseException,
    settings: Settings,
    inputs: Mapping[str, object],
    *,
    message: str = "",
    resume: str = "",
    replay: str = "",
) -> dict[str, Any]:
    """The record of a failure, as JSON. `message` is what the user reads, `resume` and `replay` are commands."""
    return {
        "message": message or reason_of(error),
        "type": type(error).__name__,
        "reason": reason_of(error),
        **asdict(place_of(error, settings)),
        "traceback": traceback_of(error),
        "causes": [
            {"type": type(each).__name__, "reason": reason_of(each), **asdict(place_of(each, settings))}
            for each in causes_of(error)
        ],
        "inputs": {name: shown({name: value}).removeprefix(f"{name} ") for name, value in inputs.items()},
        "environment": environment(settings.root),
        "resume": resume,
        "replay": replay,
    }


def whole_failure(known: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """A failure with all its fields, also of a process that could tell nothing any more."""
    message = str(known.get("message", ""))
    blank = {"message": message, "type": "", "reason": message, **asdict(Place()), "traceback": "", "causes": []}
    blank |= {"inputs": {}, "resume": "", "replay": ""}
    return {**blank, **known, "environment": known.get("environment") or environment(settings.root)}


def described_place(failure: Mapping[str, Any]) -> str:
    """Where a recorded failure was, in words."""
    if failure.get("place"):
        return str(failure["place"])
    return str(Place(**{each.name: failure[each.name] for each in fields(Place) if each.name in failure}))


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """What led to it, as a traceback shows it: the nearest first. An error may be among its own causes."""
    seen = {id(error)}
    each = _cause(error)
    while each is not None and id(each) not in seen and len(seen) <= _CAUSES:
        seen.add(id(each))
        yield each
        each = _cause(each)


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def place_of(error: BaseException, settings: Settings) -> Place:
    """The innermost line of the user's own: of a cell if there is one, else of the package."""
    frames = [(_path(frame), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    package = f"/{settings.package}/"
    own = Place()
    for file, line in reversed(frames):
        for path, entries in settings.lines.items():
            if file.endswith("/" + path.removeprefix("src/")) and (found := _nearest(entries, line)):
                _, cell, cell_line = found
                return Place(notebook=settings.notebook, cell=cell, line=cell_line, file=path, file_line=line)
        if not own.file and package in file and not file.startswith(_HERE):
            own = Place(file=file[file.rindex(package) + 1 :], file_line=line)
    return own


def reason_of(error: BaseException) -> str:
    text = "; ".join([str(error).strip(), *getattr(error, "__notes__", ())]).removeprefix("; ")
    text = text if len(text) <= 1000 else f"{text[:1000]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def traceback_of(error: BaseException) -> str:
    """Without our own frames at its head."""
    trace: TracebackType | None = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename.startswith(_HERE):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))


def _path(frame: object) -> str:
    return str(frame.f_code.co_filename).replace("\\", "/")  # type: ignore[attr-defined]


def _nearest(entries: list[tuple[int, int, int]], line: int) -> tuple[int, int, int] | None:
    """The entry of that line, or of the last one before it that has one."""
    index = bisect_right([entry[0] for entry in entries], line)
    return entries[index - 1] if index else None
