"""One pipeline on several executors: what each run took, what it would cost, and whether the results are the same.

Comparison = Side…        a Side is an executor with its Trials
Trial                     one run
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

__all__ = ["Comparison", "Difference", "Prices", "Side", "StepCost", "Trial"]


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What is paid for: an hour of a processor, of a GB of memory and of the run itself, and a GB that moves."""

    cpu_hour: float = 0.0
    gb_hour: float = 0.0
    gb_moved: float = 0.0
    hour: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StepCost:
    """Of one step of a run: seconds, seconds of processors, bytes at its peak and bytes that moved."""

    name: str
    seconds: float
    cpu: float
    memory: int
    moved: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One run. `seconds` is all that the user waits, from the command to its end."""

    executor: str
    run: str
    seconds: float
    steps: tuple[StepCost, ...]
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        return sum(step.cpu for step in self.steps)

    @property
    def memory(self) -> int:
        return max((step.memory for step in self.steps), default=0)

    @property
    def moved(self) -> int:
        return sum(step.moved for step in self.steps)

    def cost(self, prices: Prices) -> float:
        gb_hours = sum(step.memory / 1e9 * step.seconds / 3600 for step in self.steps)
        parts = (
            prices.cpu_hour * self.cpu / 3600,
            prices.gb_hour * gb_hours,
            prices.gb_moved * self.moved / 1e9,
            prices.hour * self.seconds / 3600,
        )
        return sum(parts)


@dataclass(frozen=True, kw_only=True)
class Side:
    executor: str
    trials: tuple[Trial, ...]
    prices: Prices | None = None

    @property
    def seconds(self) -> float:
        return median(trial.seconds for trial in self.trials)

    @property
    def spread(self) -> tuple[float, float]:
        return min(trial.seconds for trial in self.trials), max(trial.seconds for trial in self.trials)

    @property
    def cpu(self) -> float:
        return median(trial.cpu for trial in self.trials)

    @property
    def memory(self) -> int:
        return max(trial.memory for trial in self.trials)

    @property
    def moved(self) -> int:
        return int(median(trial.moved for trial in self.trials))

    @property
    def cost(self) -> float | None:
        prices = self.prices
        return None if prices is None else median(trial.cost(prices) for trial in self.trials)

    def step_seconds(self, step: str) -> float | None:
        found = [each.seconds for trial in self.trials for each in trial.steps if each.name == step]
        return median(found) if found else None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """An output of a step that is not what the first run gave."""

    executor: str
    run: str
    step: str
    output: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`unseen` are steps whose outputs could not be compared. The first side is what the others are measured by."""

    pipeline: str
    sides: tuple[Side, ...]
    differences: tuple[Difference, ...] = ()
    unseen: tuple[str, ...] = ()
    compared: int = 0
    currency: str = ""

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.sides[0].trials[0].steps)

    def verdict(self, side: Side) -> str:
        """Of its results, in words."""
        found = [each for each in self.differences if each.executor == side.executor]
        if found:
            return f"{len(found)} outputs differ" if len(found) > 1 else "1 output differs"
        return "the first" if side is self.sides[0] else "the same"
