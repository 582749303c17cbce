"""What each cell of a notebook is for, decided from the tags of all of them."""

from dataclasses import dataclass, field
from typing import Any

from nb2prod.errors import InvalidOption
from nb2prod.model.notebook import Cell, CellKind, Notebook, Role, RoleKind
from nb2prod.notebooks.options import read_options
from nb2prod.notebooks.tags import CellTags, read_tags, step_name
from nb2prod.source import PythonName

__all__ = ["FIRST_STEP", "roles_of"]

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
    return tuple(
        _role(notebook.name, cell, tags[cell.number], steps, policies) if cell.kind is CellKind.CODE else None
        for cell in notebook.cells
    )


def _role(
    notebook: str, cell: Cell, tags: CellTags, steps: dict[int, PythonName], policies: dict[PythonName, dict[str, Any]]
) -> Role:
    step = steps.get(cell.number)
    if step is None:
        if cell.options:
            raise InvalidOption(f"{notebook}: cell {cell.number}", "it has options of a step, and belongs to none")
        assert tags.kind is not None
        return Role(kind=tags.kind)
    return Role(
        kind=RoleKind.STEP,
        step=step,
        metrics="metrics" in tags.flags,
        inference="inference" in tags.flags,
        after=tuple(step_name(notebook, cell.number, name) for name in tags.after),
        options=read_options(f"{notebook}: step {step!s}", policies.get(step, {})),
    )


def _policies(
    notebook: Notebook, tags: dict[int, CellTags], steps: dict[int, PythonName]
) -> dict[PythonName, dict[str, Any]]:
    """The options of each step, gathered from its cells, which may not contradict each other."""
    policies: dict[PythonName, dict[str, Any]] = {}
    for number, step in steps.items():
        policy = policies.setdefault(step, {})
        for name, value in (tags[number].options | dict(notebook.cell(number).options)).items():
            if policy.setdefault(name, value) != value:
                where = f"{notebook.name}: cell {number}"
                raise InvalidOption(
                    where, f"it gives step {step!s} {name} {value!r}, and an earlier cell {policy[name]!r}"
                )
    return policies


@dataclass(kw_only=False)
class _Names:
    """Step names as written, and the identifiers that they became."""

    notebook: str
    written: dict[PythonName, tuple[str, int]] = field(default_factory=dict)

    def of(self, cell: int, text: str) -> PythonName:
        name = step_name(self.notebook, cell, text)
        before, first = self.written.setdefault(name, (text, cell))
        if before != text:
            raise InvalidOption(
                f"{self.notebook}: cell {cell}",
                f"the steps {before!r} (cell {first}) and {text!r} both become {name!s}; give one another name",
            )
        return name
