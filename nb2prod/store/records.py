"""What only the store and its callers speak of: occurrences to advance to, pools, channels, notifications, daemons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from nb2prod.model.job import RunStatus

__all__ = ["ChannelRow", "Daemon", "Delivery", "Notification", "Occurrence", "Pool", "Pruned"]


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """`status` is queued or skipped; `reason` "" stands for "schedule"."""

    due_at: datetime
    status: RunStatus = RunStatus.QUEUED
    reason: str = ""
    not_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A limit of concurrent runs over the whole store; None: no limit."""

    name: str
    limit: int | None
    running: int = 0
    queued: int = 0


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """A way to tell somebody: `kind` is a notifier's, `settings` are its own, secrets only by reference.

    With "events" in `settings`, a list of kinds of notifications, only those are put into the outbox for it.
    """

    name: str
    kind: str
    settings: Mapping[str, object] = field(default_factory=dict)
    created_at: datetime


class Delivery(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"  # given up
    DROPPED = "dropped"  # not wanted: over the rate, or of a kind that the channel leaves out


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One thing to tell on one channel. `kind` is "run.failed", "run.recovered", "run.late", "schedule.disabled", …"""

    id: int
    channel: str
    kind: str
    run_id: str = ""
    schedule_id: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    status: Delivery = Delivery.PENDING
    attempts: int = 0
    next_try: datetime
    created_at: datetime
    settled_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Daemon:
    name: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What went (or, of a dry run, would go). The caller removes the files at `artifacts` and in `folders`.

    artifacts: URLs of the runs' outputs
    folders:   (host, folder) of the attempts
    """

    runs: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    definitions: int = 0
    blobs: int = 0
    dry_run: bool = False
