"""A step call carried out in this process: what it needs comes from the artifacts, what it gives goes there.

    python -m nb2prod.runtime.steps.worker FILE        # reads a StepCall, writes FILE.answer

The process is the step's own: its working directory, modules and hidden state are changed and not put back.
"""

import importlib
import os
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime import state
from nb2prod.runtime.errors import RuntimeTrouble
from nb2prod.runtime.failures.attempts import GUARDS, facts_of
from nb2prod.runtime.failures.failure import reason_of, traceback_of
from nb2prod.runtime.files import write_bytes
from nb2prod.runtime.project import Policy, Settings, read_settings
from nb2prod.runtime.results.artifacts import NEAR, Artifacts
from nb2prod.runtime.running.workplace import cache_of, enter, import_module
from nb2prod.runtime.states import ATTRIBUTE, STATES
from nb2prod.runtime.steps.calls import Answer, StepCall
from nb2prod.runtime.steps.performing import Bench, Done, Work, perform
from nb2prod.runtime.telling.output import Output
from nb2prod.runtime.telling.record import decode

_GUARD = "NB2PROD_GUARD"  # the descriptor of its keeper's pipe
_SOON, _LONGER = 0.5, 0.05  # what a step may take beyond its deadline: seconds, and a share

__all__ = ["carry_out", "main", "prepare", "tell_guard"]


def prepare(project: str, package: str, environment: str = "", workdir: str = "", artifacts: str = "") -> None:
    """Import all that a step of the project needs, for a process that forks the ones of its steps."""
    settings = _settings(project, package, environment)
    if workdir:
        settings = replace(settings, workdir=Path(workdir))
    _reach(settings)
    enter(settings)
    pipeline = import_module(f"{settings.package}.pipeline", settings)
    state.capture(STATES)  # what is loaded at the first look is loaded now
    known = cache_of(settings, settings.runs, pipeline, str(settings.runs), use=True)
    for function in _functions_of(f"{settings.package}.steps."):  # they run what is loaded now
        known.code.learn(function)
    if "://" in artifacts:
        with suppress(ImportError, ValueError):  # the step says it better
            importlib.import_module("fsspec").get_filesystem_class(artifacts.partition("://")[0])


def _functions_of(modules: str) -> list[Any]:
    found = [vars(module).values() for name, module in list(sys.modules.items()) if name.startswith(modules)]
    return [each for values in found for each in values if str(getattr(each, "__module__", "")).startswith(modules)]


def carry_out(call: StepCall) -> Answer:
    """Raises nothing: what goes wrong is in the answer."""
    try:
        return _carried_out(call)
    except Exception as error:  # the store, the project, a bundle: the runner decides what that means
        return trouble_answer(error)


def trouble_answer(error: BaseException) -> Answer:
    """Of what went wrong outside the step's own lines."""
    text = str(error) if isinstance(error, RuntimeTrouble) else reason_of(error)
    found = {"type": type(error).__name__, "reason": text, "place": "what surrounds the step"}
    return Answer(status="failed", error={**found, "traceback": traceback_of(error)}, facts=facts_of(error))


def _carried_out(call: StepCall) -> Answer:
    settings = _settings(call.project, call.package, call.environment)
    if call.workdir:
        settings = replace(settings, workdir=Path(call.workdir))
    _reach(settings)
    enter(settings)
    pipeline = import_module(f"{settings.package}.pipeline", settings)
    module, _, name = call.function.partition(":")
    function = getattr(import_module(module, settings), name)
    known = cache_of(
        settings,
        settings.runs,
        pipeline,
        call.artifacts,
        use=call.use_cache,
        run=call.run,
        resumed=call.resumed,
        needed=True,
    )
    artifacts = known.store
    known.left.extend(call.unkept)
    states = [*STATES, *_attributes(getattr(pipeline, "HIDDEN_STATE", {}))]
    for digest in call.carried:
        state.restore(artifacts.get_value(digest))
    before = state.capture(states)
    plain = {name: decode(name, where["value"]) for name, where in call.inputs.items() if "value" in where}
    origins = {name: known.origins.of(value) for name, value in plain.items()}
    origins |= {name: where["origin"] for name, where in call.inputs.items() if "origin" in where}
    policy = replace(settings.steps.get(name, Policy()), cache=call.keep)
    work = Work(
        settings=settings,
        step=call.step,
        function=function,
        kwargs=plain,
        policy=policy,
        attempt=call.attempt,
        seconds=call.timeout,
        must_be_known=call.must_be_known,
        origins=origins,
        load=lambda: _loaded(call, artifacts, function),
    )
    with tempfile.TemporaryDirectory(prefix="nb2prod-step-") as place, Output(call.run) as output:
        known.ignore = (*known.ignore, place, *([os.environ[NEAR]] if NEAR in os.environ else []))
        for each in ("logs", "figures"):
            Path(place, each).mkdir()
        bench = Bench(run=call.run, folder=Path(place), output=output, cache=known, wants_value=False)
        done = perform(work, bench)
        answer = _kept(work, done, Path(place), artifacts, before, states, known.left[len(call.unkept) :])
    moved = artifacts.moved
    return replace(answer, measured={**answer.measured, "moved_bytes": moved}) if moved else answer


def _kept(
    work: Work,
    done: Done,
    folder: Path,
    artifacts: Artifacts,
    before: Mapping[str, object],
    states: Sequence[str],
    unkept: Sequence[str],
) -> Answer:
    """The answer, when all that it names is in the artifacts."""
    answer = done.answer
    path = folder / "logs" / f"{work.step}.log"
    log = path.read_bytes() if path.is_file() else b""
    files = tuple({**file, "digest": artifacts.put((folder / file["path"]).read_bytes())} for file in answer.files)
    answer = replace(answer, log=artifacts.put(log) if log else "", files=files, unkept=tuple(unkept))
    if done.error is not None or answer.cached:
        return answer
    with state.unwarned():
        left = _left(before, states)
        return replace(answer, left=artifacts.put_value(left) if left else "", states=tuple(left))


def _left(before: Mapping[str, object], states: Sequence[str]) -> dict[str, object]:
    """The hidden state that is not what it was."""
    after = state.capture(states)
    was, now = state.digests(before), state.digests(after)
    changed = {name: value for name, value in after.items() if was.get(name) != now[name]}
    return {name: state.difference(name, before.get(name), value) for name, value in changed.items()}


def _loaded(call: StepCall, artifacts: Artifacts, function: Any) -> dict[str, Any]:
    """The inputs that are not in the call. Each bundle is read once, so that what is shared in it stays so."""
    bundles: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, where in call.inputs.items():
        if "value" in where:
            continue
        digest = where["bundle"]
        if digest not in bundles:
            bundles[digest] = artifacts.get_value(digest, function)
        whole, field = bundles[digest], where.get("field", "")
        if "item" in where:
            values[name] = whole[where["item"]]
        else:
            values[name] = getattr(whole, field) if field else whole
    return values


def _attributes(hidden: Mapping[str, Sequence[str]]) -> list[str]:
    return sorted({token for tokens in hidden.values() for token in tokens if token.startswith(ATTRIBUTE)})


@cache
def _settings(project: str, package: str, environment: str) -> Settings:
    return read_settings(Path(project), package, environment)


def _reach(settings: Settings) -> None:
    source = str(settings.root / "src")
    if source not in sys.path and Path(source).is_dir():
        sys.path.insert(0, source)


def reseed() -> None:
    """In a fork: its siblings must not draw what it draws, unless the run carries a generator's state to them."""
    random.seed(os.urandom(32))
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed(int.from_bytes(os.urandom(4), "little"))


def tell_guard(descriptor: int) -> None:
    """Write each deadline to the pipe of a keeper, with the time in which the step may say itself where it was."""
    own = os.getpid()

    def tell(seconds: float | None) -> None:
        if os.getpid() == own:  # not in a fork that the step has made
            with suppress(OSError):
                os.write(
                    descriptor, b"=\n" if seconds is None else f"={seconds + max(_SOON, _LONGER * seconds)}\n".encode()
                )

    GUARDS.append(tell)


def main(arguments: list[str]) -> int:
    if guard := os.environ.pop(_GUARD, ""):
        os.set_inheritable(int(guard), False)
        tell_guard(int(guard))
    file = Path(arguments[0])
    answer = carry_out(StepCall.from_json(file.read_text(encoding="utf-8")))
    write_bytes(file.with_name(f"{file.name}.answer"), answer.to_json().encode(), durable=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
