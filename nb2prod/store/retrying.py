"""Whether a failed attempt is tried again, and after how long: pure."""

from dataclasses import dataclass

from nb2prod.model.job import FailureKind, Retry

__all__ = ["Tally", "pause_before_next"]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Of a run so far, the attempt that just ended included: how many failed of themselves, how many were lost."""

    failures: int = 0
    losses: int = 0

    def and_one(self, kind: FailureKind) -> "Tally":
        lost = kind is FailureKind.LOST
        return Tally(failures=self.failures + (not lost), losses=self.losses + lost)


def pause_before_next(retry: Retry, kind: FailureKind, tally: Tally, chance: float) -> float | None:
    """Seconds, None: no further attempt. `chance` is from 0 to 1."""
    if kind is FailureKind.LOST:
        return 0.0 if tally.losses <= retry.lost else None
    if kind not in retry.on or tally.failures > retry.limit:
        return None
    try:
        pause = min(retry.delay * retry.factor ** (tally.failures - 1), retry.maximum)
    except OverflowError:
        pause = retry.maximum
    return max(0.0, pause * (1 + retry.jitter * (2 * chance - 1)))
