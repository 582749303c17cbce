"""Steps carried out at once in the runner's own process, tried again where it is worth it."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any  # Any: what steps take and give

from nb2prod.runtime.failures.attempts import Expired, deadline, delay_before
from nb2prod.runtime.project import Policy
from nb2prod.runtime.running.host import Host
from nb2prod.runtime.running.ledger import answer_is_worth, was_lost
from nb2prod.runtime.running.plan import Node
from nb2prod.runtime.running.selection import Decision, not_known
from nb2prod.runtime.running.workplace import artifacts_of
from nb2prod.runtime.steps.keepsake import Keepsake
from nb2prod.runtime.steps.performing import Bench, Done, NotKnown, Work, perform
from nb2prod.runtime.telling.measure import inputs_of

__all__ = ["Inline"]


@dataclass(kw_only=True)
class _Try:
    """The arguments of the next attempt."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    number: int = 1
    losses: int = 0
    keepsake: Keepsake | None = None


class Inline:
    def __init__(self, runner: Host) -> None:
        self.runner = runner
        self.missing: dict[str, str] = {}  # nodes that gave nothing → the step that failed
        self.guarded: Any = None

    def run(self, node: Node, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """What the step gives; what stands for it when it failed and others go on. Raises the failure otherwise."""
        if self.runner.decision(node) is Decision.LEAVE:
            self.missing[node.name] = ""
            return self.runner.promised(node)
        lost = next((self.missing[name] for name in node.before if name in self.missing), None)
        if lost is not None:
            self.missing[node.name] = lost
            self.runner.ledger.skipped(node.name, lost)
            return self.runner.promised(node)
        policy = self.runner.policy(node)
        keepsake = Keepsake(args, dict(kwargs)) if policy.retries else None
        attempt = _Try(args=args, kwargs=dict(kwargs), keepsake=keepsake)
        while True:
            done = self._once(node, policy, attempt)
            if done.error is None:
                self.runner.completed(node, done.answer)
                return done.value
            if not self._again(node, policy, attempt, done):
                return self._failed(node, policy, attempt, done)

    def close(self) -> None:
        if self.guarded is not None:
            self.guarded.close()

    def _once(self, node: Node, policy: Policy, attempt: _Try) -> Done:
        runner = self.runner
        if policy.process:
            return self._guarded(node, attempt)
        work = Work(
            settings=runner.settings,
            step=node.name,
            function=node.function,
            args=attempt.args,
            kwargs=attempt.kwargs,
            policy=policy,
            attempt=attempt.number,
            seconds=runner.seconds(policy),
            use_cache=runner.decision(node) is not Decision.RUN,
            must_be_known=runner.decision(node) is Decision.KNOWN,
        )
        bench = Bench(
            run=runner.record.run,
            folder=runner.record.folder,
            output=runner.output,
            cache=runner.cache,
            began=lambda inputs: runner.ledger.begin(node.name, inputs),
            hear=runner.record.event,
        )
        return perform(work, bench)

    def _guarded(self, node: Node, attempt: _Try) -> Done:
        """In a process of its own; again when that was lost."""
        if self.guarded is None:
            from nb2prod.runtime.running.guarded import Guarded

            self.guarded = Guarded(self.runner)
        done: Done = self.guarded.once(node, attempt.args, attempt.kwargs, attempt.number)
        return done

    def _again(self, node: Node, policy: Policy, attempt: _Try, done: Done) -> bool:
        """Whether to try again; then it has waited, and the inputs are as they were."""
        keepsake, reason = attempt.keepsake, str(done.answer.error.get("reason", ""))
        if was_lost(done.answer):
            if attempt.losses >= policy.lost:
                return False
            attempt.losses += 1
        elif not self._worth(node, policy, attempt, done, reason):
            return False
        if not policy.process:
            if keepsake is None or not keepsake.is_whole:
                return False
            attempt.args, attempt.kwargs = keepsake.restore()
        if self.runner.cache:
            inputs = inputs_of(node.function, attempt.args, attempt.kwargs)
            self.runner.cache.origins.learn_copies(inputs, node.inputs)
        attempt.number += 1
        seconds = delay_before(attempt.number, policy, random.SystemRandom().random)
        self.runner.ledger.retried(node.name, attempt.number, policy.retries + 1 + attempt.losses, reason, seconds)
        try:
            with deadline(self.runner.seconds_left()):
                time.sleep(seconds)
        except Expired:
            return False
        return True

    def _worth(self, node: Node, policy: Policy, attempt: _Try, done: Done, reason: str) -> bool:
        if isinstance(done.error, KeyboardInterrupt | GeneratorExit) or not answer_is_worth(done.answer, policy):
            return False
        return self.runner.may_try_again(node.name, reason) and attempt.number - attempt.losses <= policy.retries

    def _failed(self, node: Node, policy: Policy, attempt: _Try, done: Done) -> Any:
        if isinstance(done.error, NotKnown) or done.answer.error.get("type") == NotKnown.__name__:
            raise not_known(self.runner.only, [node.name])
        runner, error = self.runner, done.error
        assert error is not None
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            runner.ledger.failed(node.name, done.answer, error)
            raise error
        late = runner.timeout if runner.seconds_left() == 0 else None
        self.missing[node.name] = node.name
        cause = None if isinstance(error, Expired) else error
        replay = self._replay(node, policy, attempt, done)
        runner.failed(node, done.answer, run_seconds=late, cause=cause, replay=replay)
        return runner.promised(node)

    def _replay(self, node: Node, policy: Policy, attempt: _Try, done: Done) -> Mapping[str, Any]:
        """What the step was given, as it was when it began."""
        from nb2prod.runtime.failures.replay import kept

        inputs, keepsake = node.inputs, attempt.keepsake
        if keepsake is not None and keepsake.is_whole and not policy.process:
            args, kwargs = keepsake.restore()
            inputs = inputs_of(node.function, args, kwargs)
        where = artifacts_of(self.runner.settings, self.runner.record.folder.parent)
        unchanged = policy.process or inputs is not node.inputs
        cache = self.runner.cache
        places = {name: cache.origins.place(value) for name, value in node.inputs.items()} if cache else {}
        return kept(inputs, places, done.before, where, may_have_changed=not unchanged)
