"""What only the store and its callers speak of: occurrences to advance to, pools, channels, notifications, daemons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from nb2prod.model.job import RunStatus

__all__ = ["Channel", "Daemon", "Delivery", "Notification", "Occurrence", "Pool", "Pruned"]


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
class Channel:
    """A way to tell somebody: `kind` is a notifier's, `settings` are its own, secrets only by reference."""

    name: str
    kind: str
    settings: Mapping[str, object] = field(default_factory=dict)
    created_at: datetime


class Delivery(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FOLDED = "folded"  # told in the message of another
    FAILED = "failed"  # given up
    DROPPED = "dropped"  # not wanted: over the rate, or of a kind that the channel leaves out


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One thing to tell on one channel. `kind` is a model.notification.Happening. One that is about a schedule has its
    id in `data`, and as `run_id` what makes it unique."""

    id: int
    channel: str
    kind: str
    run_id: str = ""
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
