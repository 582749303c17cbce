"""The store's clock: the server's where there is one, so that hosts with wrong clocks agree about leases."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["StoreClock", "utc_now"]

MEASURED_EVERY = 60.0  # seconds


def utc_now() -> datetime:
    return datetime.now(UTC)


class StoreClock:
    """A clock that is given stays as it is (tests); `utc_now` follows the server's, once it is told how to ask.

    Between two questions time runs by the host's steady clock, which nobody sets.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now, steady: Callable[[], float] = time.monotonic) -> None:
        self._now, self._steady = now, steady
        self._ask: Callable[[], datetime] | None = None
        self._asked_at, self._answer = 0.0, datetime.min

    def follow(self, ask: Callable[[], datetime]) -> None:
        if self._now is utc_now:
            self._ask, self._asked_at = ask, float("-inf")

    def now(self) -> datetime:
        if self._ask is None:
            return self._now()
        if self._steady() - self._asked_at > MEASURED_EVERY:
            self._measure(self._ask)
        return self._answer + timedelta(seconds=self._steady() - self._asked_at)

    def _measure(self, ask: Callable[[], datetime]) -> None:
        before = self._steady()
        answer = ask()
        # the server answered about halfway between question and answer
        self._answer, self._asked_at = answer, (before + self._steady()) / 2
