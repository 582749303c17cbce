"""Daemons, nurseries and supervisors under random kill -9, and what must be true of every occurrence afterwards.

A test and `make soak` share this. The supervisors are fakes that run no notebook, and real processes all the same.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psutil
from scheduler.conftest import define, fake_variables

from nb2prod.model.job import AttemptStatus, Every, JobSettings, Misfire, Overlap, Retry, RunStatus
from nb2prod.store import Store, open_store

FOUND_WITHIN = 8.0
DAEMON = Path(__file__).parents[1] / "scheduler" / "fake_daemon.py"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How hard it gets. Each of `schedules` is due every `every` seconds, `times` times."""

    kills: int = 10
    schedules: int = 10
    every: float = 0.5
    times: int = 10
    daemons: int = 1
    jobs: int = 4
    lease: float = 3.0
    pause: float = 0.5  # between kills, on average
    seed: int = 0
    patience: float = 240.0

    @property
    def occurrences(self) -> int:
        return self.schedules * self.times


@dataclass(kw_only=True)
class Outcome:
    plan: Plan
    killed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    rows: int = 0
    missing: int = 0
    doubled: int = 0
    stuck: int = 0
    not_completed: int = 0
    completed_twice: int = 0
    attempts: int = 0
    lost: int = 0
    survivors: int = 0

    def faults(self) -> dict[str, int]:
        names = ("missing", "doubled", "stuck", "not_completed", "completed_twice", "survivors")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def told(self) -> str:
        kills = ", ".join(f"{count} {what}s" for what, count in sorted(self.killed.items()))
        return (
            f"{sum(self.killed.values())} kills ({kills}) over {self.plan.occurrences} occurrences, "
            f"{self.plan.daemons} daemon(s), {self.seconds:.0f} s: {self.rows} rows, {self.attempts} attempts of which "
            f"{self.lost} lost; faults: {self.faults() or 'none'}"
        )


def wreak(url: str, folder: Path, plan: Plan) -> Outcome:
    """Run daemons on the store at `url`, kill what lives while occurrences come due, wait for quiet, and count."""
    log = folder / "fake.log"
    log.touch()
    environment = {**os.environ, **fake_variables(log, plan.lease)}
    outcome, chance, began = Outcome(plan=plan), random.Random(plan.seed), time.monotonic()
    with open_store(url) as store:
        expected = add_schedules(store, plan)
        daemons = [start_daemon(url, plan, environment) for _ in range(plan.daemons)]
        try:
            kill_some(daemons, url, plan, environment, log, chance, outcome)
            wait_for_quiet(store, plan, began)
        finally:
            for daemon in daemons:
                daemon.terminate()
                daemon.wait(30)
        outcome.seconds = time.monotonic() - began
        count(store, expected, outcome)
    time.sleep(0.2)
    left = ours(log)
    outcome.survivors = len(left)
    for process in left:
        process.kill()
    return outcome


def add_schedules(store: Store, plan: Plan) -> dict[str, set[datetime]]:
    """What must have one row each in the end, by schedule."""
    settings = JobSettings(retry=Retry(lost=100))
    job = define(store, settings=settings)
    anchor = store.now().replace(microsecond=0) + timedelta(seconds=1)
    expected = {}
    for number in range(plan.schedules):
        name, first = f"s{number}", anchor + timedelta(seconds=plan.every * number / plan.schedules)
        store.add_schedule(
            name=name,
            definition_id=job.id,
            trigger=Every(seconds=plan.every, anchor=first),
            next_due=first,
            end_at=first + timedelta(seconds=plan.every * (plan.times - 0.5)),
            misfire=Misfire.ALL,
            overlap=Overlap.ALLOW if number % 2 else Overlap.QUEUE,
            parameters={"seconds": round(0.1 * (number % 5), 2)},
        )
        expected[name] = {first + timedelta(seconds=plan.every * n) for n in range(plan.times)}
    return expected


def start_daemon(url: str, plan: Plan, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(DAEMON), url, str(plan.jobs), str(plan.lease)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def kill_some(
    daemons: "list[subprocess.Popen[bytes]]",
    url: str,
    plan: Plan,
    environment: dict[str, str],
    log: Path,
    chance: random.Random,
    outcome: Outcome,
) -> None:
    while sum(outcome.killed.values()) < plan.kills:
        time.sleep(chance.expovariate(1 / plan.pause))
        what = chance.choices(["daemon", "nursery", "supervisor"], [4, 1, 5])[0]
        if what != "daemon" and kill_one(what, log, chance):
            outcome.killed[what] += 1
            continue
        number = chance.randrange(len(daemons))
        daemons[number].kill()
        daemons[number].wait()
        daemons[number] = start_daemon(url, plan, environment)
        outcome.killed["daemon"] += 1


def kill_one(what: str, log: Path, chance: random.Random) -> bool:
    """One of that kind; a daemon that has just begun needs a while until it has any."""
    end = time.monotonic() + FOUND_WITHIN
    while time.monotonic() < end:
        victims = [process for process in ours(log) if kind(process, log) == what]
        if victims and kill(chance.choice(victims)):
            return True
        time.sleep(0.05)
    return False


def ours(log: Path) -> list[psutil.Process]:
    """Processes that live and have our log in their environment: nobody else's."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("NB2PROD_FAKE_LOG") == str(log) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def kind(process: psutil.Process, log: Path) -> str:
    """Supervisors say their pid in the log; all else with a nursery's command line is one."""
    try:
        command = " ".join(process.cmdline())
    except psutil.Error:
        return "gone"
    if "nb2prod.execution.nursery" not in command:
        return "daemon" if "fake_daemon" in command else "supervisor"
    started = {line.split()[3] for line in log.read_text().splitlines() if line.startswith("start")}
    return "supervisor" if str(process.pid) in started else "nursery"


def kill(process: psutil.Process) -> bool:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def wait_for_quiet(store: Store, plan: Plan, began: float) -> None:
    """Until all are there and have ended, or patience is."""
    while time.monotonic() - began < plan.patience:
        waiting = store.runs(status=(RunStatus.QUEUED, RunStatus.RUNNING), limit=1)
        if not waiting and store.next_due_at() is None:
            return
        time.sleep(0.2)


def count(store: Store, expected: dict[str, set[datetime]], outcome: Outcome) -> None:
    for name, due in expected.items():
        runs = store.runs(schedule=name, limit=100_000)
        there = Counter(run.due_at for run in runs)
        outcome.rows += len(runs)
        outcome.missing += len(due - there.keys())
        outcome.doubled += sum(there.values()) - len(due & there.keys())
        outcome.stuck += sum(not run.status.is_final for run in runs)
        outcome.not_completed += sum(run.status is not RunStatus.COMPLETED for run in runs)
        for run in runs:
            ends = Counter(attempt.status for attempt in store.attempts(run.id))
            outcome.attempts += ends.total()
            outcome.lost += ends[AttemptStatus.LOST]
            outcome.completed_twice += ends[AttemptStatus.COMPLETED] > 1
