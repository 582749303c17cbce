"""How much is told at once: what a channel's next message tells of, of all that waits. Pure.

A limit of N an hour lets N messages through in any hour. When more is waiting than may go out, the last free place is
taken by one message that tells of all the rest; what comes after it waits for the next free place.
"""

from collections import defaultdict
from collections.abc import Sequence

from nb2prod.store.posting import Sent, Waiting

__all__ = ["next_message"]


def next_message(
    waiting: Sequence[Waiting], sent: Sent, *, hourly: int | None, hourly_per_schedule: int | None
) -> tuple[int, ...]:
    """Its notifications; () when none may go now."""
    groups: dict[str, list[int]] = defaultdict(list)
    for one in waiting:
        groups[one.about].append(one.id)
    found = [
        message
        for about, ids in groups.items()
        for message in _fold([(one,) for one in ids], hourly_per_schedule, sent.about.get(about, 0))
    ]
    messages = _fold(sorted(found), hourly, sent.count)
    return messages[0] if messages else ()


def _fold(messages: Sequence[tuple[int, ...]], limit: int | None, sent: int) -> list[tuple[int, ...]]:
    if limit is None or len(messages) <= limit - sent:
        return list(messages)
    free = limit - sent
    if free <= 0:
        return []
    rest = sorted(one for message in messages[free - 1 :] for one in message)
    return [*messages[: free - 1], tuple(rest)]
