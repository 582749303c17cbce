"""A step of a run in one process that has a process of its own, for its limits to hold whatever it does.

What it needs is copied into that process, hidden state too; what it gives and leaves is copied back.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any  # what steps take and give

from nb2prod.runtime import state
from nb2prod.runtime.results.artifacts import open_artifacts
from nb2prod.runtime.results.bundles import NotPortable
from nb2prod.runtime.results.keys import Origins, Uncacheable
from nb2prod.runtime.running.calling import call_of
from nb2prod.runtime.running.executors import open_executor
from nb2prod.runtime.running.host import Host
from nb2prod.runtime.running.ledger import answer_of
from nb2prod.runtime.running.plan import Node
from nb2prod.runtime.running.selection import Decision
from nb2prod.runtime.running.workplace import artifacts_of
from nb2prod.runtime.states import ATTRIBUTE, STATES
from nb2prod.runtime.steps.calls import Answer, Outcome, StepCall, StepExecutor
from nb2prod.runtime.steps.performing import Done
from nb2prod.runtime.telling.measure import inputs_of, outputs_of

__all__ = ["Guarded", "StepDied"]


class StepDied(Exception):
    """A failure that happened in another process: it is told by the answer."""


class Guarded:
    """The steps of one run; their processes are local."""

    def __init__(self, runner: Host) -> None:
        self.runner = runner
        self.where = artifacts_of(runner.settings, runner.record.folder.parent)
        self.artifacts = open_artifacts(self.where)
        self.executor: StepExecutor | None = None

    def once(self, node: Node, args: tuple[Any, ...], kwargs: Mapping[str, Any], attempt: int) -> Done:
        self.runner.ledger.begin(node.name, {})
        try:
            call = self._call(node, inputs_of(node.function, args, kwargs), attempt)
        except (NotPortable, Uncacheable) as error:
            return _cannot(Answer(), f"what it needs cannot leave this process: {error}")
        return self._done(node, self._carried_out(call))

    def _call(self, node: Node, inputs: Mapping[str, object], attempt: int) -> StepCall:
        """Raises NotPortable and Uncacheable for an input that cannot leave this process."""
        runner, cache = self.runner, self.runner.cache
        policy, known = runner.policy(node), cache.origins if cache else Origins()
        bundle = self.artifacts.put_value(inputs)
        return call_of(
            runner.settings,
            policy,
            run=runner.record.run,
            resumed=cache.resumed if cache else "",
            step=node.name,
            attempt=attempt,
            function=node.address,
            inputs={n: {"bundle": bundle, "item": n, "origin": known.of(value)} for n, value in inputs.items()},
            carried=(self.artifacts.put_value(state.capture(self._carried(node))),),
            artifacts=self.where,
            timeout=runner.seconds(policy),
            use_cache=bool(cache and cache.use) and runner.decision(node) is not Decision.RUN,
            must_be_known=runner.decision(node) is Decision.KNOWN,
            workdir=str(Path.cwd()),
        )

    def _carried(self, node: Node) -> list[str]:
        """All hidden state; the environment, which may hold secrets, only where the pipeline changes it."""
        declared = {token for tokens in self.runner.plan.hidden.values() for token in tokens}
        attributes = sorted(token for token in node.states if token.startswith(ATTRIBUTE))
        return [*(name for name in STATES if name != "os.environ" or name in declared), *attributes]

    def close(self) -> None:
        if self.executor is not None:
            self.executor.close()

    def _carried_out(self, call: StepCall) -> Outcome:
        if self.executor is None:
            self.executor = open_executor("local", self.runner.settings, {})
        self.executor.submit(call)
        while True:
            for outcome in self.executor.wait(0.5):
                return outcome

    def _done(self, node: Node, outcome: Outcome) -> Done:
        assert outcome.answer is not None or outcome.ending is not None
        answer: Answer = outcome.answer or answer_of(outcome.ending)  # type: ignore[arg-type]  # one of them is there
        answer = replace(answer, measured={"seconds": round(outcome.seconds, 6), **answer.measured})
        self.runner.ledger.heard(answer, self.artifacts, node.name)
        if answer.status != "completed":
            before = state.capture([*state.GENERATORS, *sorted(node.states)])
            return Done(answer=answer, error=StepDied(str(answer.error.get("reason", ""))), before=before)
        if not answer.bundle:
            return _cannot(answer, f"what it gives cannot leave its process: {answer.uncacheable}")
        if answer.left:
            state.restore(self.artifacts.get_value(answer.left))
        value = self.artifacts.get_value(answer.bundle, node.function)
        if self.runner.cache:
            self.runner.cache.origins.learn(answer.origins, outputs_of(node.function, value))
        return Done(answer=answer, value=value)


def _cannot(answer: Answer, reason: str) -> Done:
    """A step that cannot have a process of its own."""
    error = {"type": StepDied.__name__, "place": "its process", "reason": f"{reason}; leave out its process = true"}
    failed = replace(answer, status="failed", error=error)
    return Done(answer=failed, error=StepDied(error["reason"]))
