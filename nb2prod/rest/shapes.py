"""What comes back: the model's data as JSON. Times are in UTC; a secret among parameters is {"secret": REFERENCE}."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar  # JSON

from pydantic import BaseModel, ConfigDict, Field

from nb2prod.api.readings import read_trigger
from nb2prod.model.job import (
    AttemptStatus,
    Cron,
    Definition,
    Every,
    FailureKind,
    JobKind,
    Misfire,
    Once,
    Overlap,
    Run,
    RunAfter,
    RunStatus,
    Schedule,
    Trigger,
    WhenThere,
)
from nb2prod.model.notification import Happening
from nb2prod.store import RunLabel, ScheduleLabel

__all__ = [
    "ArtifactOut",
    "AttemptOut",
    "BatchOut",
    "BatchRowOut",
    "ChannelOut",
    "CronOut",
    "DaemonOut",
    "DefinitionOut",
    "EventOut",
    "Health",
    "Page",
    "PoolOut",
    "RunDetailOut",
    "RunOut",
    "RunRowOut",
    "ScheduleOut",
    "ScheduleRowOut",
    "Sent",
    "Times",
]

T = TypeVar("T")


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Page(Shape, Generic[T]):
    """`next`: what to give for the page after this one; null when this is the last."""

    items: list[T]
    next: str | None = None
    total: int | None = Field(default=None, description="how many there are in all, where counting is cheap")


class CronTrigger(Shape):
    kind: Literal["cron"] = "cron"
    expression: str = Field(examples=["0 6 * * 1-5"])
    timezone: str = Field(default="UTC", examples=["Europe/Berlin"])


class EveryTrigger(Shape):
    kind: Literal["every"] = "every"
    seconds: float = Field(examples=[900])
    anchor: datetime


class OnceTrigger(Shape):
    kind: Literal["once"] = "once"
    at: datetime


class AfterTrigger(Shape):
    kind: Literal["after"] = "after"
    schedule: str
    on: Literal["completed", "failed", "ended"] = "completed"


class WhenTrigger(Shape):
    kind: Literal["when"] = "when"
    url: str = Field(examples=["/data/in/*.csv"])
    settle: float = 5.0
    parameter: str = ""


TriggerOut = Annotated[
    CronTrigger | EveryTrigger | OnceTrigger | AfterTrigger | WhenTrigger, Field(discriminator="kind")
]
_TRIGGERS: Mapping[type[Trigger], type[Shape]] = {
    Cron: CronTrigger,
    Every: EveryTrigger,
    Once: OnceTrigger,
    RunAfter: AfterTrigger,
    WhenThere: WhenTrigger,
}


class ParameterOut(Shape):
    name: str
    annotation: str
    default: str = Field(description='its repr, "" when it must be given')
    comment: str


class FileOut(Shape):
    path: str
    sha256: str
    size: int


class LimitsOut(Shape):
    run: float | None
    cell: float | None
    start: float
    memory: int | None
    cpu_seconds: float | None
    cpus: int | None


class RetryOut(Shape):
    limit: int
    delay: float
    factor: float
    maximum: float
    jitter: float
    on: tuple[FailureKind, ...]
    lost: int


class SettingsOut(Shape):
    environment: str
    workdir: str
    output: str
    formats: tuple[str, ...]
    limits: LimitsOut
    retry: RetryOut
    notify: tuple[str, ...]
    pool: str


class DefinitionOut(Shape):
    id: int
    name: str
    version: int
    kind: JobKind
    path: str
    entry: str
    digest: str
    files: list[FileOut]
    parameters: list[ParameterOut]
    settings: SettingsOut
    created_at: datetime

    @classmethod
    def of(cls, definition: Definition) -> "DefinitionOut":
        names = ("name", "annotation", "default", "comment")
        parameters = [dict(zip(names, each, strict=True)) for each in definition.parameters]
        return cls.model_validate(vars(definition) | {"parameters": parameters})


class ScheduleOut(Shape):
    id: int
    name: str
    definition_id: int
    trigger: TriggerOut
    reading: str = Field(description="the trigger in words")
    parameters: dict[str, Any]
    misfire: Misfire
    overlap: Overlap
    grace: float
    priority: int
    jitter: float
    start_at: datetime | None
    end_at: datetime | None
    paused: bool
    disabled: str = Field(description='why it was put out of action, "" while it is sound')
    next_due: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleOut":
        trigger = _TRIGGERS[type(schedule.trigger)].model_validate(schedule.trigger)
        more = {"trigger": trigger, "reading": read_trigger(schedule.trigger)}
        return cls.model_validate(vars(schedule) | more)


class ProgressOut(Shape):
    done: int
    total: int
    cell: int
    label: str
    at: datetime | None


class FailureOut(Shape):
    kind: FailureKind
    message: str
    cell: int
    line: int
    traceback: str


class RunOut(Shape):
    id: str
    definition_id: int
    schedule_id: int | None
    due_at: datetime | None
    status: RunStatus
    reason: str
    parameters: dict[str, Any]
    priority: int
    pool: str
    not_before: datetime | None
    attempt: int
    cancel_requested: str
    idempotency_key: str
    batch: str
    cause: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: ProgressOut
    failure: FailureOut | None
    metrics: dict[str, float]

    @classmethod
    def of(cls, run: Run) -> "RunOut":
        return cls.model_validate(run)


class RunRowOut(RunOut):
    """A run in a list, with the names of what it has by number."""

    definition: str = Field(description="its definition's name")
    version: int = Field(description="of its definition")
    schedule: str = Field(description='its schedule\'s name, "" when there is none, or none any more')

    @classmethod
    def beside(cls, run: Run, label: RunLabel) -> "RunRowOut":
        return cls.model_validate(vars(run) | vars(label))


class ScheduleRowOut(ScheduleOut):
    """A schedule in a list, with what it runs and how that went last."""

    definition: str = Field(description="its definition's name")
    version: int = Field(description="of its definition")
    last_run: RunOut | None = Field(description="the newest one, whatever became of it")

    @classmethod
    def beside(cls, schedule: Schedule, label: ScheduleLabel) -> "ScheduleRowOut":
        return cls.model_validate(vars(ScheduleOut.of(schedule)) | vars(label))


class UsageOut(Shape):
    seconds: float
    cpu: float
    memory: int


class AttemptOut(Shape):
    run_id: str
    number: int
    status: AttemptStatus
    worker: str
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None
    failure: FailureOut | None
    usage: UsageOut


class EventOut(Shape):
    id: int
    at: datetime
    kind: str = Field(examples=["cell.completed"])
    run_id: str
    attempt: int
    schedule_id: int | None
    data: dict[str, Any]


class ArtifactOut(Shape):
    """Its content is at …/artifacts/{name}."""

    run_id: str
    attempt: int
    name: str
    kind: str
    sha256: str
    size: int
    created_at: datetime


class RunDetailOut(Shape):
    run: RunOut
    definition: DefinitionOut
    schedule: str | None = Field(description="the schedule's name, null when there is none any more")
    attempts: list[AttemptOut]
    artifacts: list[ArtifactOut]


class BatchRowOut(Shape):
    number: int
    tries: int
    run: RunOut


class BatchOut(Shape):
    name: str
    rows: int
    counts: dict[RunStatus, int] = Field(description="rows by the status of their latest run")


class PoolOut(Shape):
    name: str
    limit: int | None = Field(description="of runs at once; null: as many as the daemons take")
    running: int
    queued: int


class ChannelOut(Shape):
    name: str
    kind: str
    settings: dict[str, Any] = Field(description='a secret is {"secret": REFERENCE}')
    events: tuple[Happening, ...]
    subject: str
    body: str
    hourly: int | None
    hourly_per_schedule: int | None
    late_after: float
    long_after: float | None
    long_factor: float | None


class DaemonOut(Shape):
    name: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime


class CronOut(Shape):
    reading: str = Field(examples=["at 06:00 on Monday to Friday, Europe/Berlin"])
    times: list[datetime]


class Times(Shape):
    times: list[datetime]


class Sent(Shape):
    remark: str = Field(description="what the other side said")


class Health(Shape):
    status: Literal["ok", "failing"]
    store: Literal["ok", "unreachable"]
    scheduler: Literal["ok", "silent", "elsewhere"] = Field(
        description="the loop of this process; elsewhere: it has none, and daemons of their own work on the store"
    )


def pages(items: Sequence[T], limit: int, key: str) -> str | None:
    """What `next` is of a page that was asked for with one item more than fits."""
    return str(getattr(items[limit - 1], key)) if len(items) > limit else None
