"""The lookout: finds runs that are late or take long, for the channels that want to hear of it."""

import math
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from nb2prod.model.notification import Channel, Happening
from nb2prod.store import NotInStore, RowNotReadable, Store
from nb2prod.store.posting import Going

__all__ = ["Lookout"]

_BACK = timedelta(days=1)  # how far the first look goes back; what was told before is not told again
_FRESH = 60.0  # seconds for which a median is used again


class Lookout:
    """Looks each `every` seconds, at what has become late since the last look and at what runs."""

    def __init__(self, store: Store, *, every: float = 5.0) -> None:
        self._store, self._every, self._next = store, every, 0.0
        self._seen: dict[str, datetime] = {}  # by channel: runs that were to start until then have been looked at
        self._notify: dict[int, Sequence[str]] = {}  # by definition
        self._medians: dict[str, tuple[float, float | None]] = {}
        self._told: set[tuple[str, str]] = set()  # of runs that take long: channel and run

    def step(self, channels: Sequence[Channel]) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        now = self._store.now()
        for channel in channels:
            if Happening.LATE in channel.events:
                self._tell_late(channel, now)
        self._tell_long([channel for channel in channels if Happening.LONG in channel.events], now)

    def _tell_late(self, channel: Channel, now: datetime) -> None:
        until = now - timedelta(seconds=channel.late_after)
        after = min(self._seen.get(channel.name, until - _BACK), until)
        late = [going for going in self._store.late_runs(after, until) if channel.name in self._hear_of(going)]
        told = {g.run_id: {"seconds": (now - g.since).total_seconds(), "limit": channel.late_after} for g in late}
        if told:
            self._store.tell(channel.name, Happening.LATE, told)
        self._seen[channel.name] = until

    def _tell_long(self, channels: Sequence[Channel], now: datetime) -> None:
        running = self._store.long_runs(now) if channels else []
        for going in running:
            hear = self._hear_of(going)
            for channel in channels:
                if channel.name in hear and (channel.name, going.run_id) not in self._told:
                    self._tell_if_long(channel, going, (now - going.since).total_seconds())
        self._told &= {(channel.name, going.run_id) for channel in channels for going in running}

    def _tell_if_long(self, channel: Channel, going: Going, seconds: float) -> None:
        limit = min(channel.long_after or math.inf, self._by_median(channel, going))
        if seconds > limit:
            data = {"seconds": seconds, "limit": limit}
            self._store.tell(channel.name, Happening.LONG, {going.run_id: data})
            self._told.add((channel.name, going.run_id))

    def _by_median(self, channel: Channel, going: Going) -> float:
        if channel.long_factor is None:
            return math.inf
        asked, median = self._medians.get(going.definition_name, (-math.inf, None))
        if time.monotonic() - asked > _FRESH:
            median = self._store.median_seconds(going.definition_name)
            self._medians[going.definition_name] = (time.monotonic(), median)
        return math.inf if median is None else median * channel.long_factor

    def _hear_of(self, going: Going) -> Sequence[str]:
        number = going.definition_id
        if number not in self._notify:
            try:
                self._notify[number] = self._store.definition(number).settings.notify  # a version never changes
            except (NotInStore, RowNotReadable):
                return ()
        return self._notify[number]
