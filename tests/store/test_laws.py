"""The law of the store: whatever is asked in whatever order, it answers as the simple one in memory does."""

import contextlib
import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from databases import Cluster, fresh_postgres
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from store.given import FakeClock, define, scheduled
from store.memory import MemoryRun, MemoryStore

from nb2prod.model.job import Failure, FailureKind, JobSettings, Overlap, Retry, RunStatus
from nb2prod.store import Occurrence, Store, Superseded, open_store

RETRY = Retry(limit=2, delay=10, factor=3, jitter=0, lost=1, on=(FailureKind.CELL_ERROR,))
ENDS = (None, FailureKind.CELL_ERROR, FailureKind.PARAMETERS, FailureKind.CANCELLED, FailureKind.LOST)
EXAMPLES = int(os.environ.get("NB2PROD_STORE_EXAMPLES", "12"))
pools = st.sampled_from(["default", "gpu"])
some_run = st.integers(0, 30)


class Both(RuleBasedStateMachine):
    """Each rule does the same to both stores, and compares what they say."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.store: Store = open_store(self.url, now=self.clock, chance=lambda: 0.5)
        self.memory = MemoryStore(RETRY)
        self.definition = define(self.store, settings=JobSettings(retry=RETRY))
        self.serial = scheduled(self.store, self.definition, overlap=Overlap.QUEUE)

    @rule(pool=pools, priority=st.integers(-1, 1), key=st.sampled_from(["", "k1", "k2"]))
    def submit(self, pool: str, priority: int, key: str) -> None:
        run, is_new = self.store.submit(
            definition_id=self.definition.id,
            parameters={},
            pool=pool,
            priority=priority,
            idempotency_key=key,
        )
        mirrored = MemoryRun(run.id, key, pool, priority, self.clock.now)
        known = run.id in self.memory.runs
        assert self.memory.submit(mirrored) == run.id
        assert is_new is not known

    @rule(count=st.integers(1, 3))
    def advance(self, count: int) -> None:
        due = self.serial.next_due
        assert due is not None
        times = [due + timedelta(minutes=number) for number in range(count)]
        following = times[-1] + timedelta(minutes=1)
        made = self.store.advance(self.serial, [Occurrence(due_at=each) for each in times], following)
        assert [run.due_at for run in made] == times
        assert self.store.advance(self.serial, [Occurrence(due_at=each) for each in times], following) == []
        self.serial = self.store.schedule("nightly")
        for run in made:
            assert run.due_at is not None
            self.memory.submit(MemoryRun(run.id, "", "default", 0, run.due_at, serial="nightly"))

    @rule(limit=st.integers(1, 4), lease=st.sampled_from([5.0, 50.0]))
    def claim(self, limit: int, lease: float) -> None:
        claimed = [run.id for run in self.store.claim("d", lease=lease, limit=limit)]
        assert claimed == self.memory.claim(self.clock.now, lease, limit)

    @rule(which=some_run, back=st.integers(0, 1), kind=st.sampled_from(ENDS))
    def finish(self, which: int, back: int, kind: FailureKind | None) -> None:
        if not (target := self._target(which)):
            return
        attempt = len(target.attempts) - back
        status = {None: RunStatus.COMPLETED, FailureKind.CANCELLED: RunStatus.CANCELLED}.get(kind, RunStatus.FAILED)
        failure = None if kind is None else Failure(kind=kind, message="")
        before = self.store.run(target.id)
        if self.memory.may_write(target.id, attempt):
            self.store.finish(target.id, attempt, status, failure)
            self.memory.end(target.id, self.clock.now, kind)
            return
        with contextlib.suppress(Superseded):  # or the very end that was written before
            self.store.finish(target.id, attempt, status, failure)
        assert self.store.run(target.id) == before

    @rule(which=some_run, back=st.integers(0, 1))
    def beat(self, which: int, back: int) -> None:
        if not (target := self._target(which)):
            return
        attempt = len(target.attempts) - back
        if self.memory.may_write(target.id, attempt):
            assert self.store.beat(target.id, attempt, lease=20) is target.cancelling
            target.lease_until = self.clock.now + timedelta(seconds=20)
            return
        with pytest.raises(Superseded):
            self.store.beat(target.id, attempt, lease=20)

    @rule(which=some_run)
    def cancel(self, which: int) -> None:
        if target := self._target(which):
            self.store.cancel(target.id, "ann")
            self.memory.cancel(target.id)

    @rule(seconds=st.sampled_from([1, 10, 31, 100]))
    def wait(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule()
    def expire(self) -> None:
        assert sorted(run.id for run in self.store.expire_leases()) == self.memory.expire(self.clock.now)

    @rule(pool=pools, limit=st.sampled_from([None, 0, 1, 2]))
    def limit(self, pool: str, limit: int | None) -> None:
        self.store.set_pool(pool, limit)
        self.memory.limits[pool] = limit

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = open_store(self.url, now=self.clock, chance=lambda: 0.5)

    @invariant()
    def both_say_the_same(self) -> None:
        told = {run.id: (run.status, run.attempt, run.not_before) for run in self.store.runs(limit=1000)}
        expected = {run.id: (run.status, len(run.attempts), run.not_before) for run in self.memory.runs.values()}
        assert told == expected

    def teardown(self) -> None:
        for run in self.memory.runs.values():
            assert [attempt.status for attempt in self.store.attempts(run.id)] == run.attempts
            ends = [event for event in self.store.events(run_id=run.id) if event.kind == f"run.{run.status}"]
            assert len(ends) == 1 or not run.status.is_final
        self.store.close()

    def _target(self, which: int) -> MemoryRun | None:
        runs = list(self.memory.runs.values())
        return runs[which % len(runs)] if runs else None


def obey(machine: type[Both], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=EXAMPLES <= 12,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_sqlite_obeys(sqlite_template: Path) -> None:
    class OnSqlite(Both):
        def __init__(self) -> None:
            self.folder = Path(tempfile.mkdtemp())
            self.url = str(shutil.copy(sqlite_template, self.folder / "store.db"))
            super().__init__()

        def teardown(self) -> None:
            super().teardown()
            shutil.rmtree(self.folder)

    obey(OnSqlite, EXAMPLES)


@pytest.mark.slow
def test_postgres_obeys(postgres_cluster: Cluster) -> None:
    class OnPostgres(Both):
        def __init__(self) -> None:
            self.database = fresh_postgres(postgres_cluster)
            self.url = self.database.__enter__()
            super().__init__()

        def teardown(self) -> None:
            super().teardown()
            self.database.__exit__(None, None, None)

    obey(OnPostgres, EXAMPLES // 2)
