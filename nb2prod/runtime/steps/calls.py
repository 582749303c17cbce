"""What passes between the runner and whoever carries out a step: JSON, without code and without data.

    Runner ─StepCall→ StepExecutor ─→ a process that carries it out (`nb2prod.runtime.steps.worker`) ─Answer→ Runner

Values stay in the artifacts, where a bundle's digest and a field name them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, Self  # Any: JSON

__all__ = ["Answer", "Ending", "ErrorFacts", "Outcome", "StepCall", "StepExecutor", "Ticket"]

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class StepCall:
    """A step that is to be carried out once.

    project:    the project's folder, which every worker can read, or "" when its package is installed there
    function:   MODULE:NAME of the step's function
    step:       its name in this run, which numbers the calls of one function
    inputs:     by name: {"bundle": DIGEST, "field": NAME} of what an earlier step gave ("" for a single value),
                {"value": ...} as record.encode gives it, or {"bundle": DIGEST, "item": NAME} of a table of values;
                with "origin", what a key has for it
    carried:    digests of bundles with the hidden state that earlier steps left, in their order
    unkept:     keys of earlier steps whose effects cannot be put back
    artifacts:  where bundles, logs and figures are: a path or an fsspec URL
    limits:     seconds, bytes and cores; None where there is none
    resumed:    the run that this one goes on with, whose own results may be used
    use_cache:  False to run it also when its result is known; with `must_be_known` it is not run at all
    keep:       False for one whose result pipeline.toml never keeps
    """

    run: str
    resumed: str = ""
    step: str
    attempt: int = 1
    project: str
    package: str
    function: str
    inputs: Mapping[str, Mapping[str, Any]]
    carried: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    artifacts: str
    environment: str = ""
    timeout: float | None = None
    memory: int | None = None
    cpus: int | None = None
    gpus: int | None = None
    use_cache: bool = True
    must_be_known: bool = False
    keep: bool = True
    workdir: str = ""

    @property
    def ticket(self) -> "Ticket":
        return Ticket(self.step, self.attempt)

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError for a call of another version."""
        return cls(**{**_checked(text), **_tuples(text, "carried", "unkept")})


@dataclass(frozen=True)
class Ticket:
    """What an executor knows a call by."""

    step: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class ErrorFacts:
    """An exception as far as a policy looks at it: `families` are its class and those above it, MODULE.NAME each."""

    families: tuple[str, ...] = ()
    errno: int | None = None
    status: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a step went. `status` is completed, failed, timeout or interrupted.

    bundle:      the digest of its outputs, by `fields` ("result" alone for a single value); "" when not kept
    origins:     of each field, as a key has it: what the step that takes it depends on
    left:        the digest of the hidden state that it left different, named in `states`; "" when there is none
    files:       what it showed: kind, path in the run's folder, `digest` in the artifacts when it comes from elsewhere
    unkept:      keys for what follows, when it left what cannot be put back
    not_kept:    why a result that is right could not be kept where it should have been
    error:       message, type, reason, notebook, cell, line, file, file_line, traceback, causes; {} when it is well
    key:         the key of its result in the cache, "" without one, for the reason `uncacheable`
    """

    status: str = "completed"
    cached: bool = False
    from_run: str = ""
    key: str = ""
    bundle: str = ""
    fields: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    left: str = ""
    states: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    uncacheable: str = ""
    not_kept: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""
    files: tuple[Mapping[str, Any], ...] = ()
    scores: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    error: Mapping[str, Any] = field(default_factory=dict)
    facts: ErrorFacts = field(default_factory=ErrorFacts)

    def given(self, field: str) -> Mapping[str, Any]:
        """One of its outputs as the input of another step's call; "" is all that it gives."""
        name = field or "result"
        return {"bundle": self.bundle, "field": field, "origin": self.origins.get(name, f"{self.bundle} {name}")}

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=True, default=repr)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError for an answer of another version."""
        found = {**_checked(text), **_tuples(text, "fields", "states", "unkept", "files", "scores", "events")}
        facts = found.pop("facts")
        families = tuple(facts.pop("families"))
        return cls(**found, facts=ErrorFacts(families=families, **facts))


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How the process of a call ended that gave no answer.

    reason: died (`code` or `signal`), timeout, memory, lost (its host or worker is gone), refused (it could not start),
            cancelled
    """

    reason: str
    code: int = 0
    signal: int = 0
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of a call: its answer, or how it ended without one. `host` is where it was, `seconds` how long its process was
    there; memory is in bytes, cpu in seconds, of the process and all that it started; `moved` are the bytes of
    artifacts that had to come from elsewhere."""

    ticket: Ticket
    answer: Answer | None = None
    ending: Ending | None = None
    host: str = ""
    pid: int = 0
    seconds: float = 0.0
    memory: int = 0
    cpu: float = 0.0
    moved: int = 0


class StepExecutor(Protocol):
    """Carries out calls somewhere, each in a fresh guarded process. It knows nothing of order, retries or results.

    One runner uses it, from one thread.
    """

    def capacity(self, call: StepCall) -> bool:
        """Whether this call can start now."""

    def submit(self, call: StepCall) -> None:
        """Start it. What goes wrong with that comes back as its outcome."""

    def wait(self, timeout: float) -> list[Outcome]:
        """Those that ended since this was asked last; waits for the first, for `timeout` seconds at most."""

    def cancel(self, ticket: Ticket) -> None:
        """End it and all that it started; its outcome (cancelled) comes by `wait`."""

    def close(self) -> None:
        """End all; nothing of it is left when this returns."""


def _checked(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
        raise ValueError("it was written by another version of nb2prod")
    return found


def _tuples(text: str, *names: str) -> dict[str, tuple[Any, ...]]:
    found = json.loads(text)
    return {name: tuple(found[name]) for name in names}
