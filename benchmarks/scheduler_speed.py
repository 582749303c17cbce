"""The daemon with 50,000 schedules: how soon it is ready, and how soon what is due has started.

    python benchmarks/scheduler_speed.py [--schedules 50000] [--store URL]

Schedules come due one by one, then a burst of them at once. "started" is the supervisor's process, running; it is
a fake that runs no notebook. The marks, on a machine that has nothing else to do: ready in 2 s, 99 % started in 0.5 s.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from scheduler.conftest import define, fake_variables
from sqlalchemy import create_engine, insert

from nb2prod.model.job import Cron, Once, Overlap, Schedule
from nb2prod.scheduler.occurrences import first_due
from nb2prod.store import Store, open_store, tables
from nb2prod.store.rows import schedule_values

DAEMON = Path(__file__).parents[1] / "tests" / "scheduler" / "fake_daemon.py"
SINGLES, BURST, BEFORE = 60, 20, 8.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--schedules", type=int, default=50_000)
    parser.add_argument("--store", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.store or f"sqlite:///{folder}/store.db"
        log = Path(folder) / "fake.log"
        log.touch()
        with open_store(url) as store:
            fill(store, asked.schedules)
            measure(store, log)


def fill(store: Store, count: int) -> None:
    """Daily jobs, none of which is due in the next hour."""
    job = define(store)
    now = store.now()
    rows = []
    for number in range(count):
        hour = (now + timedelta(hours=2 + number % 20)).hour
        cron = Cron(expression=f"{number % 60} {hour} * * *")
        rows.append(row(job.id, f"daily-{number}", cron, first_due(cron, now), now))
    engine = create_engine(store.url)
    with engine.begin() as connection:
        connection.execute(insert(tables.schedule), rows)
    engine.dispose()


def row(definition: int, name: str, trigger: Cron | Once, due: datetime | None, now: datetime) -> dict[str, object]:
    schedule = Schedule(
        id=0,
        name=name,
        definition_id=definition,
        trigger=trigger,
        overlap=Overlap.ALLOW,
        next_due=due,
        created_at=now,
        updated_at=now,
    )
    stamp = int(now.timestamp() * 1e6)
    return {**schedule_values(schedule), "created_at": stamp, "updated_at": stamp}


def measure(store: Store, log: Path) -> None:
    job = define(store)
    began = time.monotonic()
    command = [sys.executable, str(DAEMON), store.url, "8", "30"]
    daemon = subprocess.Popen(command, env={**os.environ, **fake_variables(log, 30.0)})
    try:
        while not store.daemons():
            time.sleep(0.01)
        ready = time.monotonic() - began
        store.submit(definition_id=job.id, parameters={})
        until_started(log, 1)
        first = time.monotonic() - began
        base = store.now() + timedelta(seconds=BEFORE)
        singles = [base + timedelta(seconds=0.25 * number) for number in range(SINGLES)]
        burst = [singles[-1] + timedelta(seconds=2)] * BURST
        for number, due in enumerate([*singles, *burst]):
            store.add_schedule(
                name=f"once-{number}", definition_id=job.id, trigger=Once(at=due), next_due=due, overlap=Overlap.ALLOW
            )
        until_started(log, 1 + SINGLES + BURST)
        report(store, log, ready, first, singles[-1])
    finally:
        daemon.terminate()
        daemon.wait(30)


def until_started(log: Path, count: int) -> None:
    while sum(line.startswith("start") for line in log.read_text().splitlines()) < count:
        time.sleep(0.05)


def report(store: Store, log: Path, ready: float, first: float, last_single: datetime) -> None:
    lines = [line.split() for line in log.read_text().splitlines() if line.startswith("start")]
    started = {words[1]: datetime.fromtimestamp(float(words[4]), UTC) for words in lines}
    runs = [run for run in store.runs(limit=1000) if run.due_at is not None and run.started_at is not None]
    singles = [run for run in runs if run.due_at is not None and run.due_at <= last_single]
    burst = [run for run in runs if run not in singles]
    load = os.getloadavg()[0]
    print(f"{store.count_schedules()} schedules, {store.shown_url.partition(':')[0]}, load {load:.1f}")
    print(f"daemon there after {ready:.2f} s (its start of Python included), first supervisor after {first:.2f} s")
    for name, group in (("one by one", singles), (f"{BURST} at once", burst)):
        claimed = [(run.started_at - run.due_at).total_seconds() for run in group if run.started_at and run.due_at]
        running = [(started[run.id] - run.due_at).total_seconds() for run in group if run.due_at]
        print(f"{name}: due → claimed {spread(claimed)}; due → supervisor runs {spread(running)}")


def spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    return ", ".join(f"p{at} {ordered[min(len(ordered) - 1, len(ordered) * at // 100)]:.3f} s" for at in (50, 99))


if __name__ == "__main__":
    main()
