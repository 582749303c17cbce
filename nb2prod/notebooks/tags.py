"""The grammar of tags: ours, Kale's beside it, and other tools' left alone.

    tag = parameters | imports | functions | skip      what the cell is for
        | step:NAME                                    the cell belongs to step NAME
        | metrics | inference                          more about a cell of a step
        | pipeline-parameters | pipeline-metrics       Kale's words for parameters and metrics
        | block:NAME | prev:NAME                       Kale's words for a step, and a step that comes before it
        | limit:RESOURCE:AMOUNT | cache:SWITCH | …     Kale's policy of a step

A tag of another tool (`hide-input`, `remove-cell`) is nobody's mistake. One that is nearly ours is: it is refused,
since a cell would silently go elsewhere.
"""

import difflib
import re
from dataclasses import dataclass, field
from typing import Any

from nb2prod.errors import InvalidName, InvalidOption, UnknownTag
from nb2prod.model.notebook import Cell, RoleKind
from nb2prod.source import PythonName

__all__ = ["OURS", "CellTags", "read_tags", "step_name"]

_KINDS = {
    "parameters": RoleKind.PARAMETERS,
    "pipeline-parameters": RoleKind.PARAMETERS,
    "injected-parameters": RoleKind.PARAMETERS,  # papermill's: it stands after `parameters` and wins
    "imports": RoleKind.IMPORTS,
    "functions": RoleKind.FUNCTIONS,
    "skip": RoleKind.SKIP,
}
_FLAGS = {"metrics": "metrics", "pipeline-metrics": "metrics", "inference": "inference"}
_STEP_PREFIXES = ("step", "block")
_KALE_POLICY = ("annotation", "label", "limit", "image", "cache", "enable_caching", "retry_count", "retry", "timeout")
OURS = ("parameters", "imports", "functions", "skip", "metrics", "inference", "step")
_NEARLY = (*OURS, "block", "prev", "pipeline-parameters", "pipeline-metrics")
_LONGEST = 100  # letters of a step's name: it names a file too
_NOT_IN_A_NAME = re.compile(r"""[^\w\s.,&/+\-]""")


@dataclass(frozen=True, kw_only=True)
class CellTags:
    """The tags of one cell, read: what it is for (None when it follows the step before it), and its policy."""

    kind: RoleKind | None = None
    step: str | None = None
    flags: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def read_tags(notebook: str, cell: Cell) -> CellTags:
    """What the tags of a cell say together. Raises UnknownTag, InvalidOption, for tags that contradict each other."""
    kinds: dict[str, RoleKind] = {}
    steps: list[str] = []
    flags: set[str] = set()
    after: list[str] = []
    options: dict[str, Any] = {}
    for tag in cell.tags:
        prefix, colon, rest = tag.partition(":")
        if tag in _KINDS:
            kinds[tag] = _KINDS[tag]
        elif tag in _FLAGS:
            flags.add(_FLAGS[tag])
        elif colon and prefix in _STEP_PREFIXES:
            steps.append(rest)
        elif colon and prefix == "prev":
            after.append(rest)
        elif colon and prefix in _KALE_POLICY:
            options |= _kale_option(notebook, cell.number, prefix, rest)
        else:
            _refuse_if_nearly_ours(notebook, cell.number, tag)
    _refuse_contradictions(notebook, cell, list(kinds), steps, flags)
    kind = next(iter(kinds.values()), RoleKind.STEP if steps else None)
    return CellTags(
        kind=kind,
        step=steps[0] if steps else None,
        flags=frozenset(flags),
        after=tuple(after),
        options=options,
    )


def step_name(notebook: str, cell: int, text: str) -> PythonName:
    """The identifier for a step's name as written in a tag. Code in a name is refused, not made harmless."""
    wrong = _NOT_IN_A_NAME.search(text)
    try:
        if wrong is not None:
            raise InvalidName(text, f"it holds {wrong.group()!r}; use words like 'train_model'")
        if len(text) > _LONGEST:
            raise InvalidName(
                text, f"it has {len(text)} letters, and a file's name has no room for more than {_LONGEST}"
            )
        return PythonName.of(text)
    except InvalidName as error:
        reason = str(error).partition(": ")[2]
        raise InvalidName(text, f"{reason} (tag of cell {cell} of {notebook})", cell) from error


def _refuse_contradictions(notebook: str, cell: Cell, kinds: list[str], steps: list[str], flags: set[str]) -> None:
    where = f"{notebook}: cell {cell.number}"
    if len({_KINDS[kind] for kind in kinds}) > 1:
        raise InvalidOption(where, f"the tags {_and(kinds)} contradict each other; keep one of them", cell.number)
    if len(set(steps)) > 1:
        raise InvalidOption(
            where, f"it is tagged for the steps {_and(steps)}; keep one, or divide the cell", cell.number
        )
    if kinds and (steps or flags):
        others = [*(f"step:{step}" for step in steps), *sorted(flags)]
        raise InvalidOption(
            where, f"the tag {kinds[0]!r} cannot stand with {_and(others)}; keep one of them", cell.number
        )


def _and(words: list[str]) -> str:
    return " and ".join(map(repr, words))


def _refuse_if_nearly_ours(notebook: str, cell: int, tag: str) -> None:
    prefix, _, rest = tag.partition(":")
    close = difflib.get_close_matches(prefix.lower().strip(), _NEARLY, n=1, cutoff=0.75)
    if not close:
        return
    found = close[0]
    if found in (*_STEP_PREFIXES, "prev"):
        meant = f"{found}:{rest.strip() or 'NAME'}"
    else:
        meant = found
    raise UnknownTag(
        notebook, cell, tag, f"did you mean {meant!r}? Tags of nb2prod are {', '.join(OURS[:-1])}, step:NAME"
    )


def _kale_option(notebook: str, cell: int, prefix: str, rest: str) -> dict[str, Any]:
    """Kale's tags of policy as options of ours. Those for a cluster's own objects have no meaning here."""
    if prefix == "limit":
        resource, _, amount = rest.partition(":")
        return _limit(notebook, cell, resource, amount)
    if prefix in ("cache", "enable_caching"):
        return {"cache": rest.lower() in ("enabled", "true", "on")}
    if prefix in ("retry_count", "retry"):
        return {"retries": _number(notebook, cell, f"{prefix}:{rest}", rest)}
    if prefix == "timeout":
        return {"timeout": _number(notebook, cell, f"{prefix}:{rest}", rest)}
    return {}


def _limit(notebook: str, cell: int, resource: str, amount: str) -> dict[str, Any]:
    if resource == "memory":
        return {"memory": amount}
    if resource == "cpu":
        return {"cpu": amount}
    if resource.endswith("gpu"):
        return {"gpu": _number(notebook, cell, f"limit:{resource}:{amount}", amount)}
    return {}


def _number(notebook: str, cell: int, tag: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        reason = f"the tag {tag!r} needs a whole number at its end"
        raise InvalidOption(f"{notebook}: cell {cell}", reason, cell) from error
