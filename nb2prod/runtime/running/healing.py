"""Results that are gone or damaged when a step comes to need them: which steps are looked up again, or run again."""

from collections.abc import Mapping

from nb2prod.runtime.results.artifacts import Artifacts
from nb2prod.runtime.running.plan import Plan
from nb2prod.runtime.steps.calls import Answer

__all__ = ["lacks_a_result", "to_do_again"]

_GONE = {"nb2prod.runtime.results.artifacts.Gone", "nb2prod.runtime.results.artifacts.Damaged"}


def lacks_a_result(answer: Answer) -> bool:
    """The step was not run: something that it needs could not be opened, and is not there any more."""
    return bool(_GONE & {*answer.facts.families})


def to_do_again(step: str, plan: Plan, answers: Mapping[str, Answer], artifacts: Artifacts) -> list[str]:
    """The steps before it whose result is not there, and all that had it: what is the same is found, and not run."""
    behind = [node.name for node in plan.ancestors(step) if node.name in answers]
    lost = {name for name in behind if not _is_there(answers[name], artifacts)}
    above = {name: {node.name for node in plan.ancestors(name)} for name in answers}
    return [name for name in answers if name in lost or above[name] & lost]


def _is_there(answer: Answer, artifacts: Artifacts) -> bool:
    return all(artifacts.has(digest) for digest in (answer.bundle, answer.left) if digest)
