"""What each cell of a notebook is for, decided from the tags of all of them."""

from dataclasses import dataclass, field, replace
from typing import Any

from nb2prod.errors import InvalidName, InvalidOption, UnknownTag
from nb2prod.model.notebook import Cell, CellKind, Notebook, Role, RoleKind, StepOptions
from nb2prod.notebooks.options import read_options
from nb2prod.notebooks.tags import CellTags, read_tags, step_name
from nb2prod.source import PythonName

__all__ = ["FIRST_STEP", "Trouble", "is_own", "repaired", "roles_of"]

FIRST_STEP = PythonName("setup")  # where untagged code before the first step goes


def roles_of(notebook: Notebook) -> tuple[Role | None, ...]:
    """One role for each cell, None for those that are not code.

    An untagged code cell belongs to the step before it; imports, functions, parameters and skip cells end no step.
    Raises UnknownTag, InvalidName, InvalidOption.
    """
    tags = {cell.number: read_tags(notebook.name, cell) for cell in notebook.code_cells}
    names = _Names(notebook.name)
    steps: dict[int, PythonName] = {}
    current = FIRST_STEP
    for cell in notebook.code_cells:
        found = tags[cell.number]
        if found.step is not None:
            current = names.of(cell.number, found.step)
        if found.kind in (None, RoleKind.STEP):
            steps[cell.number] = current
    policies = _policies(notebook, tags, steps)
    options = {step: read_options(f"{notebook.name}: step {step!s}", *policy) for step, policy in policies.items()}
    return tuple(
        _role(notebook.name, cell, tags[cell.number], steps, options) if cell.kind is CellKind.CODE else None
        for cell in notebook.cells
    )


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a cell's tags or options cannot be used; the sentence is the error's."""

    cell: int
    sentence: str


def repaired(notebook: Notebook) -> tuple[Notebook, tuple[Trouble, ...]]:
    """The notebook as if the tags and options that `roles_of` refuses were not there, and what was wrong with them."""
    troubles: dict[int, Trouble] = {}
    while True:
        try:
            roles_of(notebook)
        except (UnknownTag, InvalidName, InvalidOption) as error:
            number = error.cell
            troubles.setdefault(number, Trouble(cell=number, sentence=str(error)))
            cells = [_without(cell, error) if cell.number == number else cell for cell in notebook.cells]
            notebook = replace(notebook, cells=tuple(cells))
        else:
            return notebook, tuple(troubles[number] for number in sorted(troubles))


def is_own(notebook: str, cell: Cell) -> bool:
    """Whether the cell's own tags say what it is for. Raises what `roles_of` raises."""
    return read_tags(notebook, cell).kind is not None


def _without(cell: Cell, error: Exception) -> Cell:
    if isinstance(error, UnknownTag):
        return replace(cell, tags=tuple(tag for tag in cell.tags if tag != error.tag))
    return replace(cell, options={}) if cell.options and isinstance(error, InvalidOption) else replace(cell, tags=())


def _role(
    notebook: str, cell: Cell, tags: CellTags, steps: dict[int, PythonName], options: dict[PythonName, StepOptions]
) -> Role:
    step = steps.get(cell.number)
    if step is None:
        if cell.options:
            reason = "it has options of a step, and belongs to none"
            raise InvalidOption(f"{notebook}: cell {cell.number}", reason, cell.number)
        assert tags.kind is not None
        return Role(kind=tags.kind)
    return Role(
        kind=RoleKind.STEP,
        step=step,
        metrics="metrics" in tags.flags,
        inference="inference" in tags.flags,
        after=tuple(step_name(notebook, cell.number, name) for name in tags.after),
        options=options[step],
    )


def _policies(
    notebook: Notebook, tags: dict[int, CellTags], steps: dict[int, PythonName]
) -> dict[PythonName, tuple[dict[str, Any], dict[str, int]]]:
    """The options of each step, gathered from its cells, which may not contradict each other, and the first cell to say
    each."""
    policies: dict[PythonName, tuple[dict[str, Any], dict[str, int]]] = {}
    for number, step in steps.items():
        policy, cells = policies.setdefault(step, ({}, {}))
        for name, value in (tags[number].options | dict(notebook.cell(number).options)).items():
            cells.setdefault(name, number)
            if policy.setdefault(name, value) != value:
                reason = f"it gives step {step!s} {name} {value!r}, and an earlier cell {policy[name]!r}"
                raise InvalidOption(f"{notebook.name}: cell {number}", reason, number)
    return policies


@dataclass(kw_only=False)
class _Names:
    """Step names as written, and the identifiers that they became."""

    notebook: str
    written: dict[PythonName, tuple[str, int]] = field(default_factory=dict)
    names: dict[str, PythonName] = field(default_factory=dict)

    def of(self, cell: int, text: str) -> PythonName:
        if text not in self.names:
            self.names[text] = self.new(cell, text)
        return self.names[text]

    def new(self, cell: int, text: str) -> PythonName:
        name = step_name(self.notebook, cell, text)
        before, first = self.written.setdefault(name, (text, cell))
        if before != text:
            raise InvalidOption(
                f"{self.notebook}: cell {cell}",
                f"the steps {before!r} (cell {first}) and {text!r} both become {name!s}; give one another name",
                cell,
            )
        return name
