"""Steps carried out by an executor: what is ready is sent, what comes back is told, what failed is tried again.

All of it happens in the runner's thread, when a step is added, when somebody looks at a value, and at the end.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any  # Any: what steps take and give

from nb2prod.runtime.errors import ExecutorLost, RunTimeout, StepFailed
from nb2prod.runtime.failures.attempts import delay_before
from nb2prod.runtime.results.artifacts import Damaged, Gone, open_artifacts
from nb2prod.runtime.results.bundles import NotPortable
from nb2prod.runtime.results.keys import Origins, Uncacheable
from nb2prod.runtime.running.calling import call_of
from nb2prod.runtime.running.drawing import unordered
from nb2prod.runtime.running.healing import lacks_a_result, to_do_again
from nb2prod.runtime.running.host import Host
from nb2prod.runtime.running.ledger import answer_is_worth, answer_of, was_lost
from nb2prod.runtime.running.plan import Node, Ref
from nb2prod.runtime.running.selection import Decision, not_known
from nb2prod.runtime.steps.calls import Answer, Outcome, StepCall, StepExecutor, Ticket
from nb2prod.runtime.steps.performing import NotKnown
from nb2prod.runtime.telling.measure import in_words, shown
from nb2prod.runtime.telling.record import encode

__all__ = ["Dispatch"]

_HEALINGS = 3
_LOOK = 0.5  # seconds between looks at the run's end


class Dispatch:
    """Of one run. `artifacts` is where results are; every worker must reach it under that name."""

    def __init__(
        self, runner: Host, executor: StepExecutor, *, artifacts: str, use_cache: bool, resumed: str = ""
    ) -> None:
        self.runner, self.executor, self.where, self.use_cache = runner, executor, artifacts, use_cache
        self.resumed = resumed
        self.artifacts = open_artifacts(artifacts)
        self.waiting: dict[str, Node] = {}
        self.running: dict[Ticket, Node] = {}
        self.later: dict[str, tuple[float, int]] = {}  # nodes that are tried again: when, and which attempt
        self.losses: dict[str, int] = {}
        self.attempts: dict[str, int] = {}
        self.healed: dict[str, int] = {}  # attempts that found a result gone which they needed
        self.answers: dict[str, Answer] = {}
        self.missing: dict[str, str] = {}  # nodes that give nothing → the step that failed
        self.values: dict[str, Any] = {}
        self.owned: dict[str, Mapping[str, Mapping[str, Any]]] = {}

    def add(self, node: Node) -> None:
        if self.runner.decision(node) is Decision.LEAVE:
            self.missing[node.name] = ""
            return
        self.waiting[node.name] = node
        self._turn(0)

    def drain(self, until: str = "") -> None:
        """Until all have ended, or that one has. Raises RunTimeout, and a failure that stops the run."""
        while self.waiting or self.running:
            if until and (until in self.answers or until in self.missing):
                return
            self._turn(self._pause())

    def value(self, ref: Ref) -> Any:
        """Waits for it. Raises the failure of the step that should have given it."""
        self.drain(ref.step)
        if ref.step in self.missing:
            raise self.runner.failure_behind(ref.step)
        if ref.step not in self.values:
            self.values[ref.step] = self._opened(ref.step)
        value = self.values[ref.step]
        return getattr(value, ref.field) if ref.field else value

    def _opened(self, step: str) -> Any:
        """What it gave; when that is damaged or gone, it is made again once."""
        function = self.runner.plan.nodes[step].function
        try:
            return self.artifacts.get_value(self._answer(step).bundle, function)
        except (Damaged, Gone) as error:
            self._do_again([step], str(error))
            self.drain(step)
            if step in self.missing:
                raise self.runner.failure_behind(step) from error
            return self.artifacts.get_value(self._answer(step).bundle, function)

    def close(self) -> None:
        for ticket, node in self.running.items():
            self.executor.cancel(ticket)
            self.runner.ledger.failed(node.name, Answer(status="interrupted"), KeyboardInterrupt())
        self.running.clear()
        self.executor.close()

    def _pause(self) -> float:
        now = time.monotonic()
        times = [_LOOK, *(when - now for when, _ in self.later.values())]
        left = self.runner.seconds_left()
        return max(0.0, min([*times, *([] if left is None else [left])]))

    def _turn(self, timeout: float) -> None:
        self._start()
        for outcome in self._outcomes(timeout if self.running else min(timeout, 0.05)):
            node = self.running.pop(outcome.ticket, None)
            if node is not None:
                self._ended(node, outcome)
        if self.runner.seconds_left() == 0 and (self.running or self.waiting):
            self._late()

    def _outcomes(self, timeout: float) -> list[Outcome]:
        try:
            return self.executor.wait(timeout)
        except ExecutorLost as lost:
            resume = self.runner.ledger.resume
            raise ExecutorLost(f"{lost}\n  to resume: {resume}" if resume else str(lost)) from lost

    def _late(self) -> None:
        """The run's time is over."""
        names = [node.name for node in self.running.values()] or list(self.waiting)
        trouble = RunTimeout(
            pipeline=self.runner.settings.name,
            step=names[0],
            seconds=self.runner.timeout or 0,
            notes=[f"to resume: {self.runner.ledger.resume}"] if self.runner.ledger.resume else [],
        )
        for ticket, node in self.running.items():
            self.executor.cancel(ticket)
            self.runner.ledger.failed(node.name, Answer(status="timeout"), trouble, replay=self._replay(node))
            self.runner.hand_over(node)
        self.running.clear()
        raise trouble

    def _start(self) -> None:
        """What is ready, in the order of the notebook, as far as there is room."""
        now = time.monotonic()
        for node in list(self.waiting.values()):
            lost = next((self.missing[name] for name in node.before if name in self.missing), None)
            if lost is not None:
                self._skip(node, lost)
                continue
            when, attempt = self.later.get(node.name, (0.0, 1))
            if when > now or not all(name in self.answers for name in node.before):
                continue
            try:
                call = self._call(node, attempt)
            except (NotPortable, Uncacheable) as error:
                self._fail(node, Answer(status="failed", error={"reason": str(error), "place": "its inputs"}))
                continue
            if not self.executor.capacity(call):
                return
            self.later.pop(node.name, None)
            self.owned.pop(node.name, None)
            del self.waiting[node.name]
            self.runner.ledger.begin(node.name, {})
            self.running[call.ticket] = node
            self.attempts[node.name] = attempt
            self.executor.submit(call)

    def _call(self, node: Node, attempt: int) -> StepCall:
        """Raises NotPortable for an input that cannot leave this process."""
        policy, settings = self.runner.policy(node), self.runner.settings
        decision = self.runner.decision(node)
        before = self._before(node)
        return call_of(
            settings,
            policy,
            run=self.runner.record.run,
            resumed=self.resumed,
            step=node.name,
            attempt=attempt,
            function=node.address,
            inputs=self._inputs(node),
            carried=_left_by(before),
            unkept=tuple(key for answer in before for key in answer.unkept),
            artifacts=self.where,
            timeout=self.runner.seconds(policy),
            use_cache=self.use_cache and decision is not Decision.RUN,
            must_be_known=decision is Decision.KNOWN,
        )

    def _inputs(self, node: Node) -> Mapping[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        own: dict[str, object] = {}
        for name, value in node.inputs.items():
            if isinstance(value, Ref):
                found[name] = self._answer(value.step).given(value.field)
            elif _is_plain(value):
                found[name] = {"value": encode(value)}
            else:
                own[name] = value
        if own:
            found |= self._own(node.name, own)
        return {name: found[name] for name in node.inputs}

    def _own(self, step: str, values: Mapping[str, object]) -> Mapping[str, Mapping[str, Any]]:
        """Inputs that no step has given, kept once however often it is asked whether there is room for the step; for
        another try they are kept again, which mends what is damaged. They have one bundle: what they share is shared
        after."""
        if step not in self.owned:
            digest, known = self.artifacts.put_value(values), Origins()
            refs = {n: {"bundle": digest, "item": n, "origin": known.of(value)} for n, value in values.items()}
            self.owned[step] = refs
        return self.owned[step]

    def _answer(self, step: str) -> Answer:
        """Raises NotPortable when the step's result could not leave its process."""
        answer = self.answers[step]
        if not answer.bundle:
            raise NotPortable(f"what step '{step}' gives cannot leave its process: {answer.uncacheable}")
        return answer

    def _ended(self, node: Node, outcome: Outcome) -> None:
        answer = outcome.answer
        if answer is None:
            assert outcome.ending is not None
            answer = answer_of(outcome.ending)
        answer = _measured(answer, outcome)
        self.runner.ledger.begin(node.name, answer.inputs)
        self.runner.ledger.heard(answer, self.artifacts, node.name)
        if answer.status == "completed":
            self.answers[node.name] = answer
            self.runner.completed(node, answer, **_where(outcome))
            self._check_draws(node, answer)
        elif not (self._heal(node, answer) or self._again(node, answer, outcome)):
            self._fail(node, answer)

    def _check_draws(self, node: Node, answer: Answer) -> None:
        """Raises StepFailed for steps that drew the same where the notebook did not."""
        states = {name: each.states for name, each in self.answers.items() if each.states} if answer.states else {}
        found = unordered(self.runner.plan, states, node.name) if states else None
        if found:
            reason = f"it draws from {found[0]} as step '{found[1]}' does, and nothing says which of them is first"
            notes = ["run it with --executor in-process, or give each a generator of its own in the notebook"]
            pipeline = self.runner.settings.name
            raise StepFailed(pipeline=pipeline, step=node.name, where="its process", reason=reason, notes=notes)

    def _heal(self, node: Node, answer: Answer) -> bool:
        """When it could not open what it needs: have that made again, and try it once more."""
        if not lacks_a_result(answer) or self.healed.get(node.name, 0) >= _HEALINGS:
            return False
        again = to_do_again(node.name, self.runner.plan, self.answers, self.artifacts)
        if again:
            self._do_again([*again, node.name], str(answer.error.get("reason", "")))
        return bool(again)

    def _do_again(self, steps: Sequence[str], reason: str) -> None:
        for name in steps:
            self.answers.pop(name, None)
            self.values.pop(name, None)
            self.healed[name] = self.healed.get(name, 0) + 1
            self.later[name] = (0.0, self.attempts[name] + 1)
            self.runner.record.event("step.again", step=name, reason=reason)
        self.waiting = {**{name: self.runner.plan.nodes[name] for name in steps}, **self.waiting}

    def _again(self, node: Node, answer: Answer, outcome: Outcome) -> bool:
        policy, attempt = self.runner.policy(node), outcome.ticket.attempt
        lost = was_lost(answer)
        losses = self.losses.get(node.name, 0)
        attempt -= self.healed.get(node.name, 0)
        worth = answer_is_worth(answer, policy)
        if worth and not self.runner.may_try_again(node.name, str(answer.error.get("reason", ""))):
            return False
        if not (losses < policy.lost if lost else worth and attempt - losses <= policy.retries):
            return False
        self.losses[node.name] = losses + lost
        seconds = delay_before(attempt + 1 - losses, policy, random.SystemRandom().random)
        tries = policy.retries + 1 + self.losses[node.name]
        self.runner.ledger.retried(node.name, attempt + 1, tries, str(answer.error.get("reason", "")), seconds)
        self.later[node.name] = (time.monotonic() + seconds, outcome.ticket.attempt + 1)
        self.waiting = {node.name: node, **self.waiting}
        return True

    def _fail(self, node: Node, answer: Answer) -> None:
        if answer.error.get("type") == NotKnown.__name__:
            raise not_known(self.runner.only, [node.name])
        self.waiting.pop(node.name, None)
        self.runner.ledger.begin(node.name, answer.inputs)
        self.missing[node.name] = node.name
        if not answer.error.get("inputs"):  # its process could not tell any more
            answer = replace(answer, error={**answer.error, "inputs": self._described(node)})
        self.runner.failed(node, answer, replay=self._replay(node))

    def _replay(self, node: Node) -> Mapping[str, Any]:
        """What the step was given; nothing when that could not leave the process."""
        try:
            inputs, carried = self._inputs(node), _left_by(self._before(node))
        except (NotPortable, Uncacheable, KeyError, OSError):
            return {}
        return {"inputs": inputs, "carried": carried, "artifacts": self.where}

    def _described(self, node: Node) -> Mapping[str, str]:
        """Its inputs in words, from what the steps before it told of their outputs."""
        told = {name: value for name, value in node.inputs.items() if not isinstance(value, Ref)}
        found = {name: shown({name: value}).removeprefix(f"{name} ") for name, value in told.items()}
        for name, value in node.inputs.items():
            if isinstance(value, Ref) and value.step in self.answers:
                outputs = self.answers[value.step].outputs
                found[name] = in_words(outputs.get(value.field or "result", {}))
        return found

    def _before(self, node: Node) -> list[Answer]:
        return [self.answers[each.name] for each in self.runner.plan.ancestors(node.name)]

    def _skip(self, node: Node, because: str) -> None:
        del self.waiting[node.name]
        self.missing[node.name] = because
        self.runner.ledger.skipped(node.name, because)


def _left_by(answers: Sequence[Answer]) -> tuple[str, ...]:
    return tuple(answer.left for answer in answers if answer.left)


def _is_plain(value: object) -> bool:
    """Whether JSON or a literal says it all; identity does not matter for these."""
    return type(value) in (bool, int, float, str, type(None))


def _measured(answer: Answer, outcome: Outcome) -> Answer:
    """With what its guard has seen: the process and all that it started."""
    more: dict[str, Any] = {}
    if outcome.memory > answer.measured.get("peak_memory_bytes", 0):
        more["peak_memory_bytes"] = outcome.memory
    if outcome.cpu:
        more["process_cpu_seconds"] = round(outcome.cpu, 6)
    return replace(answer, measured={"seconds": round(outcome.seconds, 6), **answer.measured, **more})


def _where(outcome: Outcome) -> dict[str, Any]:
    return {"host": outcome.host, "pid": outcome.pid} if outcome.host else {}
