"""The store: opening, a run's life, and what is due among 50,000 schedules and 100,000 runs. ARGS: another URL."""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from nb2prod.model.job import Cron, Definition, JobKind, Progress, RunStatus, Schedule
from nb2prod.store import Occurrence, Store, open_store, tables
from nb2prod.store.connect import Tx
from nb2prod.store.json_text import dumps
from nb2prod.store.rows import schedule_values

SCHEDULES, RUNS, ROUNDS = 50_000, 100_000, 200


def opening(url: str) -> None:
    """Whole processes, interleaved: what `open_store` costs over Python's own start."""
    code = f"from nb2prod.store import open_store; open_store({url!r}).close()"
    commands = {
        "python -c pass": "pass",
        "import sqlalchemy": "import sqlalchemy",
        "import nb2prod.store": "import nb2prod.store",
        "open_store, at head": code,
    }
    rounds = [[_process(source) for source in commands.values()] for _ in range(8)][1:]
    for name, column in zip(commands, zip(*rounds, strict=True), strict=True):
        wall, cpu = (statistics.median(each) for each in zip(*column, strict=True))
        print(f"{name:36} {1000 * wall:9.1f} ms wall {1000 * cpu:9.1f} ms CPU")
    measure("open_store in a warm process", lambda: open_store(url).close(), rounds=20)


def _process(source: str) -> tuple[float, float]:
    """Wall and CPU seconds."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", source], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(name: str, work: Callable[[], object], rounds: int = ROUNDS) -> None:
    work()
    cpu, wall = [], []
    for _ in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        cpu.append(time.process_time() - began_cpu)
        wall.append(time.perf_counter() - began)
    print(f"{name:36} {1000 * statistics.median(wall):9.3f} ms wall {1000 * statistics.median(cpu):9.3f} ms CPU")


def fill(store: Store, definition: Definition) -> None:
    """Schedules that are due from in an hour on, and runs that ended, straight into the tables."""
    now = store.now()
    one = Schedule(
        id=0, name="", definition_id=definition.id, trigger=Cron(expression="0 6 * * *"), created_at=now, updated_at=now
    )

    def write(tx: Tx) -> None:
        stamps = {"created_at": tx.micros, "updated_at": tx.micros}
        for start in range(0, SCHEDULES, 5000):
            each = [
                replace(one, name=f"schedule {number:06}", next_due=now + timedelta(seconds=3600 + number))
                for number in range(start, start + 5000)
            ]
            tx.run(insert(tables.schedule), [{**schedule_values(schedule), **stamps} for schedule in each])
        for start in range(0, RUNS, 5000):
            tx.run(insert(tables.run), [_ended_run(tx, definition, number) for number in range(start, start + 5000)])

    store._database.write(write)


def _ended_run(tx: Tx, definition: Definition, number: int) -> dict[str, object]:
    status = RunStatus.FAILED if number % 1000 == 0 else RunStatus.COMPLETED
    return {
        "id": tx.ids.make(tx.micros),
        "definition_id": definition.id,
        "definition_name": definition.name,
        "schedule_id": number % SCHEDULES + 1,
        "due_at": tx.micros - number,
        "status": status.value,
        "reason": "schedule",
        "parameters": '{"region":"EU"}',
        "priority": 0,
        "pool": "default",
        "place": tx.micros,
        "attempt": 1,
        "failures": 0,
        "losses": 0,
        "cancel_requested": "",
        "batch": "",
        "cause": "",
        "created_at": tx.micros,
        "started_at": tx.micros,
        "finished_at": tx.micros,
        "progress": dumps(Progress()),
        "metrics": "{}",
    }


def life(store: Store, definition: Definition) -> None:
    """The verbs of a run, on the full store."""
    measure("submit", lambda: store.submit(definition_id=definition.id, parameters={"region": "EU"}))
    measure("claim of one of many", lambda: store.claim("d", lease=600), rounds=ROUNDS - 50)
    (run,) = store.claim("d", lease=600)
    measure("beat with progress", lambda: store.beat(run.id, 1, lease=600, progress=Progress(done=1, total=20)))
    measure("add_events of 2", lambda: store.add_events(run.id, 1, [("cell.started", {}), ("cell.completed", {})]))
    running = iter(store.runs(status=[RunStatus.RUNNING], limit=ROUNDS))
    measure("finish", lambda: store.finish(next(running).id, 1, RunStatus.COMPLETED), rounds=100)
    for waiting in store.runs(status=[RunStatus.QUEUED], limit=1000):
        store.cancel(waiting.id, "benchmark")
    measure("claim when nothing waits", lambda: store.claim("d", lease=600, limit=10))
    measure("expire_leases when none ended", store.expire_leases)


def looking(store: Store) -> None:
    measure("next_due_at", store.next_due_at)
    measure("due when nothing is", store.due)
    measure("count_schedules", store.count_schedules)
    measure("schedules, a page of 100", lambda: store.schedules(after="schedule 025000"))
    middle = store.runs(limit=1)[0].id[:-6]
    deep = store.runs(before=middle, limit=50_000)[-1].id
    measure("runs, the newest 50", store.runs)
    measure("runs, 50 in the middle", lambda: store.runs(before=deep))
    measure("runs, 50 that failed", lambda: store.runs(status=[RunStatus.FAILED]))
    measure("runs, 50 of two statuses", lambda: store.runs(status=[RunStatus.FAILED, RunStatus.COMPLETED]))
    measure("runs of a schedule", lambda: store.runs(schedule="schedule 025000"))


def ticking(store: Store) -> None:
    """Every schedule becomes due, one after the other."""
    schedules = iter(store.schedules(limit=ROUNDS + 10))

    def tick() -> None:
        schedule = next(schedules)
        assert schedule.next_due is not None
        store.advance(schedule, [Occurrence(due_at=schedule.next_due)], schedule.next_due + timedelta(days=1))

    measure("advance with one run", tick)


def main(url: str) -> None:
    with open_store(url) as store:
        definition = store.save_definition(
            name="churn", kind=JobKind.NOTEBOOK, path="churn.ipynb", entry="churn.ipynb", files={"churn.ipynb": b"{}"}
        )
        fill(store, definition)
        print(f"{SCHEDULES:,} schedules, {RUNS:,} runs\n")
        opening(url)
        for part in (looking, ticking):
            part(store)
        life(store, definition)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1] if len(sys.argv) > 1 else str(Path(folder) / "store.db"))
