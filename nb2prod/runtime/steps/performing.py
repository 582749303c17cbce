"""One step in this process, whoever asked for it: looked up, else run, measured and kept.

    perform(Work, Bench) → Done(answer, value, error)

The runner uses it for steps of its own process, and a worker for the one that it was forked for: there is one path.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime.artifacts import Entry
from nb2prod.runtime.attempts import Expired, deadline, facts_of
from nb2prod.runtime.cache import Call, Hit, StepCache, log_text
from nb2prod.runtime.failure import failure_of, traceback_of
from nb2prod.runtime.files import write_bytes
from nb2prod.runtime.measure import Clock, describe, inputs_of, numbers_in, outputs_of
from nb2prod.runtime.output import Output
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.steps.calls import Answer
from nb2prod.runtime.steps.stage import Hear, Stage

__all__ = ["Bench", "Done", "Work", "perform"]

_FAULTS = "NB2PROD_FAULTS"
Began = Callable[[Mapping[str, Any]], None]


def _nothing(_: Mapping[str, Any]) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A step that is to be carried out once. `step` is its name in the run, `seconds` what it may take."""

    settings: Settings
    step: str
    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    attempt: int = 1
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where it is carried out. `folder` has logs/ and figures/; `began` is told what goes in, `hear` what it says."""

    run: str
    folder: Path
    output: Output
    cache: StepCache | None = None
    began: Began = _nothing
    hear: Hear = _nothing


@dataclass(frozen=True, kw_only=True)
class Done:
    """`answer` has all that can be told as JSON; files are still in the bench's folder, but those of a known result."""

    answer: Answer
    stage: Stage
    value: Any = None
    error: BaseException | None = None


def perform(work: Work, bench: Bench) -> Done:
    """Raises nothing that a step raises: it is in what this gives."""
    inputs = inputs_of(work.function, work.args, work.kwargs)
    stage = Stage(work.step, bench.folder, bench.hear)
    described = describe(inputs)
    bench.began(described)
    clock = Clock()
    cache = bench.cache
    with stage.listening(), bench.output.logging_to(stage.log):
        call = cache.call(work.function, inputs, wanted=work.policy.cache) if cache else None
        hit = cache.find(call) if cache and call else None
        if cache and hit:
            return _reused(work, cache, hit, stage, clock, described, bench)
        return _run(work, bench, call, stage, clock, described, inputs)


def _reused(
    work: Work, cache: StepCache, hit: Hit, stage: Stage, clock: Clock, described: Mapping[str, Any], bench: Bench
) -> Done:
    for digest in hit.entry.figures:
        write_bytes(Path(stage.new_figure()), cache.store.get(digest) or b"", durable=False)
    if hit.entry.log:
        bench.output.write((cache.store.get(hit.entry.log) or b"").decode("utf-8", "replace"))
    for name, value in hit.entry.metrics.items():
        stage.metric(name, value)
    outputs = outputs_of(work.function, hit.result)
    answer = Answer(
        cached=True,
        from_run=hit.entry.run,
        bundle=hit.entry.bundle,
        fields=tuple(outputs),
        metrics=stage.metrics,
        inputs=described,
        outputs=describe(outputs),
        measured=clock.read(),
        events=tuple(stage.events),
    )
    return Done(answer=answer, stage=stage, value=hit.result)


def _run(
    work: Work,
    bench: Bench,
    call: Call | None,
    stage: Stage,
    clock: Clock,
    described: Mapping[str, Any],
    inputs: Mapping[str, object],
) -> Done:
    cache, trace = bench.cache, None
    try:
        if cache and call:
            with cache.tracing(call) as trace:
                value = _called(work)
        else:
            value = _called(work)
    except BaseException as error:
        stage.keep_figures()
        bench.output.write(traceback_of(error))
        answer = _failed(work, error, stage, clock, described, inputs)
        return Done(answer=answer, stage=stage, error=error)
    stage.keep_figures()
    outputs = outputs_of(work.function, value)
    declared = work.settings.metrics.get(work.function.__name__, ())
    for name, number in numbers_in(outputs, declared).items():
        stage.metric(name, number)
    measured = clock.read()
    reason = ""
    if cache and call and trace:
        reason = cache.keep(call, value, trace, _about(stage, cache, bench), seconds=clock.elapsed())
    answer = Answer(
        fields=tuple(outputs),
        uncacheable=reason,
        metrics=stage.metrics,
        inputs=described,
        outputs=describe(outputs),
        measured=measured,
        events=tuple(stage.events),
    )
    return Done(answer=answer, stage=stage, value=value)


def _called(work: Work) -> Any:
    with deadline(work.seconds):
        if _FAULTS in os.environ:
            from nb2prod.runtime.faults import inject

            inject(work.step, work.attempt)
        return work.function(*work.args, **work.kwargs)


def _failed(
    work: Work,
    error: BaseException,
    stage: Stage,
    clock: Clock,
    described: Mapping[str, Any],
    inputs: Mapping[str, object],
) -> Answer:
    status = "failed"
    if isinstance(error, Expired):
        status = "timeout"
    elif isinstance(error, (KeyboardInterrupt, GeneratorExit)):
        status = "interrupted"
    return Answer(
        status=status,
        metrics=stage.metrics,
        inputs=described,
        measured=clock.read(),
        events=tuple(stage.events),
        error=failure_of(error, work.settings, inputs),
        facts=facts_of(error),
    )


def _about(stage: Stage, cache: StepCache, bench: Bench) -> Entry:
    """What a later run shows in place of what this one showed."""
    sys.stdout.flush()
    if bench.output.log is not None:
        bench.output.log.flush()
    log = log_text(stage.log)
    return Entry(
        bundle="",
        metrics=dict(stage.metrics),
        log=cache.store.put(log) if log else "",
        figures=tuple(cache.store.put(path.read_bytes()) for path in stage.figure_paths()),
        run=bench.run,
    )
