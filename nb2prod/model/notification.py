"""Who is told of what.

Channel = name, kind (a notifier), settings (of its kind), events(Happening…), templates, rates, thresholds
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Channel", "Happening"]


class Happening(StrEnum):
    """The values are the kinds of notifications in the store."""

    FAILED = "run.failed"  # for good, after its retries
    RECOVERED = "run.recovered"  # the first that completed after a failure of the same schedule, or else definition
    LATE = "run.late"  # a due run has not started
    LONG = "run.long"  # a run takes longer than it should
    SKIPPED = "run.skipped"  # an occurrence did not run: misfire or overlap
    DISABLED = "schedule.disabled"  # a schedule was put out of action


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way to tell people. It hears of the definitions that name it in their settings.

    settings:    of its kind; a secret stands in it as {"secret": REFERENCE}
    subject, body: templates, "" for ours (see nb2prod.scheduler.notify.template)
    hourly, hourly_per_schedule: at most so many messages an hour; what is over is folded into one. None: no limit
    late_after:  a run is late when it has not started so many seconds after it was due
    long_after, long_factor: a run is long when it takes more seconds, or more times the median of its definition
    """

    name: str
    kind: str
    settings: Mapping[str, object] = field(default_factory=dict)
    events: tuple[Happening, ...] = (Happening.FAILED, Happening.RECOVERED, Happening.DISABLED)
    subject: str = ""
    body: str = ""
    hourly: int | None = 20
    hourly_per_schedule: int | None = 5
    late_after: float = 60.0
    long_after: float | None = None
    long_factor: float | None = None
