"""kill -9 at random moments of a run, of whatever belongs to it; then it is resumed, and must end as if nothing was.

python tests/faults/kills.py [--kills 100] [--seed 0] [--size 2500000]

A test and `make soak-steps` share this. Victims are the runner, its fork server, keepers and the processes of steps;
runs in one process have the runner alone.
"""

import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from faults.ten import Ten

from nb2prod.runtime.results.bundlefiles import BadBundle, read_bundle

PATIENCE = 120.0
DEPTHS = ("runner", "fork server", "keeper", "step")
RESUMES = 8  # of one run, when they are killed too


@dataclass(frozen=True, kw_only=True)
class Plan:
    kills: int = 6
    seed: int = 0
    size: int = 300_000
    pause: float = 0.05


@dataclass(kw_only=True)
class Outcome:
    """`faults` are sentences; there must be none."""

    killed: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    resumed: int = 0
    survived: int = 0  # runs that completed although something of them was killed
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def told(self) -> str:
        kills = ", ".join(f"{count} of a {what}" for what, count in sorted(self.killed.items()))
        return (
            f"{sum(self.killed.values())} kills ({kills}) over {self.runs} runs: {self.survived} completed all the "
            f"same, {self.resumed} resumes, {self.seconds:.0f} s; faults: {self.faults or 'none'}"
        )


@dataclass(frozen=True, kw_only=True)
class Bench:
    ten: Ten
    plan: Plan
    chance: random.Random
    expected: Mapping[str, float]
    lasts: Mapping[str, float]  # seconds, by executor
    outcome: Outcome

    def arguments(self, executor: str) -> list[str]:
        return ["--executor", executor, "-p", f"size={self.plan.size}", "-p", f"pause={self.plan.pause}"]


def wreak(folder: Path, plan: Plan) -> Outcome:
    began = time.monotonic()
    ten = Ten(folder / "ten")
    ten.make()
    outcome, lasts = Outcome(), dict[str, float]()
    bench = Bench(ten=ten, plan=plan, chance=random.Random(plan.seed), expected={}, lasts=lasts, outcome=outcome)
    expected: Mapping[str, float] = {}
    for executor in ("in-process", "local"):
        shutil.rmtree(ten.project / "runs", ignore_errors=True)
        start = time.monotonic()
        undisturbed = ten.run(*bench.arguments(executor))
        lasts[executor] = time.monotonic() - start
        expected = expected or undisturbed.metrics
        if undisturbed.code != 0 or undisturbed.metrics != expected:
            outcome.faults.append(f"undisturbed in {executor}: {undisturbed.err}")
    bench = Bench(**{**vars(bench), "expected": expected})
    while sum(outcome.killed.values()) < plan.kills and not outcome.faults:
        one_run(bench)
        outcome.seconds = time.monotonic() - began
        if sys.stderr.isatty():
            print(f"\r{sum(outcome.killed.values())} of {plan.kills}", end="", file=sys.stderr)
    return outcome


def one_run(bench: Bench) -> None:
    """With a kill in its middle, resumed until it has completed; a resume may be killed too."""
    ten, outcome = bench.ten, bench.outcome
    shutil.rmtree(ten.project / "runs", ignore_errors=True)
    executor = bench.chance.choice(["in-process", "local", "local", "local"])
    outcome.runs += 1
    resume: list[str] = []
    for turn in range(RESUMES):
        before = set(ten.records())
        disturbed = turn == 0 or bench.chance.random() < 0.4
        code, err = carried_out(bench, [*bench.arguments(executor), *resume], executor, disturbed)
        new = [path for path in ten.records() if path not in before]
        left = ten.left_behind()
        outcome.faults += [f"left behind: {line}" for line in left]
        outcome.faults += half_written(ten)
        if code == 0:
            check(bench, new[0], survived=disturbed)
            return
        if not new and not resume:  # it was killed before it had a record: nothing to resume
            continue
        if not disturbed:
            outcome.faults.append(f"a resume that nothing disturbed ended with {code}: {err}")
            return
        resume = ["--resume", new[0].parent.name] if new else resume
        outcome.resumed += 1
    outcome.faults.append("it did not complete")


def carried_out(bench: Bench, arguments: list[str], executor: str, disturbed: bool) -> tuple[int, str]:
    """Run it, kill something of it at a random moment, wait for its end."""
    ten, begun = bench.ten, time.monotonic()
    moment = begun + bench.chance.uniform(0.1, 1.0) * bench.lasts[executor] if disturbed else float("inf")
    what = bench.chance.choice(DEPTHS) if executor == "local" else "runner"
    with subprocess.Popen(
        ten.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ten.environment()
    ) as process:
        while process.poll() is None and time.monotonic() < begun + PATIENCE:
            if time.monotonic() >= moment and killed(process.pid, what, bench.chance):
                bench.outcome.killed[what] += 1
                moment = float("inf")
            bench.outcome.faults += torn(ten)
            time.sleep(0.01)
        if process.poll() is None:
            bench.outcome.faults.append("it did not end")
            process.kill()
        err = process.communicate()[1]
    return process.returncode, err


def killed(runner: int, what: str, chance: random.Random) -> bool:
    """One of that kind, if there is one now."""
    try:
        level = [psutil.Process(runner)]
        for _ in range(DEPTHS.index(what)):
            level = [child for process in level for child in process.children()]
        if not level:
            return False
        chance.choice(level).send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def check(bench: Bench, record: Path, *, survived: bool) -> None:
    found = json.loads(record.read_text())["metrics"]
    bench.outcome.survived += survived
    if found != bench.expected:
        bench.outcome.faults.append(f"{record}: {found} is not {bench.expected}")


def torn(ten: Ten) -> list[str]:
    """Records that are not whole at some moment."""
    for path in ten.records():
        try:
            json.loads(path.read_text())
        except ValueError as error:
            return [f"{path} is torn: {error}"]
    return []


def half_written(ten: Ten) -> list[str]:
    """Artifacts that have a name and are not what it says."""
    found = []
    for path in (ten.project / "runs/cache/blobs").glob("*"):
        try:
            with path.open("rb") as file:
                read_bundle(file, path.name)
        except BadBundle as error:
            if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
                found.append(f"{path.name}: {error}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=2_500_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = wreak(Path(folder), Plan(kills=asked.kills, seed=asked.seed, size=asked.size))
    print(outcome.told(), flush=True)
    raise SystemExit(1 if outcome.faults else 0)


if __name__ == "__main__":
    main()
