"""How much is told at once: of what waits on a channel, what goes out now, and what is folded into one message. Pure.

A limit of N an hour lets N messages through in any hour. When more is waiting than may go out, the last free place is
taken by one message that tells of all the rest; what comes after it waits for the next free place.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Waiting", "bundles"]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """`about`: the schedule or definition that it is about, whose own limit counts."""

    id: int
    about: str


def bundles(
    waiting: Sequence[Waiting],
    *,
    sent: int,
    sent_about: Mapping[str, int],
    hourly: int | None,
    hourly_per_schedule: int | None,
) -> list[tuple[int, ...]]:
    """The messages to send now, each by the ids that it tells of; `sent` are those of the last hour."""
    groups: dict[str, list[int]] = defaultdict(list)
    for one in waiting:
        groups[one.about].append(one.id)
    found = [
        bundle
        for about, ids in groups.items()
        for bundle in _fold([(one,) for one in ids], hourly_per_schedule, sent_about.get(about, 0))
    ]
    return _fold(sorted(found), hourly, sent)


def _fold(messages: Sequence[tuple[int, ...]], limit: int | None, sent: int) -> list[tuple[int, ...]]:
    if limit is None or len(messages) <= limit - sent:
        return list(messages)
    free = limit - sent
    if free <= 0:
        return []
    return [*messages[: free - 1], tuple(sorted(_all(messages[free - 1 :])))]


def _all(messages: Iterable[tuple[int, ...]]) -> Iterable[int]:
    return (one for message in messages for one in message)
