"""One step in this process, whoever asked for it: looked up, else run, measured and kept.

    perform(Work, Bench) → Done(answer, value, error)

The runner uses it for steps of its own process, and a worker for the one that it was forked for: there is one path.
"""

import copy
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime.data.staging import Staging, staged
from nb2prod.runtime.errors import RuntimeTrouble
from nb2prod.runtime.failures.attempts import Expired, deadline, facts_of
from nb2prod.runtime.failures.failure import failure_of, traceback_of
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.results.artifacts import Entry
from nb2prod.runtime.results.cache import Call, Kept, StepCache, Trace, log_text
from nb2prod.runtime.steps.calls import Answer
from nb2prod.runtime.telling.measure import Clock, describe, in_words, inputs_of, numbers_in, outputs_of
from nb2prod.runtime.telling.observing import Seen, observing
from nb2prod.runtime.telling.output import Output

__all__ = ["FAULTS", "Bench", "Done", "NotKnown", "Work", "perform"]

FAULTS = "NB2PROD_FAULTS"
Began = Callable[[Mapping[str, Any]], None]


def _nothing(*_: object, **__: object) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A step that is to be carried out once. `step` is its name in the run, `seconds` what it may take.

    Without `use_cache` it is run also when its result is known; one that `must_be_known` is never run.

    Inputs that are not at hand come from `load` when the step must run; `origins` are those of all inputs then.
    """

    settings: Settings
    step: str
    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    attempt: int = 1
    seconds: float | None = None
    use_cache: bool = True
    must_be_known: bool = False
    origins: Mapping[str, str] | None = None
    load: Callable[[], Mapping[str, Any]] = dict


class NotKnown(Exception):
    """A step whose result was to be known, and which was not run."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where it is carried out. `folder` has logs/ and what a step shows; `began` is told what goes in, `hear` what it
    says, as Record.event would be. Without `wants_value` a result that is known is not loaded."""

    run: str
    folder: Path
    output: Output
    cache: StepCache | None = None
    began: Began = _nothing
    hear: Callable[..., None] = _nothing
    wants_value: bool = True


@dataclass(frozen=True, kw_only=True)
class Done:
    """`answer` has all that can be told as JSON; the `path` of its files is one in the bench's folder."""

    answer: Answer
    value: Any = None
    error: BaseException | None = None
    before: Mapping[str, object] = field(default_factory=dict)  # of a step that failed: the state that it found


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """A step between its inputs and its answer."""

    work: Work
    bench: Bench
    inputs: Mapping[str, object]
    described: Mapping[str, Any]
    clock: Clock
    staging: Staging
    seen: Seen
    call: Call | None


def perform(work: Work, bench: Bench) -> Done:
    """Raises nothing that a step raises: it is in what this gives."""
    inputs = inputs_of(work.function, work.args, work.kwargs)
    described = describe(inputs)
    bench.began(described)
    clock = Clock()
    name = work.function.__name__
    with ExitStack() as stack:
        stack.enter_context(bench.output.logging_to(bench.folder / "logs" / f"{work.step}.log"))
        seen = stack.enter_context(observing(work.step, bench.folder, tell=bench.hear, settings=work.settings))
        place = bench.folder / "data" / f"{work.step}.{work.attempt}"
        staging = stack.enter_context(staged(work.settings, name, inputs, place))
        begun = _Begun(
            work=work,
            bench=bench,
            inputs=inputs,
            described=described,
            clock=clock,
            staging=staging,
            seen=seen,
            call=None,
        )
        try:
            with deadline(work.seconds):
                begun = replace(begun, call=_call(begun))
            if work.use_cache and (known := _known(begun)):
                return known
            if work.must_be_known:
                raise NotKnown(work.step)
            if work.origins is not None:
                inputs = {**inputs, **work.load()}
                begun = replace(begun, inputs=inputs, described=describe(inputs))
        except (Exception, Expired) as error:  # the step's data, its known result or an input may be out of reach
            return _failed(begun, error, place="what goes into it")
        return _run(begun)


def _call(begun: _Begun) -> Call | None:
    """By what it is looked up: data that is elsewhere is an input too."""
    work, cache = begun.work, begun.bench.cache
    if cache is None:
        return None
    used = {f"data {name}": text for name, text in begun.staging.used.items()}
    origins = work.origins
    if origins is not None:
        origins = {**origins, **{name: cache.origins.of(text) for name, text in used.items()}}
    return cache.call(work.function, {**begun.inputs, **used}, wanted=work.policy.cache, origins=origins)


def _known(begun: _Begun) -> Done | None:
    """What an earlier run has given for the same."""
    cache, call = begun.bench.cache, begun.call
    if cache is None or call is None:
        return None
    if begun.bench.wants_value:
        hit = cache.reuse(call)
        return _reused(begun, cache, hit.entry, hit.result) if hit else None
    entry = cache.find(call)
    return _reused(begun, cache, entry, None) if entry else None


def _reused(begun: _Begun, cache: StepCache, entry: Entry, value: Any) -> Done:
    seen, bench = begun.seen, begun.bench
    files = [dict(file) for file in entry.about.get("files", ())]
    seen.shown_again(files, lambda file: cache.store.get(file["digest"]))
    seen.scores.extend(entry.about.get("scores", ()))
    if entry.log:
        bench.output.write((cache.store.get(entry.log) or b"").decode("utf-8", "replace"))
    for name, number in entry.metrics.items():
        seen.metric(name, number)
    answer = _answer(
        begun,
        cached=True,
        from_run=entry.run,
        bundle=entry.bundle,
        fields=entry.fields,
        origins={name: entry.origin(name) for name in entry.fields},
        left=entry.exit_state,
        states=entry.states,
        outputs=entry.about.get("outputs", {}),
    )
    return Done(answer=answer, value=value)


def _run(begun: _Begun) -> Done:
    work, cache, call, trace = begun.work, begun.bench.cache, begun.call, None
    place = "what fetches its data"
    try:
        if begun.staging.used or work.origins is not None:
            with deadline(work.seconds):
                work = replace(work, args=(), kwargs={**begun.inputs, **begun.staging.values})
        place = ""
        if cache and call:
            with cache.tracing(call, begun.inputs) as trace:
                value = _called(work)
        else:
            value = _called(work)
        begun.seen.settle()
        place = "what publishes its data"
        with deadline(work.seconds):
            published = begun.staging.publish()
    except BaseException as error:
        begun.seen.settle()
        return _failed(begun, error, trace, place)
    outputs = outputs_of(work.function, value)
    declared = numbers_in(outputs, work.settings.metrics.get(work.function.__name__, ()))
    for name, number in declared.items():
        begun.seen.metric(name, number)
    measured, described = _measured(begun), describe(outputs)
    kept, not_kept = Kept(reason=f"publishes {', '.join(published)}" if published else ""), ""
    try:
        if cache and call and trace:
            cache = _met(cache, work)
            about, seconds = _about(begun, cache, described), begun.clock.elapsed()
            kept = cache.keep(call, value, trace, about, seconds, reason=kept.reason)
    except (OSError, RuntimeTrouble) as error:  # a full disk, or a store that cannot be reached
        if begun.bench.cache is None or begun.bench.cache.needed:
            return _failed(begun, error, trace, place="what keeps its result")
        not_kept = str(error)
        kept = Kept(reason=f"it could not be kept: {error}")  # the value is here, and the run can go on
        print(f"{work.step}: {kept.reason}; a run that resumes computes it again", file=sys.stderr, flush=True)
    answer = _answer(
        begun,
        uncacheable=kept.reason,
        not_kept=not_kept,
        bundle=kept.bundle,
        fields=tuple(outputs),
        origins={name: kept.origins.get(name, f"{kept.bundle} {name}") for name in outputs if kept.bundle},
        outputs=described,
        measured=measured,
    )
    return Done(answer=answer, value=value)


def _met(cache: StepCache, work: Work) -> StepCache:
    """With the faults of its store that a test has asked for."""
    if FAULTS not in os.environ:
        return cache
    from nb2prod.runtime.failures.faults import faulty

    met = copy.copy(cache)
    met.store = faulty(cache.store, work.step, work.attempt)
    return met


def _called(work: Work) -> Any:
    with deadline(work.seconds):
        if FAULTS in os.environ:
            from nb2prod.runtime.failures.faults import inject

            inject(work.step, work.attempt)
        return work.function(*work.args, **work.kwargs)


def _failed(begun: _Begun, error: BaseException, trace: Trace | None = None, place: str = "") -> Done:
    """`place` says where it was when that is not a line of the user's."""
    status = "failed"
    if isinstance(error, Expired):
        status = "timeout"
    elif isinstance(error, (KeyboardInterrupt, GeneratorExit)):
        status = "interrupted"
    hide = begun.staging.hide
    begun.bench.output.write(hide(traceback_of(error)))
    failure = failure_of(error, begun.work.settings, begun.inputs)
    # the step may have changed them since
    failure["inputs"] |= {
        name: in_words(each) for name, each in begun.described.items() if {"shape", "length"} & {*each}
    }
    told = _hidden({**failure, **({"place": place} if place else {})}, hide)
    answer = _answer(begun, status=status, error=told, facts=facts_of(error))
    return Done(answer=answer, error=error, before=trace.before if trace else {})


def _hidden(told: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(told, str):
        return hide(told)
    if isinstance(told, list):
        return [_hidden(each, hide) for each in told]
    return {name: _hidden(each, hide) for name, each in told.items()} if isinstance(told, dict) else told


def _answer(begun: _Begun, **more: Any) -> Answer:
    kept = begun.seen.kept()
    figures = [{"kind": "figure", "path": f"figures/{name}"} for name in kept.get("figures", ())]
    about = {
        "inputs": begun.described,
        "metrics": kept.get("metrics", {}),
        "scores": tuple(kept.get("scores", ())),
        "files": (*figures, *kept.get("files", ())),
        "events": tuple(begun.seen.events),
        "measured": _measured(begun) if "measured" not in more else {},
    }
    return Answer(**{**about, **more})


def _measured(begun: _Begun) -> dict[str, object]:
    lines = begun.bench.output.lines
    return {**begun.clock.read(), **({"printed_lines": lines} if lines else {})}


def _about(begun: _Begun, cache: StepCache, outputs: Mapping[str, Any]) -> Entry:
    """What a later run shows in place of what this one showed."""
    sys.stdout.flush()
    output, seen, folder = begun.bench.output, begun.seen, begun.bench.folder
    if output.log is not None:
        output.log.flush()
    log = log_text(folder / "logs" / f"{begun.work.step}.log")
    files = [file for file in seen.files if (folder / file["path"]).is_file()]
    digests = tuple(cache.store.put((folder / file["path"]).read_bytes()) for file in files)
    with_digests = [{**file, "digest": digest} for file, digest in zip(files, digests, strict=True)]
    return Entry(
        bundle="",
        metrics=dict(seen.metrics),
        log=cache.store.put(log) if log else "",
        figures=digests,
        run=begun.bench.run,
        about={"files": with_digests, "scores": list(seen.scores), "outputs": outputs},
    )
