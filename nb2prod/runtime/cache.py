"""Whether a step must be run, and what is kept of it when it was: the one mechanism of cache and resume."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime import state
from nb2prod.runtime.artifacts import Entry, Store
from nb2prod.runtime.bundles import NotPortable
from nb2prod.runtime.keys import Code, Origins, Uncacheable, key_of
from nb2prod.runtime.measure import outputs_of
from nb2prod.runtime.states import state_of
from nb2prod.runtime.watch import Watch, fingerprint

__all__ = ["Call", "Hit", "StepCache", "Trace"]

_ALWAYS = ("cwd", "os.environ", *state.GENERATORS)
_SEEN_OTHERWISE = {"filesystem", "matplotlib.figure"}  # files by the watch, figures by the backend
_LOG = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """A step about to run. `key` is "" when it must be run, for the `reason`."""

    function: Callable[..., Any]
    inputs: Mapping[str, object]
    key: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Hit:
    entry: Entry
    result: Any
    exit_state: Mapping[str, object]


@dataclass(kw_only=True)
class Trace:
    """What was seen while the step ran."""

    watch: Watch
    before: Mapping[str, object]
    seeded: set[str] = field(default_factory=set)
    named: Mapping[str, str] = field(default_factory=dict)


class StepCache:
    """One for a run. `hidden` is the pipeline's HIDDEN_STATE; `use` is False to run every step all the same."""

    def __init__(
        self,
        store: Store,
        *,
        code: Code,
        environment: Mapping[str, str],
        hidden: Mapping[str, tuple[str, ...]],
        ignore: tuple[str, ...],
        use: bool = True,
    ) -> None:
        self.store, self.code, self.environment, self.use = store, code, environment, use
        self.hidden = {name: set(tokens) - _SEEN_OTHERWISE for name, tokens in hidden.items()}
        declared = {token for tokens in self.hidden.values() for token in tokens if state_of(token)}
        self.watched = tuple(dict.fromkeys((*_ALWAYS, *sorted(declared))))
        self.compared = tuple(name for name in self.watched if name == "cwd" or name in declared - {*state.GENERATORS})
        self.ignore = ignore
        self.origins = Origins()
        self.left: list[str] = []  # earlier steps whose effects on the process cannot be put back

    def call(self, function: Callable[..., Any], inputs: Mapping[str, object], *, wanted: bool) -> Call:
        try:
            key = self._key(function, inputs)
            reason = self._reason(function) if wanted else "cache = false in pipeline.toml"
        except Uncacheable as found:
            key, reason = "", str(found)
        if self._unknown(function):
            self.left.append(key or os.urandom(16).hex())  # without a key, nothing after it is known either
        return Call(function=function, inputs=inputs, key="" if reason else key, reason=reason)

    def find(self, call: Call) -> Hit | None:
        """The result of such a call, if all that it required is so now."""
        if not call.key or not self.use:
            return None
        now = state.digests(state.capture(state.GENERATORS))
        for entry in self.store.entries(call.key):
            if any(now.get(name, "") != was for name, was in entry.generators.items()):
                continue
            if any(fingerprint(path) != was for path, was in entry.files.items()):
                continue
            hit = self._load(entry, call.function)
            if hit is not None:
                self.origins.learn(entry.bundle, outputs_of(call.function, hit.result))
                state.restore(hit.exit_state)
                return hit
        return None

    @contextmanager
    def tracing(self, call: Call) -> Iterator[Trace]:
        before = state.capture(self.watched)
        trace = Trace(watch=Watch(self.ignore), before=before)
        named = self.code.named_files(call.function, call.inputs) if call.key else []
        trace.named = {path: fingerprint(path) for path in named}
        with ExitStack() as stack:
            entry = state.digests({name: before[name] for name in state.GENERATORS if name in before})
            trace.seeded = stack.enter_context(state.seedings(entry))
            stack.enter_context(trace.watch)
            yield trace

    def keep(self, call: Call, result: object, trace: Trace, about: Entry, seconds: float) -> str:
        """Keep what the step gave, else say why not. What took long to make waits for the disk."""
        outputs = outputs_of(call.function, result)
        if self._unknown(call.function):
            self.left.append(key_of(trace.watch.required()))
        reasons = (call.reason,) if call.reason else trace.watch.verdict() or _odd(outputs, trace)
        if reasons:
            self.origins.forget(outputs.values())
            return "; ".join(reasons)
        try:
            bundle, required = self.store.put_value(result, durable=seconds >= 1), self._requirements(trace)
        except NotPortable as error:
            self.origins.forget(outputs.values())
            return f"its result cannot be pickled ({error})"
        entry = replace(about, bundle=bundle, **required)
        self.store.add(call.key, entry)
        self.origins.learn(entry.bundle, outputs)
        return ""

    def _requirements(self, trace: Trace) -> dict[str, Any]:
        after = state.capture(self.watched)
        was, now = state.digests(trace.before), state.digests(after)
        changed = [name for name in after if was.get(name) != now[name] or name in trace.seeded]
        left = {name: state.difference(name, trace.before.get(name), after[name]) for name in changed}
        drawn = [name for name in changed if name in state.GENERATORS and name not in trace.seeded]
        return {
            "files": {**trace.watch.required(), **trace.named},
            "generators": {name: was.get(name, "") for name in drawn},
            "exit_state": self.store.put_value(left) if left else "",
        }

    def _load(self, entry: Entry, step: Callable[..., Any]) -> Hit | None:
        try:
            left = self.store.get_value(entry.exit_state) if entry.exit_state else {}
            return Hit(entry=entry, result=self.store.get_value(entry.bundle, step), exit_state=left)
        except OSError:
            raise
        except Exception:  # gone, damaged, or made by another version of a class: run the step instead
            return None

    def _key(self, function: Callable[..., Any], inputs: Mapping[str, object]) -> str:
        return key_of(
            {
                "step": f"{function.__module__}.{function.__qualname__}",
                "code": self.code.digest(function),
                "modules": self.code.local_modules(),
                "environment": self.environment,
                "state": state.digests(state.capture(self.compared)),
                "left": self.left,
                "inputs": {name: self.origins.of(value) for name, value in inputs.items()},
            }
        )

    def _reason(self, function: Callable[..., Any]) -> str:
        unknown = self._unknown(function)
        return f"touches {', '.join(unknown)}" if unknown else self.code.blind(function)

    def _unknown(self, function: Callable[..., Any]) -> list[str]:
        return sorted(token for token in self.hidden.get(function.__name__, ()) if state_of(token) is None)


def _odd(outputs: Mapping[str, object], trace: Trace) -> tuple[str, ...]:
    late = state.capture(state.GENERATORS).keys() - trace.before.keys()
    if late:  # it begins with what the system draws, and nobody saw whether the step drew from it
        return (f"loads {sorted(late)[0]} while it runs",)
    return () if outputs else ("gives nothing",)


def log_text(path: Path) -> bytes:
    """What a step printed, if it is not too long to be worth keeping."""
    content = path.read_bytes() if path.is_file() else b""
    return content if len(content) <= _LOG else b""
