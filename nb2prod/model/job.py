"""Notebooks and pipelines as jobs: what is stored, how it may end, and the policies that decide.

    Definition = name, version, kind, snapshot(SnapshotFile…), settings(JobSettings)
    Schedule   = name, definition, Trigger, policies, next_due
    Run        = definition, parameters, status, Attempt…, Failure?
    Attempt    = run, number (the fencing token), host, pid, status, Usage
    Event      = one thing that happened, appended and never changed
    Artifact   = a file that a run gave

All times are aware datetimes in UTC; all durations are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = [
    "Artifact",
    "Attempt",
    "AttemptStatus",
    "Cron",
    "Definition",
    "Event",
    "Every",
    "Failure",
    "FailureKind",
    "JobKind",
    "JobSettings",
    "Limits",
    "Misfire",
    "Once",
    "Overlap",
    "Progress",
    "Retry",
    "Run",
    "RunAfter",
    "RunStatus",
    "Schedule",
    "SnapshotFile",
    "Trigger",
    "Usage",
    "WhenThere",
]


class JobKind(StrEnum):
    NOTEBOOK = "notebook"
    PIPELINE = "pipeline"  # a project made by `nb2prod convert`


class RunStatus(StrEnum):
    """queued → running → completed | failed | cancelled; a retry goes back to queued. skipped: it never was to run."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class AttemptStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # its lease ended: the process or its host is gone


class FailureKind(StrEnum):
    """Why an attempt did not complete. `exit_code` is that of `nb2prod run`, chosen here once."""

    PARAMETERS = "parameters"
    CELL_ERROR = "cell_error"  # of a pipeline: a step's error
    RUN_TIMEOUT = "run_timeout"
    KERNEL_DIED = "kernel_died"  # of a pipeline: its process
    CELL_TIMEOUT = "cell_timeout"  # of a pipeline: a step's timeout
    IO = "io"  # an output could not be written, or an input read by us
    CANCELLED = "cancelled"
    LOST = "lost"
    MEMORY = "memory"  # over its limit of memory, or killed by the system for want of it
    KERNEL_START = "kernel_start"
    INTERNAL = "internal"  # our own fault
    INTERRUPTED = "interrupted"  # Ctrl-C or SIGTERM to the process that ran it

    @property
    def exit_code(self) -> int:
        return _EXIT_CODES[self]


_EXIT_CODES = {
    FailureKind.PARAMETERS: 2,
    FailureKind.CELL_ERROR: 3,
    FailureKind.RUN_TIMEOUT: 4,
    FailureKind.KERNEL_DIED: 5,
    FailureKind.CELL_TIMEOUT: 6,
    FailureKind.IO: 7,
    FailureKind.CANCELLED: 8,
    FailureKind.LOST: 9,
    FailureKind.MEMORY: 10,
    FailureKind.KERNEL_START: 11,
    FailureKind.INTERNAL: 12,
    FailureKind.INTERRUPTED: 130,
}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """`cell` and `line` count from 1 in the source notebook, 0 when they cannot be told; no secret's value is in it."""

    kind: FailureKind
    message: str
    cell: int = 0
    line: int = 0
    traceback: str = ""


class Misfire(StrEnum):
    """What becomes of occurrences that were due while no daemon ran (or later than the schedule's grace)."""

    SKIP = "skip"  # none runs; each is recorded as skipped
    LATEST = "latest"  # the last one runs, the others are recorded as skipped
    ALL = "all"  # each runs


class Overlap(StrEnum):
    """What becomes of an occurrence while an earlier run of its schedule is queued or running."""

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE = "queue"  # it waits; never two at once
    REPLACE = "replace"  # the earlier ones are cancelled


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Up to `limit` further attempts after a failure whose kind is in `on`. The pause before attempt n + 1 is
    delay * factor ** (n - 1), at most `maximum`, drawn from that ± `jitter` (a share of it).

    A lost attempt is none of the notebook's doing: it is tried again at once, up to `lost` times.
    """

    limit: int = 0
    delay: float = 30.0
    factor: float = 2.0
    maximum: float = 3600.0
    jitter: float = 0.1
    on: tuple[FailureKind, ...] = (
        FailureKind.CELL_ERROR,
        FailureKind.CELL_TIMEOUT,
        FailureKind.RUN_TIMEOUT,
        FailureKind.KERNEL_DIED,
        FailureKind.KERNEL_START,
        FailureKind.MEMORY,
        FailureKind.IO,
    )
    lost: int = 3


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Deadlines in seconds, of the whole run (an attempt), of each cell and of the kernel's start; `memory` in bytes,
    of the kernel and all that it started; `cpu_seconds` of CPU time; `cpus` that it may use. None: no limit."""

    run: float | None = None
    cell: float | None = None
    start: float = 60.0
    memory: int | None = None
    cpu_seconds: float | None = None
    cpus: int | None = None


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """How a definition runs.

    environment: "" the Python of nb2prod; a path of a Python or of a virtual environment; "kernel:NAME" a kernelspec
    workdir:     the folder in which cells run; "" a fresh one with the snapshot's files
    output:      template of the folder or URL (fsspec) that gets the outputs: {name}, {run}, {attempt}, {date},
                 {time}, {due}, {p.NAME} (a parameter); "" the store's own folder for the run
    formats:     of the outputs: "ipynb" always, and "html", "pdf"
    notify:      names of notification channels
    pool:        the name of the concurrency limit that it counts for
    """

    environment: str = ""
    workdir: str = ""
    output: str = ""
    formats: tuple[str, ...] = ("ipynb",)
    limits: Limits = field(default_factory=Limits)
    retry: Retry = field(default_factory=Retry)
    notify: tuple[str, ...] = ()
    pool: str = "default"


@dataclass(frozen=True, kw_only=True)
class SnapshotFile:
    """A file as it was when it was defined: a relative POSIX path, and the digest of its bytes in the store."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One version of what runs. `entry` is the notebook's path in `files` (a pipeline: "."); `path` says where it
    came from; `parameters` are those known from the parameters cell, as (name, annotation, repr of default, comment).
    """

    id: int
    name: str
    version: int
    kind: JobKind
    path: str
    entry: str
    digest: str
    files: tuple[SnapshotFile, ...]
    parameters: tuple[tuple[str, str, str, str], ...] = ()
    settings: JobSettings = field(default_factory=JobSettings)
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Cron:
    expression: str  # five fields, or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually
    timezone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Every:
    """At `anchor` and each `seconds` of real time after it."""

    seconds: float
    anchor: datetime


@dataclass(frozen=True, kw_only=True)
class Once:
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RunAfter:
    """After each run of another schedule that ended so. `on`: completed, failed or ended."""

    schedule: str
    on: str = "completed"


@dataclass(frozen=True, kw_only=True)
class WhenThere:
    """When something appears at a path or URL (fsspec; may be a glob): once for each new or changed file. It must have
    had the same size and time at two looks, `settle` seconds apart. `parameter` takes its path, when named."""

    url: str
    settle: float = 5.0
    parameter: str = ""


Trigger = Cron | Every | Once | RunAfter | WhenThere


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A definition and when it runs. `next_due` is None when time alone never makes it due again.

    grace:    an occurrence that starts later than this is a misfire
    jitter:   a run starts up to this much after it is due, by chance; its `due_at` stays exact
    start_at, end_at: no occurrence before, none at or after
    disabled: why it was put out of action ("" while it is sound): a row that cannot be read, for one
    """

    id: int
    name: str
    definition_id: int
    trigger: Trigger
    parameters: Mapping[str, object] = field(default_factory=dict)
    misfire: Misfire = Misfire.LATEST
    overlap: Overlap = Overlap.SKIP
    grace: float = 60.0
    priority: int = 0
    jitter: float = 0.0
    start_at: datetime | None = None
    end_at: datetime | None = None
    paused: bool = False
    disabled: str = ""
    next_due: datetime | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is: `cell` is the number of the current one in the source (0: none), `at` when this was so.
    Of a pipeline: steps instead of cells, and the step's name as `label`."""

    done: int = 0
    total: int = 0
    cell: int = 0
    label: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One occurrence. `attempt` is the number of the latest attempt (0: none yet) and the fencing token.

    reason: why it is there: "manual", "schedule", "after", "when", "batch"; why it was skipped: "misfire", "overlap"
    parameters: what was given; a secret stands in it as {"secret": REFERENCE}, never by its value
    """

    id: str
    definition_id: int
    schedule_id: int | None = None
    due_at: datetime | None = None
    status: RunStatus
    reason: str = "manual"
    parameters: Mapping[str, object] = field(default_factory=dict)
    priority: int = 0
    pool: str = "default"
    not_before: datetime | None = None
    attempt: int = 0
    lease_until: datetime | None = None
    cancel_requested: str = ""  # by whom, "" when nobody did
    idempotency_key: str = ""
    batch: str = ""
    cause: str = ""  # the run after which it runs, or the file that appeared
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Progress = field(default_factory=Progress)
    failure: Failure | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What an attempt took: `cpu` in seconds, `memory` the peak in bytes, of the kernel and all that it started."""

    seconds: float = 0.0
    cpu: float = 0.0
    memory: int = 0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    run_id: str
    number: int
    status: AttemptStatus
    worker: str  # the daemon or command that claimed it
    host: str = ""
    pid: int = 0
    folder: str = ""  # where its journal and outputs are made, on that host
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None = None
    failure: Failure | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, kw_only=True)
class Event:
    """`kind` is NOUN.VERB, as "run.queued", "attempt.lost", "cell.completed", "schedule.paused"."""

    id: int
    at: datetime
    kind: str
    run_id: str = ""
    attempt: int = 0
    schedule_id: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file that an attempt gave, where it is, and what its bytes are."""

    run_id: str
    attempt: int
    name: str
    kind: str  # notebook, html, pdf, log, table, file
    url: str
    sha256: str
    size: int
    created_at: datetime
