"""What must come before a step: its inputs, the hidden state that it shares, and what the tags name."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from nb2prod.runtime.running.pending import Pending, ref_of
from nb2prod.runtime.running.plan import Plan, Ref, fields_of, stand_in


class SplitOutputs(NamedTuple):
    left: Any
    right: Any


def split(table: Any) -> SplitOutputs:
    return SplitOutputs(table, table)


def single(table: Any, scale: float = 1.0) -> float:
    return float(table) * scale


def silent() -> None:
    pass


def untold(table):  # type: ignore[no-untyped-def]  # a hand-written step may have no annotations
    return table


@pytest.mark.parametrize(
    ("function", "fields"), [(split, ("left", "right")), (single, ("",)), (silent, ()), (untold, None)]
)
def test_what_a_step_gives_is_known_before_it_runs(
    function: Callable[..., Any], fields: tuple[str, ...] | None
) -> None:
    assert fields_of(function) == fields


def test_a_stand_in_unpacks_as_the_step_does() -> None:
    left, right = stand_in(split, lambda field: Ref("split", field))
    assert (left, right) == (Ref("split", "left"), Ref("split", "right"))
    assert stand_in(single, lambda field: Ref("single", field)) == Ref("single")
    assert stand_in(silent, lambda field: Ref("silent", field)) is None


def test_inputs_state_and_tags_order_steps() -> None:
    plan = Plan(hidden={"split": ("random",), "untold": ("random",)}, after={"silent": ("single",)})
    plan.add(split, (1,), {})
    assert plan.add(single, (Ref("split", "left"),), {"scale": 2.0}).before == ("split",)
    assert plan.add(single, (3,), {}).before == ()
    assert plan.add(untold, (4,), {}).before == ("split",)  # both draw
    assert plan.add(silent, (), {}).before == ("single-2",)  # the last call of it
    assert [node.name for node in plan.ancestors("silent")] == ["single-2"]
    assert plan.nodes["single"].inputs == {"table": Ref("split", "left"), "scale": 2.0}


def test_ancestors_are_all_of_them_in_order() -> None:
    plan = Plan()
    plan.add(silent, (), {})
    plan.add(split, (1,), {})
    plan.add(single, (Ref("split", "left"),), {})
    plan.add(untold, (Ref("single"),), {})
    assert [node.name for node in plan.ancestors("untold")] == ["split", "single"]


def test_a_value_that_is_not_there_is_waited_for_when_somebody_looks() -> None:
    asked: list[Ref] = []

    def wait(ref: Ref) -> Any:
        asked.append(ref)
        return [3, 1, 2]

    pending: Any = Pending(Ref("load", "table"), wait)
    assert ref_of(pending) == Ref("load", "table")
    assert asked == []
    assert (len(pending), sorted(pending), pending[0], 1 in pending, pending * 2) == (
        3,
        [1, 2, 3],
        3,
        True,
        [3, 1, 2, 3, 1, 2],
    )
    assert pending == [3, 1, 2]
    assert f"{pending}" == "[3, 1, 2]"
    assert [0, *pending] == [0, 3, 1, 2]
    assert set(asked) == {Ref("load", "table")}


def test_a_number_that_is_not_there_computes_from_both_sides() -> None:
    pending: Any = Pending(Ref("score"), lambda _: 0.75)
    assert (2 * pending, 1 - pending, pending**2, -pending, round(pending), float(pending)) == (
        1.5,
        0.25,
        0.5625,
        -0.75,
        1,
        0.75,
    )
    assert (pending > 0.5, pending > 0.9, bool(pending), 7 // pending) == (True, False, True, 9.0)
    other: Any = Pending(Ref("other"), lambda _: 0.25)
    assert pending + other == 1.0


def test_a_failure_is_raised_to_whoever_looks() -> None:
    def wait(_: Ref) -> Any:
        raise RuntimeError("step 'load' failed")

    pending: Any = Pending(Ref("load"), wait)
    with pytest.raises(RuntimeError, match="step 'load' failed"):
        pending.shape  # noqa: B018
    with pytest.raises(RuntimeError, match="step 'load' failed"):
        bool(pending)
