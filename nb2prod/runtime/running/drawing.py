"""Steps that go on with one random generator side by side, which the notebook has had draw one after the other.

The analysis declares who draws, and the plan orders them; what it cannot see is met here, when they have run.
"""

from collections.abc import Collection, Mapping

from nb2prod.runtime.running.plan import Plan

__all__ = ["unordered"]

_GENERATORS = frozenset({"numpy.random", "random", "torch.random"})


def unordered(plan: Plan, states: Mapping[str, Collection[str]], step: str) -> tuple[str, str] | None:
    """A generator that `step` went on with, and another step that did so with no order between the two; or None.

    `states` has of each step that has ended the hidden state that it left different. A generator that no step before
    had touched begins anew in each process, as it does in each run.
    """
    before = {node.name for node in plan.ancestors(step)}
    for generator in sorted(_GENERATORS.intersection(states[step])):
        if not any(generator in states.get(name, ()) for name in before):
            continue
        for other, left in states.items():
            if other == step or generator not in left or other in before:
                continue
            after = {node.name for node in plan.ancestors(other)}
            if step not in after and any(generator in states.get(name, ()) for name in after):
                return generator, other
    return None
