"""Runs the steps of one run under policy: cache, retries, timeouts, measurement, and a failure that says where.

It is one of the callables that `pipeline.run` takes; steps are plain functions and know nothing of it.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar  # Any: what steps take and give

from nb2prod.runtime import state
from nb2prod.runtime.artifacts import Entry
from nb2prod.runtime.attempts import Expired, deadline, delay_before, facts_of, worth_retrying
from nb2prod.runtime.cache import Call, Hit, StepCache, Trace, log_text
from nb2prod.runtime.errors import RunTimeout, RuntimeTrouble, StepFailed, StepTimeout
from nb2prod.runtime.failure import Place, failure_of, place_of, reason_of, traceback_of
from nb2prod.runtime.files import write_bytes
from nb2prod.runtime.measure import Clock, describe, inputs_of, numbers_in, outputs_of, shown
from nb2prod.runtime.metrics import ACTIVE
from nb2prod.runtime.output import Output
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.record import Record

__all__ = ["Runner"]

P = ParamSpec("P")
T = TypeVar("T")


def _silent(_: str) -> None:
    """Tell nobody."""


class Runner:
    """A StepRunner. `tell` takes a line for the user after each step; `resume` is the command that resumes.

    Use it in a `with`: printing, figures and metrics are the run's between its ends.
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
        self.settings, self.record, self.cache, self.tell, self.resume = settings, record, cache, tell, resume
        self.timeout, self.ends = timeout, time.monotonic() + timeout if timeout else None
        self.output = Output()
        self.step: dict[str, Any] = {}

    def __enter__(self) -> "Runner":
        self.output.__enter__()
        ACTIVE.append(self)
        return self

    def __exit__(self, *exit_info: object) -> None:
        ACTIVE.remove(self)
        self.output.__exit__(*exit_info)

    def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        name = function.__name__
        inputs = inputs_of(function, args, kwargs)
        policy = self.settings.steps.get(name, Policy())
        self.step = self.record.begin(name, describe(inputs))
        clock = Clock()
        with self.output.logging_to(self._log(name)):
            call = self.cache.call(function, inputs, wanted=policy.cache) if self.cache else None
            hit = self.cache.find(call) if self.cache and call else None
            if hit:
                return self._reuse(function, hit, clock)
            return self._run(function, args, kwargs, inputs, policy, call, clock)

    @contextmanager
    def in_time(self, what: str) -> Iterator[None]:
        """The run's timeout for what is not a step."""
        try:
            with deadline(None if self.ends is None else max(self.ends - time.monotonic(), 0)):
                yield
        except Expired:
            raise RunTimeout(pipeline=self.settings.name, step=what, seconds=self.timeout or 0) from None

    def metric(self, name: str, value: float) -> None:
        self.step.setdefault("metrics", {})[name] = value
        self.record.event("metric", step=self.step.get("name", ""), metric=name, value=value)

    def new_figure(self) -> str:
        figures = self.step.setdefault("figures", [])
        figures.append(f"{self.step.get('name', 'run')}-{len(figures) + 1}.png")
        return str(self.record.folder / "figures" / figures[-1])

    def _reuse(self, function: Callable[..., T], hit: Hit, clock: Clock) -> T:
        assert self.cache is not None
        for digest in hit.entry.figures:
            write_bytes(Path(self.new_figure()), self.cache.store.get(digest) or b"", durable=False)
        if hit.entry.log:
            log = (self.cache.store.get(hit.entry.log) or b"").decode("utf-8", "replace")
            self.output.write(log)
        for name, value in hit.entry.metrics.items():
            self.metric(name, value)
        outputs = describe(outputs_of(function, hit.result))
        self.record.end(self.step, "completed", cached=True, from_run=hit.entry.run, outputs=outputs, **clock.read())
        self._tell_done("(cache)")
        result: T = hit.result
        return result

    def _run(
        self,
        function: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        inputs: Mapping[str, object],
        policy: Policy,
        call: Call | None,
        clock: Clock,
    ) -> T:
        call = call or Call(function=function, inputs=inputs)
        trace: Trace | None = None
        try:
            if self.cache:
                with self.cache.tracing(call) as trace:
                    result = self._attempt(function, args, kwargs, policy)
            else:
                result = self._attempt(function, args, kwargs, policy)
        except BaseException as error:
            trouble = self._failed(error, inputs, policy, clock)
            if trouble is error:
                raise
            raise trouble from (None if isinstance(error, Expired) else error)
        self._keep_figures()
        outputs = outputs_of(function, result)
        for name, number in numbers_in(outputs, self.settings.metrics.get(function.__name__, ())).items():
            self.metric(name, number)
        measured = clock.read()
        reason = ""
        if self.cache and trace:
            about = self._about(function.__name__)
            reason = self.cache.keep(call, result, trace, about, seconds=clock.elapsed())
        more = {"uncacheable": reason} if reason else {}
        self.record.end(self.step, "completed", cached=False, outputs=describe(outputs), **measured, **more)
        self._tell_done()
        return result

    def _attempt(self, function: Callable[..., T], args: Any, kwargs: Any, policy: Policy) -> T:
        """Try, and again where it is worth it, each time with the inputs and generators as they were."""
        keepsake = _Keepsake(args, kwargs) if policy.retries else None
        for attempt in range(1, policy.retries + 2):
            try:
                with deadline(self._seconds(policy)):
                    if "NB2PROD_FAULTS" in os.environ:
                        from nb2prod.runtime.faults import inject

                        inject(str(self.step["name"]), attempt)
                    return function(*args, **kwargs)
            except Exception as error:
                if attempt > policy.retries or not worth_retrying(facts_of(error), policy) or keepsake is None:
                    raise
                args, kwargs = keepsake.restore(error)
                self._wait(error, attempt + 1, policy)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, error: Exception, attempt: int, policy: Policy) -> None:
        import random

        seconds = delay_before(attempt, policy, random.SystemRandom().random)
        self.step["attempts"] = attempt
        self.record.event("step.retried", step=self.step["name"], attempt=attempt, error=reason_of(error))
        tries = f"attempt {attempt} of {policy.retries + 1}"
        print(f"{self.step['name']}: {reason_of(error)}; {tries} in {seconds:.1f} s", file=sys.stderr, flush=True)
        with deadline(None if self.ends is None else max(self.ends - time.monotonic(), 0)):
            time.sleep(seconds)

    def _seconds(self, policy: Policy) -> float | None:
        left = [] if self.ends is None else [max(self.ends - time.monotonic(), 0)]
        return min([*left, *([] if policy.timeout is None else [policy.timeout])], default=None)

    def _failed(
        self, error: BaseException, inputs: Mapping[str, object], policy: Policy, clock: Clock
    ) -> BaseException:
        """What to raise instead: the trouble that says where, and the record says the same."""
        name = str(self.step["name"])
        self._keep_figures()
        self.output.write(traceback_of(error))
        place = place_of(error, self.settings)
        trouble = self._trouble(name, error, place, inputs, policy)
        status = {StepFailed: "failed", StepTimeout: "timeout", RunTimeout: "timeout"}.get(type(trouble), "interrupted")
        said = str(trouble) if isinstance(trouble, RuntimeTrouble) else "interrupted"
        found = failure_of(error, self.settings, inputs, message=said, resume=self.resume)
        self.record.end(self.step, status, cached=False, error=found, **clock.read())
        self._tell_done(status)
        return trouble

    def _trouble(
        self, name: str, error: BaseException, place: Place, inputs: Mapping[str, object], policy: Policy
    ) -> BaseException:
        pipeline = self.settings.name
        notes = [f"inputs: {shown(inputs)}"] if inputs else []
        notes += [f"to resume: {self.resume}"] if self.resume else []
        if isinstance(error, Expired):
            notes = [f"it was in {place}", *notes] if place.file else notes
            if self.ends is not None and self.timeout is not None and time.monotonic() >= self.ends:
                return RunTimeout(pipeline=pipeline, step=name, seconds=self.timeout, notes=notes)
            return StepTimeout(pipeline=pipeline, step=name, seconds=policy.timeout or 0, notes=notes)
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            return error
        where = str(place)
        reason = reason_of(error)
        return StepFailed(
            pipeline=pipeline, step=name, where=where, reason=reason, notes=notes, cell=place.cell, line=place.line
        )

    def _about(self, name: str) -> Entry:
        """What a later run shows in place of what this one showed."""
        assert self.cache is not None
        sys.stdout.flush()
        if self.output.log is not None:
            self.output.log.flush()
        log = log_text(self._log(name))
        paths = [self.record.folder / "figures" / figure for figure in self.step.get("figures", ())]
        return Entry(
            bundle="",
            metrics=dict(self.step.get("metrics", {})),
            log=self.cache.store.put(log) if log else "",
            figures=tuple(self.cache.store.put(path.read_bytes()) for path in paths if path.is_file()),
            run=self.record.run,
        )

    def _keep_figures(self) -> None:
        """Those that are open still; only matplotlib that the step has loaded can have any."""
        if "matplotlib._pylab_helpers" in sys.modules:
            from nb2prod.runtime.figures import keep_open_figures

            keep_open_figures()

    def _log(self, name: str) -> Path:
        return self.record.folder / "logs" / f"{name}.log"

    def _tell_done(self, note: str = "") -> None:
        line = f"{self.step['name']} ... {self.step['seconds']:.1f} s"
        self.tell(f"{line}  {note}".rstrip())


class _Keepsake:
    """The inputs of a step and the generators, to begin again after the step may have changed them."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        import pickle

        self.given, self.generators = (args, kwargs), state.capture(state.GENERATORS)
        try:
            self.bytes = pickle.dumps(self.given, protocol=5)
        except Exception:  # an object may fail to pickle in any way of its own
            self.bytes = b""

    def restore(self, error: Exception) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same objects while they are the same; else copies. Raises the error when there are no copies."""
        import pickle

        if not self.bytes:
            raise error
        state.restore(self.generators)
        if pickle.dumps(self.given, protocol=5) == self.bytes:
            return self.given
        args, kwargs = pickle.loads(self.bytes)
        return args, kwargs
