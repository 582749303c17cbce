"""For the tests of the scheduler: stores, a definition, a clock, and an executor that starts nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nb2prod.execution.executors.executor import AttemptState, Ended, ExecutorNotReady
from nb2prod.model.job import Definition, JobKind, JobSettings
from nb2prod.store import Store, open_store

NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass
class FakeClock:
    time: datetime = NOON

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Bench:
    """An executor that starts nothing: the test says what becomes of an attempt."""

    places: int = 100
    refuses: bool = False
    submitted: list[tuple[str, int]] = field(default_factory=list)
    cancelled: list[tuple[str, int]] = field(default_factory=list)
    gone: list[Ended] = field(default_factory=list)

    def submit(self, run_id: str, attempt: int) -> None:
        if self.refuses:
            raise ExecutorNotReady("the bench is closed")
        self.submitted.append((run_id, attempt))

    def poll(self, run_id: str, attempt: int) -> AttemptState:
        return AttemptState.RUNNING if (run_id, attempt) in self.submitted else AttemptState.UNKNOWN

    def ended(self) -> list[Ended]:
        gone, self.gone = self.gone, []
        return gone

    def cancel(self, run_id: str, attempt: int) -> None:
        self.cancelled.append((run_id, attempt))

    def capacity(self) -> int:
        return self.places

    def close(self) -> None:
        self.places = 0

    def leave(self, run_id: str, attempt: int, how: str = "exit code 0") -> None:
        self.gone.append(Ended(run_id, attempt, how))


def define(store: Store, name: str = "job", settings: JobSettings | None = None) -> Definition:
    return store.save_definition(
        name=name,
        kind=JobKind.NOTEBOOK,
        path=f"{name}.ipynb",
        entry=f"{name}.ipynb",
        files={f"{name}.ipynb": NOTEBOOK},
        parameters=(),
        settings=settings or JobSettings(),
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(sqlite_url: str, clock: FakeClock) -> Iterator[Store]:
    """One whose time is the test's."""
    with open_store(sqlite_url, now=clock) as opened:
        yield opened


@pytest.fixture
def fake_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of fake supervisors, which find themselves in the tests' folder."""
    log = tmp_path / "fake.log"
    log.touch()
    for name, value in fake_variables(log).items():
        monkeypatch.setenv(name, value)
    return log


def fake_variables(log: Path, lease: float = 2.0) -> Mapping[str, str]:
    tests = str(Path(__file__).parents[1])
    return {"PYTHONPATH": tests, "NB2PROD_FAKE_LOG": str(log), "NB2PROD_FAKE_LEASE": str(lease)}
