"""Passes 1 to 6 over a whole notebook: each production cell lowered, classified and walked, in notebook order."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nb2prod.analysis.classify import Statement, statements_of
from nb2prod.analysis.displays import Displays, displays_of
from nb2prod.analysis.environment import Environment
from nb2prod.analysis.facts import Effects
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.magic_names import refuse_clashes
from nb2prod.analysis.magics import LoweredCell, lower
from nb2prod.analysis.parameters import read_parameters
from nb2prod.analysis.refusals import refuse_cell, refuse_star
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.rewalk import Watched, rewalk
from nb2prod.analysis.stars import star_modules, star_names
from nb2prod.analysis.values import Definition, Summary
from nb2prod.model.finding import Finding
from nb2prod.model.notebook import Notebook, Role, RoleKind
from nb2prod.model.pipeline import Parameter
from nb2prod.notebooks.roles import roles_of


@dataclass(frozen=True, kw_only=True)
class CellAnalysis:
    """A code cell: its plain Python, its statements, and what it does. Skipped cells are lowered, not walked."""

    number: int
    role: Role
    lowered: LoweredCell
    statements: tuple[Statement, ...]
    effects: Effects

    @property
    def is_skipped(self) -> bool:
        return self.role.kind is RoleKind.SKIP

    def surely_deletes(self, name: str) -> bool:
        """Not in a branch, and not at the end of an `except … as name`."""
        nodes = (statement.node for statement in self.statements)
        targets = (target for node in nodes if isinstance(node, ast.Delete) for target in node.targets)
        return any(isinstance(target, ast.Name) and target.id == name for target in targets)


@dataclass(frozen=True, kw_only=True)
class Analysis:
    notebook: Notebook
    roles: tuple[Role | None, ...]
    cells: tuple[CellAnalysis, ...]
    parameters: tuple[Parameter, ...]
    star_names: dict[str, frozenset[str]]
    findings: tuple[Finding, ...]
    known: Knowledge = KNOWN
    summaries: Mapping[Definition, Summary] = field(default_factory=dict)

    @cached_property
    def production(self) -> tuple[CellAnalysis, ...]:
        return tuple(cell for cell in self.cells if not cell.is_skipped)

    @cached_property
    def by_number(self) -> dict[int, CellAnalysis]:
        return {cell.number: cell for cell in self.cells}

    @cached_property
    def states(self) -> frozenset[str]:
        """Hidden states that some production cell touches."""
        return frozenset().union(*(cell.effects.state for cell in self.production))

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names that some production cell reads."""
        return frozenset().union(*(cell.effects.reads for cell in self.production))

    @cached_property
    def mutated(self) -> frozenset[str]:
        """Names whose objects some production cell changes, or may change."""
        effects = [cell.effects for cell in self.production]
        return frozenset().union(*(found.mutates.keys() | found.may_mutate.keys() for found in effects))


_SEEDS = re.compile(r"seed\w*\s*\(|set_state\s*\(|random import")
_WORTH_A_LOOK = re.compile(r"\b(class|def|defaultdict)\b")
_NO_EFFECTS = Effects(
    exposed={},
    must_bind=frozenset(),
    reads=frozenset(),
    binds={},
    deletes={},
    mutates={},
    may_mutate={},
    state={},
    direct=frozenset(),
    carried={},
    kinds={},
)


def analyse(
    notebook: Notebook, watch: Callable[[Environment], None] = lambda _env: None, known: Knowledge = KNOWN
) -> Analysis:
    """Everything that can be said of the notebook cell by cell; `watch` sees the names after each cell. Raises for
    tags that are wrong."""
    roles = roles_of(notebook)
    lowered = refuse_clashes({cell.number: lower(cell) for cell in notebook.code_cells})
    known_stars, findings = _resolve_stars([lowered[number] for number in lowered if _is_walked(roles[number - 1])])
    env = Watched(known, is_seeded=any(_SEEDS.search(cell.text) for cell in lowered.values()))
    env.star_names = known_stars
    displays = displays_of((c.tree for c in lowered.values() if _WORTH_A_LOOK.search(c.text)), known)
    cells: list[CellAnalysis] = []
    parameters: list[Parameter] = []
    for cell in notebook.code_cells:
        role = roles[cell.number - 1]
        assert role is not None
        analysed = _analyse_cell(env, displays, role, lowered[cell.number])
        cells.append(analysed)
        watch(env)
        if role.kind is RoleKind.PARAMETERS:
            found, wrong = read_parameters(analysed.lowered, analysed.statements)
            parameters += found
            findings += wrong
        if not analysed.is_skipped:
            findings += _refusals(analysed.lowered, analysed.statements, displays)
    return Analysis(
        notebook=notebook,
        roles=roles,
        cells=tuple(cells),
        parameters=tuple({parameter.name: parameter for parameter in parameters}.values()),
        star_names=known_stars,
        findings=tuple(findings),
        known=known,
        summaries=env.summaries,
    )


@remembered
def _refusals(cell: LoweredCell, statements: tuple[Statement, ...], displays: Displays) -> list[Finding]:
    return list(refuse_cell(cell, statements, displays))


def _is_walked(role: Role | None) -> bool:
    return role is not None and role.kind is not RoleKind.SKIP


def _analyse_cell(env: Watched, displays: Displays, role: Role, lowered: LoweredCell) -> CellAnalysis:
    statements = statements_of(lowered, displays)
    if role.kind is RoleKind.SKIP:
        effects = _NO_EFFECTS
    else:
        effects = rewalk(env, lowered, statements)
    return CellAnalysis(number=lowered.number, role=role, lowered=lowered, statements=statements, effects=effects)


def _resolve_stars(cells: list[LoweredCell]) -> tuple[dict[str, frozenset[str]], list[Finding]]:
    resolved: dict[str, frozenset[str]] = {}
    findings: list[Finding] = []
    for cell in (cell for cell in cells if "import" in cell.text and "*" in cell.text):
        for module, line in star_modules([cell.tree]).items():
            names = resolved[module] if module in resolved else star_names(module)
            if names is None:
                findings.append(refuse_star(cell.number, line, module))
            else:
                resolved[module] = names
    return resolved, findings
