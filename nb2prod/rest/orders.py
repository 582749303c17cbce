"""What may be asked: the bodies of requests. A field that is not known is refused, with its path."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal  # JSON

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nb2prod.model.job import (
    Cron,
    Every,
    FailureKind,
    JobSettings,
    Limits,
    Misfire,
    Once,
    Overlap,
    Retry,
    RunAfter,
    Trigger,
    WhenThere,
)

__all__ = [
    "BatchIn",
    "CancelIn",
    "ChannelIn",
    "CronIn",
    "DefinitionIn",
    "Order",
    "PoolIn",
    "RunIn",
    "ScheduleChange",
    "ScheduleIn",
    "settings_of",
    "trigger_of",
]

Parameters = dict[str, Any]
_PARAMETERS: Any = Field(
    default={}, description='by name; a secret is {"secret": "env:NAME"}', examples=[{"region": "EU"}]
)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time needs its offset, as 2026-01-31T06:00:00+01:00")
    return at.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CronIn(Order):
    expression: str = Field(examples=["0 6 * * 1-5"])
    timezone: str = Field(default="UTC", examples=["Europe/Berlin"])


class _Cron(CronIn):
    kind: Literal["cron"]


class _Every(Order):
    kind: Literal["every"]
    seconds: float = Field(gt=0)
    anchor: Moment | None = Field(default=None, description="now, when it is left out")


class _Once(Order):
    kind: Literal["once"]
    at: Moment


class _After(Order):
    kind: Literal["after"]
    schedule: str
    on: Literal["completed", "failed", "ended"] = "completed"


class _When(Order):
    kind: Literal["when"]
    url: str
    settle: float = Field(default=5.0, ge=0)
    parameter: str = ""


TriggerIn = Annotated[_Cron | _Every | _Once | _After | _When, Field(discriminator="kind")]


class LimitsIn(Order):
    """Seconds, and bytes of memory; null: no limit."""

    run: float | None = None
    cell: float | None = None
    start: float = 60.0
    memory: int | None = None
    cpu_seconds: float | None = None
    cpus: int | None = None


class RetryIn(Order):
    limit: int = 0
    delay: float = 30.0
    factor: float = 2.0
    maximum: float = 3600.0
    jitter: float = 0.1
    on: tuple[FailureKind, ...] = Retry().on
    lost: int = 3


class SettingsIn(Order):
    environment: str = ""
    workdir: str = ""
    output: str = ""
    formats: tuple[str, ...] = ("ipynb",)
    limits: LimitsIn = LimitsIn()
    retry: RetryIn = RetryIn()
    notify: tuple[str, ...] = ()
    pool: str = "default"


class DefinitionIn(Order):
    """A notebook as it is to run from now on: a new version, when anything differs from the latest one."""

    name: str = Field(default="", description="left out: after the file's name", examples=["churn"])
    filename: str = Field(default="notebook.ipynb", pattern=r"^[^/\\\x00]{1,200}\.ipynb$", examples=["churn.ipynb"])
    notebook: dict[str, Any] = Field(
        description="its JSON (nbformat 4)",
        examples=[{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}],
    )
    settings: SettingsIn = SettingsIn()


class _Policies(Order):
    misfire: Misfire = Misfire.LATEST
    overlap: Overlap = Overlap.SKIP
    grace: float = 60.0
    priority: int = 0
    jitter: float = 0.0
    start_at: Moment | None = None
    end_at: Moment | None = None
    paused: bool = False


class ScheduleIn(_Policies):
    name: str = Field(default="", description="left out: the definition's", examples=["churn-daily"])
    definition: str = Field(description="its name; the version that is the latest now", examples=["churn"])
    trigger: TriggerIn
    parameters: Parameters = _PARAMETERS


class ScheduleChange(_Policies):
    """What is given is changed, the rest stays; `parameters` take the place of all that were given before."""

    definition: str | None = Field(default=None, description="a definition's name, whose latest version it shall run")
    trigger: TriggerIn | None = None
    parameters: Parameters | None = None


class RunIn(Order):
    definition: str = Field(description="its name; the latest version runs", examples=["churn"])
    parameters: Parameters = _PARAMETERS
    priority: int = Field(default=0, ge=-(2**31), lt=2**31)
    pool: str = Field(default="", description="left out: the definition's")


class CancelIn(Order):
    by: str = Field(default="the REST interface", max_length=200, description="who asks for it, for the record")


class BatchIn(Order):
    definition: str
    rows: list[Parameters] = Field(min_length=1, description="a run each, with these parameters")
    common: Parameters = Field(default={}, description="parameters of every row that does not say otherwise")
    name: str = Field(default="", description="left out: after what it runs, so that the same batch is not run twice")
    priority: int = Field(default=0, ge=-(2**31), lt=2**31)


class PoolIn(Order):
    limit: int | None = Field(ge=0, lt=2**31, description="of runs at once; null: no limit; 0 holds what waits")


class ChannelIn(Order):
    kind: str = Field(examples=["webhook", "email", "command"])
    settings: dict[str, Any] = Field(examples=[{"url": "https://example.com/hook"}])
    events: list[str] = Field(default=["failed", "recovered", "disabled"], examples=[["failed", "late"]])
    subject: str = Field(default="", examples=["{definition.name} {run.status}"])
    body: str = ""
    hourly: int | None = 20
    hourly_per_schedule: int | None = 5
    late_after: float = 60.0
    long_after: float | None = None
    long_factor: float | None = None


def trigger_of(given: TriggerIn, now: datetime) -> Trigger:
    match given:
        case _Cron():
            return Cron(expression=given.expression, timezone=given.timezone)
        case _Every():
            return Every(seconds=given.seconds, anchor=given.anchor or now)
        case _Once():
            return Once(at=given.at)
        case _After():
            return RunAfter(schedule=given.schedule, on=given.on)
        case _When():
            return WhenThere(url=given.url, settle=given.settle, parameter=given.parameter)


def settings_of(given: SettingsIn) -> JobSettings:
    parts = given.model_dump()
    return JobSettings(**parts | {"limits": Limits(**parts["limits"]), "retry": Retry(**parts["retry"])})
