"""The 91 cases of dataflow with the right answers: inputs, binds, mutates and deletes of a step after other cells."""

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from nb2prod.analysis.definitions import needs_of
from nb2prod.analysis.effects import walk_cell
from nb2prod.analysis.environment import Environment
from nb2prod.analysis.facts import Effects
from nb2prod.analysis.magic_names import IMPORTED
from nb2prod.analysis.magics import LoweredCell, lower
from nb2prod.analysis.stars import star_modules, star_names
from nb2prod.model.notebook import Cell, CellKind

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "semantics/steps.json").read_text())


def last_step(sources: list[str]) -> tuple[set[str], Effects, LoweredCell]:
    """The names before the last cell, its effects, and the cell as lowered."""
    env = Environment()
    for number, source in enumerate(sources, start=1):
        cell = lower(Cell(number=number, kind=CellKind.CODE, source=source))
        for module in star_modules([cell.tree]):
            env.star_names[module] = star_names(module) or frozenset()
        before = set(env.values)
        effects = walk_cell(env, number=number, body=cell.tree.body, magics=cell.magics)
    return before, effects, cell


def test_there_are_91_cases() -> None:
    assert len({case["id"] for case in CASES}) == 91


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_step_has_the_right_effects(case: dict[str, Any]) -> None:
    before, effects, cell = last_step(case["cells"])
    inputs = {name for name in effects.exposed if name in before or not hasattr(builtins, name)}
    found = {
        "inputs": inputs - set(case.get("allow_extra", ())),
        "binds": set(effects.binds) - {IMPORTED[magic.name] for magic in cell.magics if magic.name in IMPORTED},
        "mutates": set(effects.mutates) - set(case.get("allow_extra_mut", ())),
        "deletes": set(effects.deletes),
    }
    assert found == {key: set(names) for key, names in case["expected"].items()}
    assert set(case.get("state", ())) <= set(effects.state)
    for name, captured in case.get("captures", {}).items():
        (definition,) = [node for node in cell.tree.body if name in _names(node)]
        assert needs_of(definition).reads == set(captured)


def _names(node: Any) -> set[str]:
    return {getattr(node, "name", "")} | {target.id for target in getattr(node, "targets", ())}
