"""Which occurrences of a schedule are due, and what becomes of each. Nothing here knows a clock or a store.

    plan(schedule, now, active) -> Plan(occurrences, next_due, replaces, passed)

What is decided, in this order:

1. *misfire*: an occurrence more than `grace` late. skip: none runs. latest: only if it is the last that is due.
   all: each runs.
2. *overlap*, of those that would run, while `active` earlier runs are queued or running. allow and queue: each is
   queued. skip: none runs beside an earlier one. replace: the last runs, and `replaces` asks for the end of the earlier
   ones. A schedule with misfire "all" that catches up queues all that it missed, unless it replaces.
3. *jitter*: `not_before` is chosen from the schedule's id and the due time, so every daemon chooses the same.

Each occurrence that does not run is there all the same, as skipped. Of a downtime with more than `cap` occurrences the
latest ones are planned one by one, and `passed` sums up those before them.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from nb2prod.model.job import (
    Cron,
    Every,
    Misfire,
    Once,
    Overlap,
    RunAfter,
    RunStatus,
    Schedule,
    Trigger,
    WhenThere,
)
from nb2prod.scheduler.cron import BadTrigger, parse
from nb2prod.store.records import Occurrence

CAP = 5_000  # a minutely job for three days: a weekend
SHORTEST, LONGEST = 0.1, 10 * 366 * 86_400.0
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Passed:
    """Occurrences of a very long downtime that were not planned one by one; `count` is None where it is not known."""

    first: datetime
    until: datetime
    count: int | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    occurrences: tuple[Occurrence, ...] = ()
    next_due: datetime | None = None
    replaces: bool = False
    passed: Passed | None = None


def check_trigger(trigger: Trigger) -> None:
    """BadTrigger for one that can never be followed."""
    match trigger:
        case Cron():
            parse(trigger)
        case Every():
            _check_every(trigger)
        case Once():
            _check_aware("at", trigger.at)
        case RunAfter():
            _check_after(trigger)
        case WhenThere():
            _check_when(trigger)


def first_due(
    trigger: Trigger, now: datetime, *, start_at: datetime | None = None, end_at: datetime | None = None
) -> datetime | None:
    """The first due time at or after `now`. None: never again, or not by time."""
    start = max(now, start_at) if start_at else now
    return _next(trigger, start - _TICK, end_at)


def next_times(
    trigger: Trigger, now: datetime, count: int, *, start_at: datetime | None = None, end_at: datetime | None = None
) -> list[datetime]:
    """Up to `count` due times at or after `now`."""
    start = max(now, start_at) if start_at else now
    return list(islice(_bounded(_following(trigger, start - _TICK), end_at), count))


def plan(schedule: Schedule, now: datetime, active: int, *, cap: int = CAP) -> Plan:
    """What becomes of all that is due at `now`; `active` is the number of the schedule's queued and running runs."""
    first = schedule.next_due
    if first and schedule.start_at and first < schedule.start_at:
        first = _next(schedule.trigger, schedule.start_at - _TICK, schedule.end_at)
    if first is None or (schedule.end_at and first >= schedule.end_at):
        return Plan()
    if first > now:
        return Plan(next_due=first)
    times = _due_from(schedule, first, now, cap)
    passed = None
    if len(times) > cap:
        times = _latest(schedule, first, now, cap)
        passed = Passed(first=first, until=times[0], count=_count(schedule.trigger, first, times[0]))
    return Plan(
        occurrences=_decide(schedule, times, now, active),
        next_due=_next(schedule.trigger, now, schedule.end_at),
        replaces=schedule.overlap is Overlap.REPLACE and active > 0 and bool(_wanted(schedule, times, now)),
        passed=passed,
    )


def _decide(schedule: Schedule, times: Sequence[datetime], now: datetime, active: int) -> tuple[Occurrence, ...]:
    wanted = _wanted(schedule, times, now)
    runs = _let_run(schedule, wanted, catches_up=_is_late(schedule, times[0], now), active=active)
    return tuple(
        Occurrence(due_at=due, reason="schedule", not_before=shaken(schedule, due))
        if due in runs
        else Occurrence(due_at=due, status=RunStatus.SKIPPED, reason="overlap" if due in wanted else "misfire")
        for due in times
    )


def _wanted(schedule: Schedule, times: Sequence[datetime], now: datetime) -> dict[datetime, None]:
    """Those that their lateness does not keep from running, in order."""
    kept = [due for due in times if schedule.misfire is Misfire.ALL or not _is_late(schedule, due, now)]
    if not kept and schedule.misfire is Misfire.LATEST:
        kept = [times[-1]]
    return dict.fromkeys(kept)


def _let_run(schedule: Schedule, wanted: dict[datetime, None], *, catches_up: bool, active: int) -> set[datetime]:
    match schedule.overlap:
        case Overlap.REPLACE:
            return set(list(wanted)[-1:])
        case Overlap.SKIP if not (catches_up and schedule.misfire is Misfire.ALL):
            return set() if active else set(list(wanted)[:1])
        case _:
            return set(wanted)


def shaken(schedule: Schedule, due: datetime) -> datetime | None:
    """When a run that is due then may start; None: at once."""
    if not schedule.jitter:
        return None
    digest = hashlib.sha256(f"{schedule.id}:{due.astimezone(UTC).isoformat()}".encode()).digest()
    return due + timedelta(seconds=schedule.jitter * int.from_bytes(digest[:8]) / 2**64)


def _is_late(schedule: Schedule, due: datetime, now: datetime) -> bool:
    return (now - due).total_seconds() > schedule.grace


def _due_from(schedule: Schedule, first: datetime, now: datetime, cap: int) -> list[datetime]:
    """From `first` to `now`; cap + 1 of them when there are more than `cap`."""
    times = _bounded(_following(schedule.trigger, first - _TICK), schedule.end_at)
    return [first, *islice(takewhile(lambda due: due <= now, (due for due in times if due > first)), cap)]


def _latest(schedule: Schedule, first: datetime, now: datetime, cap: int) -> list[datetime]:
    """The latest due times, at most `cap` and at least a tenth of it: a window before `now`, found by halving."""
    too_early, too_late = first, now
    while True:
        start = too_early + (too_late - too_early) / 2
        times = _bounded(_following(schedule.trigger, start), schedule.end_at)
        due = list(islice(takewhile(lambda due: due <= now, times), cap + 1))
        if len(due) > cap:
            too_early = start
        elif len(due) >= max(1, cap // 10):
            return due
        else:
            too_late = start


def _count(trigger: Trigger, first: datetime, until: datetime) -> int | None:
    return (until - first) // _step(trigger) if isinstance(trigger, Every) else None


def _next(trigger: Trigger, after: datetime, end_at: datetime | None) -> datetime | None:
    return next(_bounded(_following(trigger, after), end_at), None)


def _bounded(times: Iterator[datetime], end_at: datetime | None) -> Iterator[datetime]:
    return takewhile(lambda due: end_at is None or due < end_at, times)


def _following(trigger: Trigger, after: datetime) -> Iterator[datetime]:
    """All due times strictly after `after`."""
    match trigger:
        case Cron():
            yield from parse(trigger).after(after)
        case Every():
            yield from _every(trigger, after)
        case Once(at=at) if at > after:
            yield at


def _every(trigger: Every, after: datetime) -> Iterator[datetime]:
    step = _step(trigger)
    due = trigger.anchor + max(0, (after - trigger.anchor) // step + 1) * step
    while True:
        yield due
        due += step


def _step(trigger: Every) -> timedelta:
    return timedelta(microseconds=round(trigger.seconds * 1e6))


def _check_every(trigger: Every) -> None:
    if not (math.isfinite(trigger.seconds) and SHORTEST <= trigger.seconds <= LONGEST):
        raise BadTrigger(
            f"a schedule cannot run every {trigger.seconds:g} seconds; it takes {SHORTEST:g} seconds to ten years",
            field="seconds",
        )
    _check_aware("anchor", trigger.anchor)


def _check_aware(field: str, moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise BadTrigger(
            f"the time {moment.isoformat()} of {field!r} says no time zone; add one, as {moment.isoformat()}+00:00",
            field=field,
        )


def _check_after(trigger: RunAfter) -> None:
    if not trigger.schedule:
        raise BadTrigger("a schedule that runs after another must name it", field="schedule")
    if trigger.on not in ("completed", "failed", "ended"):
        raise BadTrigger(
            f"a schedule can run after {trigger.schedule!r} has completed, failed or ended, not {trigger.on!r}",
            field="on",
        )


def _check_when(trigger: WhenThere) -> None:
    if not trigger.url.strip():
        raise BadTrigger("a schedule that waits for a file must say its path or URL", field="url")
    if not (math.isfinite(trigger.settle) and trigger.settle >= 0):
        raise BadTrigger(f"a file cannot settle for {trigger.settle:g} seconds; write 0 or more", field="settle")
    if trigger.parameter and not trigger.parameter.isidentifier():
        raise BadTrigger(f"{trigger.parameter!r} cannot be the name of a parameter", field="parameter")
