"""Schedules that run after one another: none may wait for itself."""

import difflib
from collections.abc import Mapping

from nb2prod.model.job import RunAfter, RunStatus, Trigger
from nb2prod.scheduler.cron import BadTrigger

_ENDS = {
    "completed": {RunStatus.COMPLETED},
    "failed": {RunStatus.FAILED},
    "ended": {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED},
}


def check_chain(name: str, trigger: Trigger, others: Mapping[str, Trigger]) -> None:
    """BadTrigger when `name` would run after a schedule that is not there, or after itself by way of others."""
    way, seen = [name], {name}
    while isinstance(trigger, RunAfter):
        if trigger.schedule in seen:
            circle = " after ".join([*way, trigger.schedule])
            raise BadTrigger(f"{name!r} would run after itself: {circle}", field="schedule")
        if trigger.schedule not in others:
            raise BadTrigger(
                f"{way[-1]!r} cannot run after {trigger.schedule!r}: there is no such schedule{_hint(trigger, others)}",
                field="schedule",
            )
        way.append(trigger.schedule)
        seen.add(trigger.schedule)
        trigger = others[trigger.schedule]


def follows(trigger: RunAfter, ended: RunStatus) -> bool:
    """Whether a run that ended so starts the next."""
    return ended in _ENDS[trigger.on]


def _hint(trigger: RunAfter, others: Mapping[str, Trigger]) -> str:
    close = difflib.get_close_matches(trigger.schedule, others, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
