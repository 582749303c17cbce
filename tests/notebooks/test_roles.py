"""Tags: what they make of cells, and which are refused."""

from typing import Any

import pytest

from nb2prod.errors import InvalidName, InvalidOption, Nb2ProdError, UnknownTag
from nb2prod.model.notebook import Cell, CellKind, Notebook, Role, RoleKind, StepOptions
from nb2prod.notebooks.roles import roles_of
from nb2prod.source import PythonName


def notebook(*cells: str | tuple[str, dict[str, Any]]) -> Notebook:
    """Each cell by its tags, divided by `|`, and its options."""
    given = [cell if isinstance(cell, tuple) else (cell, {}) for cell in cells]
    return Notebook(
        name="nb.ipynb",
        cells=tuple(
            Cell(
                number=n,
                kind=CellKind.CODE,
                source="x = 1",
                tags=tuple(t for t in tags.split("|") if t),
                options=options,
            )
            for n, (tags, options) in enumerate(given, start=1)
        ),
    )


def told(*cells: str | tuple[str, dict[str, Any]]) -> list[str]:
    roles = [role for role in roles_of(notebook(*cells)) if role is not None]
    return [str(role.step) if role.step else role.kind.value for role in roles]


@pytest.mark.parametrize(
    ("cells", "roles"),
    [
        (["parameters", "imports", "functions", "skip"], ["parameters", "imports", "functions", "skip"]),
        (["step:Load data", "", "skip", "", "step:train"], ["load_data", "load_data", "skip", "load_data", "train"]),
        (["", "step:a"], ["setup", "a"]),
        (["step:a", "step:b", "step:a"], ["a", "b", "a"]),
        (["pipeline-parameters", "block:load", "step:train"], ["parameters", "load", "train"]),
        (["hide-input", "remove-cell|step:a", "nbval-skip"], ["setup", "a", "a"]),
        (["parameters", "injected-parameters"], ["parameters", "parameters"]),
        (["step:3 things", "step:für dich", "step:class"], ["step_3_things", "fur_dich", "class_"]),
    ],
)
def test_cells_have_roles(cells: list[str], roles: list[str]) -> None:
    assert told(*cells) == roles


def test_a_step_has_flags_order_and_options() -> None:
    policy = {"retries": 2, "timeout": 60, "cache": False, "memory": "2Gi", "cpu": "500m", "gpu": 1}
    assert roles_of(notebook("step:a", ("step:b|metrics|inference|prev:a", policy)))[1] == Role(
        kind=RoleKind.STEP,
        step=PythonName("b"),
        metrics=True,
        inference=True,
        after=(PythonName("a"),),
        options=StepOptions(retries=2, timeout=60, cache=False, memory=2 * 2**30, cpu=0.5, gpu=1),
    )


def test_kale_states_policy_in_tags() -> None:
    (role,) = roles_of(
        notebook("step:a|limit:nvidia.com/gpu:1|limit:memory:1Gi|cache:disabled|annotation:a:b|image:python:3")
    )
    assert role is not None
    assert role.options == StepOptions(gpu=1, memory=2**30, cache=False)


@pytest.mark.parametrize(
    ("cells", "error", "text"),
    [
        (
            ["pramaeters"],
            UnknownTag,
            "cell 1 has the tag 'pramaeters', which nb2prod does not know; did you mean 'para",
        ),
        (["steps:load"], UnknownTag, "did you mean 'step:load'?"),
        (["Step"], UnknownTag, "did you mean 'step:NAME'?"),
        (["step:"], InvalidName, "'' cannot be used as a name: it has no letter or digit"),
        (["step:a;b"], InvalidName, "'a;b' cannot be used as a name: it holds ';'"),
        (["step:a|step:b"], InvalidOption, "nb.ipynb: cell 1: it is tagged for the steps 'a' and 'b'"),
        (["imports|skip"], InvalidOption, "the tags 'imports' and 'skip' contradict each other"),
        (["skip|step:a"], InvalidOption, "the tag 'skip' cannot stand with 'step:a'"),
        (["parameters|metrics"], InvalidOption, "the tag 'parameters' cannot stand with 'metrics'"),
        (["step:A b", "step:a-b"], InvalidOption, "the steps 'A b' (cell 1) and 'a-b' both become a_b"),
        ([("step:a", {"retry": 1})], InvalidOption, "nb.ipynb: step a: no option is called 'retry'"),
        ([("step:a", {"retries": -1})], InvalidOption, "the option 'retries' is -1, and must be a whole number"),
        (
            [("step:a", {"timeout": "1h"})],
            InvalidOption,
            "the option 'timeout' is '1h', and must be a number of seconds",
        ),
        ([("step:a", {"memory": "2 cups"})], InvalidOption, "the option 'memory' is '2 cups', and must be a size"),
        ([("step:a", {"retries": 1}), ("step:a", {"retries": 2})], InvalidOption, "cell 2: it gives step a retries 2"),
        ([("skip", {"retries": 1})], InvalidOption, "it has options of a step, and belongs to none"),
        (["step:a|limit:nvidia.com/gpu:many"], InvalidOption, "needs a whole number at its end"),
    ],
)
def test_wrong_tags_are_refused(cells: list[Any], error: type[Nb2ProdError], text: str) -> None:
    with pytest.raises(error) as refused:
        roles_of(notebook(*cells))
    assert text in str(refused.value)
