"""Runs the steps of one run under policy: order, cache, retries, timeouts, measurement, and a failure that says where.

It is one of the callables that `pipeline.run` takes; steps are plain functions and know nothing of it. Without an
executor a step is carried out at once, in this process. With one, `pipeline.run` gets values that are not there yet,
and steps that do not need each other run side by side.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar  # Any: what steps take and give

from nb2prod.runtime.errors import RunTimeout, RuntimeTrouble
from nb2prod.runtime.failures.attempts import Expired, deadline
from nb2prod.runtime.failures.circuit import circuit_of
from nb2prod.runtime.listening import ACTIVE
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.results.cache import StepCache
from nb2prod.runtime.results.collecting import tell
from nb2prod.runtime.running.inline import Inline
from nb2prod.runtime.running.ledger import Ledger
from nb2prod.runtime.running.pending import Pending, ref_of
from nb2prod.runtime.running.plan import Node, Plan, Ref, stand_in
from nb2prod.runtime.running.selection import Decision
from nb2prod.runtime.steps.calls import Answer, StepExecutor
from nb2prod.runtime.telling.observing import Seen
from nb2prod.runtime.telling.output import Output
from nb2prod.runtime.telling.record import Record

__all__ = ["Runner"]

P = ParamSpec("P")
T = TypeVar("T")


def _silent(_: str) -> None:
    """Tell nobody."""


class Runner:
    """A StepRunner. `tell` takes a line for the user after each step; `resume` is the command that resumes.

    Use it in a `with`: printing, figures and metrics are the run's between its ends. `finish` waits for what is not
    there yet, and raises the failure of a step that others were not stopped by.
    """

    def __init__(
        self,
        settings: Settings,
        record: Record,
        cache: StepCache | None = None,
        *,
        timeout: float | None = None,
        tell: Callable[[str], None] = _silent,
        resume: str = "",
    ) -> None:
        self.settings, self.record, self.cache = settings, record, cache
        self.timeout, self.ends = timeout, time.monotonic() + timeout if timeout else None
        self.output = Output(record.run)
        self.between = Seen(step="run", folder=record.folder, tell=record.event)  # what is said between steps
        self.ledger = Ledger(settings, record, tell, resume)
        self.circuit = circuit_of(settings)
        self._tells = time.monotonic() + _TELLS
        self.plan = Plan(after=settings.after)
        self.only = ""
        self.decisions: Mapping[str, Decision] = {}
        self.inline = Inline(self)
        self.dispatch: Any = None

    @property
    def resume(self) -> str:
        return self.ledger.resume

    def __enter__(self) -> "Runner":
        self.output.__enter__()
        ACTIVE.append(self.between)
        return self

    def __exit__(self, *exit_info: object) -> None:
        ACTIVE.remove(self.between)
        self.record.metrics |= self.between.metrics
        self.output.__exit__(*exit_info)
        self.inline.close()
        if self.dispatch is not None:
            self.dispatch.close()

    def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        node = self.plan.add(function, args, kwargs, ref_of)
        if self.dispatch is None:
            try:
                given: T = self.inline.run(node, args, kwargs)
            finally:
                self.plan.forget_inputs(node)
            return given
        self.dispatch.add(node)
        promised: T = self.promised(node)
        return promised

    def promised(self, node: Node) -> Any:
        """What stands for the values of a node that has not given them."""
        return stand_in(node.function, lambda field: Pending(Ref(node.name, field), self._wait))

    def use(self, executor: StepExecutor, *, artifacts: str, use_cache: bool = True, resumed: str = "") -> None:
        """Carry steps out elsewhere from now on."""
        from nb2prod.runtime.running.dispatch import Dispatch

        self.dispatch = Dispatch(self, executor, artifacts=artifacts, use_cache=use_cache, resumed=resumed)

    def finish(self) -> None:
        """Wait for all steps. Raises the first failure, with what was skipped for it."""
        if self.dispatch is not None:
            self.dispatch.drain()
        if self.ledger.failures:
            raise next(iter(self.ledger.failures.values()))

    def choose(self, decisions: Mapping[str, Decision], only: str = "") -> None:
        """Which steps run, and which are taken as known; all that are not named may be known."""
        self.decisions, self.only = decisions, only

    def decision(self, node: Node) -> Decision:
        return self.decisions.get(node.name, Decision.REUSE)

    def policy(self, node: Node) -> Policy:
        return self.settings.steps.get(node.policy, _PLAIN)

    def seconds_left(self) -> float | None:
        return None if self.ends is None else max(self.ends - time.monotonic(), 0)

    def seconds(self, policy: Policy) -> float | None:
        """What a step may take now."""
        return min([each for each in (self.seconds_left(), policy.timeout) if each is not None], default=None)

    @contextmanager
    def in_time(self, what: str) -> Iterator[None]:
        """The run's timeout for what is not a step."""
        try:
            with deadline(self.seconds_left()):
                yield
        except Expired:
            raise RunTimeout(pipeline=self.settings.name, step=what, seconds=self.timeout or 0) from None

    def may_try_again(self, step: str, reason: str) -> bool:
        """After a failure that another try may mend: not when too many of them say that a service is down."""
        self.circuit = self.circuit.after_failure(step, reason)
        return not self.circuit.is_open

    def completed(self, node: Node, answer: Answer, **more: Any) -> None:
        self.circuit = self.circuit.after_success(node.name)
        self.ledger.completed(node.name, answer, **more)
        store = self.dispatch.artifacts if self.dispatch is not None else self.cache.store if self.cache else None
        if store is not None and time.monotonic() > self._tells:
            self._tells = time.monotonic() + _TELLS
            with suppress(OSError):  # at the end it must be told; now it is only in case that the run is long
                tell(store, self.record.folder)

    def failed(
        self,
        node: Node,
        answer: Answer,
        *,
        run_seconds: float | None = None,
        cause: BaseException | None = None,
        replay: Mapping[str, Any] | None = None,
    ) -> None:
        """A step has failed for good. Raises it when nothing else shall run. `replay` is what it was given."""
        policy = self.policy(node)
        notes = [str(self.circuit)] if self.circuit.is_open else []
        trouble = self.ledger.trouble(
            node.name,
            answer,
            seconds=policy.timeout,
            run_seconds=run_seconds,
            notes=notes,
            can_replay=bool(replay),
        )
        trouble.__cause__ = cause
        self.ledger.failed(node.name, answer, trouble, **({"replay": replay} if replay else {}))
        self.hand_over(node)
        if run_seconds is not None or self.circuit.is_open or self.settings.on_error == "stop":
            raise trouble

    def hand_over(self, node: Node) -> None:
        """A failure that is recorded, to the functions that pipeline.toml names."""
        for name in filter(None, dict.fromkeys((self.policy(node).on_failure, self.settings.on_failure))):
            from nb2prod.runtime.failures.handlers import call_handler

            entry = self.ledger.entries[node.name]
            about = {"run": self.record.run, "pipeline": self.settings.name, "step": node.name}
            if said := call_handler(name, {**about, **entry["error"]}, self.settings):
                self.ledger.tell(said)

    def _wait(self, ref: Ref) -> Any:
        """Raises the failure of the step that should have given the value."""
        if self.dispatch is not None:
            return self.dispatch.value(ref)
        raise self.failure_behind(ref.step)

    def failure_behind(self, step: str) -> RuntimeTrouble:
        """Why a step has given nothing: its own failure, or that of one that it needed."""
        failures = self.ledger.failures
        behind: Mapping[str, Any] = {node.name: node for node in self.plan.ancestors(step)}
        return next(trouble for name, trouble in failures.items() if name == step or name in behind)


_PLAIN = Policy()
_TELLS = 600.0  # seconds between tellings of what the run names, much less than what collectors spare
