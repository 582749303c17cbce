"""Whether a step must be run, and what is kept of it when it was: the one mechanism of cache and resume."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime import state
from nb2prod.runtime.results.artifacts import Artifacts, Entry
from nb2prod.runtime.results.bundles import NotPortable
from nb2prod.runtime.results.keys import Code, Origins, Uncacheable, is_scalar, key_of
from nb2prod.runtime.results.watch import Watch, fingerprint
from nb2prod.runtime.states import ATTRIBUTE, state_of
from nb2prod.runtime.telling.measure import outputs_of

__all__ = ["Call", "Hit", "Kept", "StepCache", "Trace", "log_text", "own_key"]

_ALWAYS = ("cwd", "os.environ", *state.GENERATORS)
_SEEN_OTHERWISE = {"filesystem", "matplotlib.figure"}  # files by the watch, figures by the backend
_LOG = 1_000_000
_UNTOUCHED = "as the process began"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A step about to run. `key` is "" when it must be run in every run, for the `reason`; `own` is its key within
    this run, "" when not even that can be told."""

    function: Callable[..., Any]
    inputs: Mapping[str, object]
    key: str = ""
    own: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Hit:
    entry: Entry
    result: Any
    exit_state: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was kept of a step: its bundle ("" when it cannot be), the hidden state that it left, the origins of the
    outputs that count by their value, and why other runs cannot use it."""

    bundle: str = ""
    left: str = ""
    states: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(kw_only=True)
class Trace:
    """What was seen while the step ran."""

    watch: Watch
    before: Mapping[str, object]
    seeded: set[str] = field(default_factory=set)
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def late(self) -> list[str]:
        """Generators that the step loaded: they begin with what the system draws."""
        return sorted(state.capture(state.GENERATORS).keys() - self.before.keys())


class StepCache:
    """One for a run. `hidden` is the pipeline's HIDDEN_STATE; `use` is False to run every step all the same.

    What other runs may not use is kept for this one by its name `run`, and `resumed` is the run that it goes on with.
    With `needed` every result is kept, for others wait for it; else only what somebody may ask for later.
    It must be made before hidden state is put back: what the generators are then is what nobody has touched.
    """

    def __init__(
        self,
        store: Artifacts,
        *,
        code: Code,
        environment: Mapping[str, str],
        hidden: Mapping[str, tuple[str, ...]],
        ignore: tuple[str, ...],
        use: bool = True,
        run: str = "",
        resumed: str = "",
        needed: bool = False,
    ) -> None:
        self.store, self.code, self.environment, self.use = store, code, environment, use
        self.run, self.resumed, self.needed = run, resumed, needed
        self.hidden = {name: set(tokens) - _SEEN_OTHERWISE for name, tokens in hidden.items()}
        declared = {token for tokens in self.hidden.values() for token in tokens if state_of(token)}
        self.watched = tuple(dict.fromkeys((*_ALWAYS, *sorted(declared))))
        self.compared = tuple(name for name in self.watched if name == "cwd" or name in declared - {*state.GENERATORS})
        self.ignore = ignore
        self.origins = Origins()
        self.left: list[str] = []  # earlier steps whose effects on the process cannot be put back
        self.untouched = state.digests(state.capture(state.GENERATORS))
        code.whole = code.whole or any(token.startswith(ATTRIBUTE) for token in declared)

    def call(
        self,
        function: Callable[..., Any],
        inputs: Mapping[str, object],
        *,
        wanted: bool,
        origins: Mapping[str, str] | None = None,
    ) -> Call:
        """With the `origins` of all inputs they need not be there: the key is the same."""
        try:
            own = self._key(function, self._origins(function, inputs) if origins is None else origins)
            reason = self._reason(function) if wanted else "cache = false in pipeline.toml"
        except Uncacheable as found:
            own, reason = "", str(found)
        if self._unknown(function):
            self.left.append(own or os.urandom(16).hex())  # without a key, nothing after it is known either
            own = "" if reason else own  # not even the run itself can put back what it did
        return Call(function=function, inputs=inputs, key="" if reason else own, own=own, reason=reason)

    def find(self, call: Call) -> Entry | None:
        """What is known of such a call, if all that it required is so now. Nothing is loaded."""
        if not self.use:
            return None
        now = state.digests(state.capture(state.GENERATORS))
        for key in self._keys(call):
            for entry in self.store.entries(key):
                if self._holds(entry, now) and self.store.use(key, entry):
                    self._remember(call, key, entry)
                    return entry
        return None

    def load(self, call: Call, entry: Entry) -> Hit | None:
        """None when it cannot be opened any more; then it is gone, and `find` does not give it again."""
        try:
            result = self.store.get_value(entry.bundle, call.function)
            left = self.store.get_value(entry.exit_state) if entry.exit_state else {}
        except OSError:  # out of reach, which may be otherwise soon
            raise
        except Exception:  # damaged, or made by another version of a class: run the step instead
            for key in self._keys(call):
                self.store.drop(key, entry)
            return None
        return Hit(entry=entry, result=result, exit_state=left)

    def reuse(self, call: Call) -> Hit | None:
        """The result of such a call, in place: its hidden state is put back."""
        while entry := self.find(call):
            if hit := self.load(call, entry):
                outputs = outputs_of(call.function, hit.result)
                self.origins.learn({name: entry.origin(name) for name in outputs}, outputs, entry.bundle)
                state.restore(hit.exit_state)
                return hit
        return None

    @contextmanager
    def tracing(self, call: Call, inputs: Mapping[str, object] | None = None) -> Iterator[Trace]:
        before = state.capture(self.watched)
        for name, digest in state.digests({each: before[each] for each in state.GENERATORS if each in before}).items():
            self.untouched.setdefault(name, digest)
        trace = Trace(watch=Watch(self.ignore), before=before)
        named = self.code.named_files(call.function, call.inputs if inputs is None else inputs) if call.own else []
        trace.named = {path: fingerprint(path) for path in named}
        with ExitStack() as stack:
            entry = state.digests({name: before[name] for name in state.GENERATORS if name in before})
            trace.seeded = stack.enter_context(state.seedings(entry))
            stack.enter_context(trace.watch)
            yield trace

    def keep(self, call: Call, result: object, trace: Trace, about: Entry, seconds: float, *, reason: str = "") -> Kept:
        """Keep what the step gave, as far as others or this run may use it: `reason` says of what it did that no
        other run may. What took long to make waits for the disk. Raises ArtifactsUnreachable when it is needed."""
        outputs = outputs_of(call.function, result)
        if self._unknown(call.function):
            self.left.append(key_of(trace.watch.required()))
        late = trace.late
        reasons = self._reasons(call, outputs, trace, late, reason)
        self.untouched |= dict.fromkeys(late, "")
        self.origins.forget(outputs.values())
        told = Kept(reason="; ".join(reasons))
        if not self._is_wanted(call, reasons):
            return told
        try:
            return self._kept(call, result, outputs, trace, about, seconds, told)
        except NotPortable as error:
            return replace(told, reason=f"its result cannot be pickled ({error})")

    def _reasons(
        self, call: Call, outputs: Mapping[str, object], trace: Trace, late: list[str], reason: str
    ) -> Sequence[str]:
        if reason or call.reason:
            return [reason or call.reason]
        changed = self.code.changed(call.function)
        return [f"{changed} has changed while it ran"] if changed else trace.watch.verdict() or _odd(outputs, late)

    def _is_wanted(self, call: Call, reasons: Sequence[str]) -> bool:
        return self.needed or bool(call.key and not reasons) or bool(call.own and self.run)

    def _kept(
        self,
        call: Call,
        result: object,
        outputs: Mapping[str, object],
        trace: Trace,
        about: Entry,
        seconds: float,
        told: Kept,
    ) -> Kept:
        durable = seconds >= 1
        bundle, size = self.store.put_sized(result, durable=durable, looker=self.code.mentions(call.function))
        after = state.capture(self.watched)
        was, now = state.digests(trace.before), state.digests(after)
        changed = [name for name in after if was.get(name) != now[name] or name in trace.seeded]
        left = {name: state.difference(name, trace.before.get(name), after[name]) for name in changed}
        drawn = {name: was.get(name, "") for name in changed if name in state.GENERATORS and name not in trace.seeded}
        unforeseen = self.code.loaded_unforeseen(call.function) if call.own else ()
        files = {**trace.watch.required(), **trace.named, **{path: fingerprint(path) for path in unforeseen}}
        entry = replace(
            about,
            bundle=bundle,
            size=size,
            fields=tuple(outputs),
            files=files,
            generators=drawn,
            exit_state=self.store.put_value(left, durable=durable) if left else "",
            states=tuple(left),
            origins=self._origins_of(call.function, outputs, alone=bool(told.reason)),
        )
        if call.key and not told.reason:
            self.store.add(call.key, entry)
        if self.run and call.own and (told.reason or any(map(self._is_untouched, drawn.items()))):
            self.store.add(own_key(self.run, call.own), self._of_this_run(entry, trace))
        self.origins.learn({name: entry.origin(name) for name in outputs}, outputs, bundle)
        return replace(told, bundle=bundle, left=entry.exit_state, states=entry.states, origins=entry.origins)

    def _origins_of(
        self, function: Callable[..., Any], outputs: Mapping[str, object], *, alone: bool
    ) -> dict[str, str]:
        """Of outputs that count by their value: scalars; and all of a step that is run each time, for most of what it
        gives may be what it was."""
        found = {}
        for name, value in outputs.items():
            if alone or is_scalar(value):
                with suppress(Uncacheable):
                    found[name] = self.origins.of(value, self.code.mentions(function))
        return found

    def _of_this_run(self, entry: Entry, trace: Trace) -> Entry:
        """What it wrote must be there still; a generator that nobody had touched may be another one tomorrow."""
        wrote = {path: fingerprint(path) for path in trace.watch.lasting()}
        drawn = {name: _UNTOUCHED if self._is_untouched((name, was)) else was for name, was in entry.generators.items()}
        return replace(entry, files={**entry.files, **wrote}, generators=drawn)

    def _is_untouched(self, generator: tuple[str, str]) -> bool:
        name, was = generator
        return was in ("", self.untouched.get(name))

    def _holds(self, entry: Entry, now: Mapping[str, str]) -> bool:
        for name, was in entry.generators.items():
            here = now.get(name, "")
            if not (self._is_untouched((name, here)) if was == _UNTOUCHED else here == was):
                return False
        return all(fingerprint(path) == was for path, was in entry.files.items())

    def _keys(self, call: Call) -> list[str]:
        """Where its result may be: what this run and the one that it goes on with know, then what all know."""
        mine = self.run if self.needed or self.resumed else ""  # nobody else has computed anything for this run
        runs = [run for run in (mine, self.resumed) if run and call.own]
        return [*(own_key(run, call.own) for run in runs), *filter(None, [call.key])]

    def _remember(self, call: Call, key: str, entry: Entry) -> None:
        """Who goes on with this run finds it too."""
        if self.resumed and key == own_key(self.resumed, call.own) and self.run:
            self.store.add(own_key(self.run, call.own), entry)

    def _origins(self, function: Callable[..., Any], inputs: Mapping[str, object]) -> dict[str, str]:
        looker = self.code.mentions(function)
        return {name: self.origins.of(value, looker) for name, value in inputs.items()}

    def _key(self, function: Callable[..., Any], origins: Mapping[str, str]) -> str:
        return key_of(
            {
                "step": f"{function.__module__}.{function.__qualname__}",
                "code": self.code.digest(function),
                "modules": self.code.local_modules(function),
                "environment": self.environment,
                "state": state.digests(state.capture(self.compared)),
                "left": self.left,
                "inputs": dict(origins),
            }
        )

    def _reason(self, function: Callable[..., Any]) -> str:
        unknown = self._unknown(function)
        return f"touches {', '.join(unknown)}" if unknown else self.code.blind(function)

    def _unknown(self, function: Callable[..., Any]) -> list[str]:
        return sorted(token for token in self.hidden.get(function.__name__, ()) if state_of(token) is None)


def own_key(run: str, key: str) -> str:
    """Of a result that is this run's alone."""
    return f"{run}.{key}"


def _odd(outputs: Mapping[str, object], late: list[str]) -> tuple[str, ...]:
    if late:  # nobody saw whether the step drew from it
        return (f"loads {late[0]} while it runs",)
    return () if outputs else ("gives nothing",)


def log_text(path: Path) -> bytes:
    """What a step printed, if it is not too long to be worth keeping."""
    content = path.read_bytes() if path.is_file() else b""
    return content if len(content) <= _LOG else b""
