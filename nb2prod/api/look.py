"""What the live panel shows of a notebook that is being written: analysed as it is, whatever is half done in it."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any  # JSON

from nb2prod.analysis.build import plan
from nb2prod.analysis.collection import no_collection
from nb2prod.analysis.knowledge import KNOWN, Knowledge, knowledge_for
from nb2prod.analysis.looks import edges_of, steps_of
from nb2prod.analysis.parameters import Declaration, declarations
from nb2prod.checks.check import run_checks
from nb2prod.checks.secret import names_a_secret
from nb2prod.errors import KnowledgeWrong
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.look import Look, LookCell, LookParameter
from nb2prod.model.notebook import Notebook, Role
from nb2prod.notebooks.read import parse_cells, why_unusable
from nb2prod.notebooks.roles import Trouble, is_own, repaired
from nb2prod.runtime.annotations import Shape, shape_of
from nb2prod.runtime.telling.record import encode

__all__ = ["look", "look_parameter", "parameters_json", "to_json"]


@no_collection()
def look(path: Path, text: str) -> Look:
    """The notebook in a text; `path` says how it is written, and where what is known of libraries stands.

    Raises NotebookNotReadable for a text that is no notebook. What else is wrong with it is told in the Look.
    """
    notebook = parse_cells(path, text)
    unusable = why_unusable(notebook)
    if unusable:
        cells = tuple(LookCell(number=cell.number, kind=cell.kind) for cell in notebook.cells)
        return Look(refused=unusable, converts=False, tagged=False, cells=cells)
    known, wrong = _knowledge(path)
    written = {cell.number: cell.options for cell in notebook.cells}
    notebook, troubles = repaired(notebook)
    planned = plan(notebook, known=known)
    steps = steps_of(planned)
    cells = tuple(_cells(notebook, planned.analysis.roles, written))
    findings = {*planned.findings, *run_checks(planned.analysis), *(_finding(trouble) for trouble in troubles)}
    refused = wrong or next((trouble.sentence for trouble in troubles), None)
    return Look(
        refused=refused,
        converts=refused is None and planned.steps is not None,
        tagged=any(cell.own or cell.metrics or cell.inference for cell in cells),
        cells=cells,
        steps=steps,
        edges=edges_of(planned, steps),
        parameters=tuple(map(look_parameter, declarations(notebook))),
        findings=tuple(sorted(replace(finding, notebook=notebook.name) for finding in findings)),
    )


def _knowledge(path: Path) -> tuple[Knowledge, str | None]:
    try:
        return knowledge_for(path), None
    except KnowledgeWrong as error:
        return KNOWN, str(error)


def _cells(
    notebook: Notebook, roles: Iterable[Role | None], options: Mapping[int, Mapping[str, object]]
) -> Iterator[LookCell]:
    for cell, role in zip(notebook.cells, roles, strict=True):
        if role is None:
            yield LookCell(number=cell.number, kind=cell.kind)
            continue
        yield LookCell(
            number=cell.number,
            kind=cell.kind,
            role=role.kind,
            step=str(role.step) if role.step else None,
            own=is_own(notebook.name, cell),
            metrics=role.metrics,
            inference=role.inference,
            options=options[cell.number],
        )


def _finding(trouble: Trouble) -> Finding:
    return Finding(
        code="NB305",
        severity=Severity.ERROR,
        cell=trouble.cell,
        message=trouble.sentence,
        hint="correct the cell's tags or options",
    )


def look_parameter(declared: Declaration) -> LookParameter:
    try:
        default: object = ast.literal_eval(declared.default) if declared.default else None
        shape = shape_of(declared.annotation, default)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        default, shape = None, shape_of(declared.annotation)  # it is computed in the notebook
    return LookParameter(
        name=declared.name,
        annotation=declared.annotation,
        default=encode(default),
        default_text=declared.default,
        comment=declared.comment,
        choices=_choices(shape),
        cell=declared.cell,
        line=declared.line,
        secret=names_a_secret(declared.name),
    )


def _choices(shape: Shape) -> tuple[object, ...] | None:
    """What a run accepts, where that can be counted: `Literal`, alone or with None."""
    if shape.kind == "choice":
        return tuple(map(encode, shape.values))
    if shape.kind == "union" and all(part.kind == "choice" or part.name == "None" for part in shape.parts):
        found = [part.values if part.kind == "choice" else (None,) for part in shape.parts]
        return tuple(encode(value) for values in found for value in values)
    return None


# ---------------------------------------------------------------------- as JSON


def to_json(found: Look) -> dict[str, Any]:
    whole: dict[str, Any] = _plain(found)
    for finding in whole["findings"]:
        del finding["notebook"]
    return whole


def parameters_json(parameters: Iterable[LookParameter]) -> list[dict[str, Any]]:
    return [_plain(each) for each in parameters]


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(value.__class__)}
    if isinstance(value, Enum):
        return value.value
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
