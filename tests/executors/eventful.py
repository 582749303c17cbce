"""A project in the shape of a generated one in which much goes wrong, and the ways to run it on each executor."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PARAMETERS = """\
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    rows: int = 4
    notes: str = ""
    small: int = 0
"""
PIPELINE = """\
from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps import events

HIDDEN_STATE = {"draw": ("random",), "draw_more": ("random",)}


class Results(NamedTuple):
    total: Any
    drawn: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    notes = parameters.notes
    table, label = step(events.load, rows=parameters.rows, notes=notes)
    step(events.sleepy, table, notes=notes)
    step(events.holder, table, notes=notes)
    broken = step(events.broken, table, notes=notes)
    step(events.after_broken, broken, notes=notes)
    step(events.flaky, table, notes=notes)
    step(events.fragile, table, notes=notes)
    step(events.deadly, table, notes=notes)
    left = step(events.left, table, notes=notes)
    right = step(events.right, table, label, notes=notes)
    total = step(events.join, left, right, table, notes=notes)
    first = step(events.draw, notes=notes)
    drawn = step(events.draw_more, first, notes=notes)
    for number in range(parameters.small):
        total = step(events.add, total, number=number)
    return Results(total, drawn)
"""
STEPS = '''\
import itertools
import os
import random
import signal
import time
from typing import Any, NamedTuple


class LoadOutputs(NamedTuple):
    table: Any
    label: Any


def note(notes: str, step: str) -> int:
    """How often it has begun, this time included."""
    with open(f"{notes}/{step}", "a") as file:
        file.write(f"{os.getpid()}\\n")
    with open(f"{notes}/{step}") as file:
        return file.read().count("\\n")


def is_fixed(notes: str) -> bool:
    return os.path.exists(f"{notes}/fixed")


def load(rows: int, notes: str) -> LoadOutputs:
    note(notes, "load")
    print("loaded", rows)
    return LoadOutputs(list(range(rows)), {"label": "a"})


def sleepy(table: Any, notes: str) -> Any:
    note(notes, "sleepy")
    while not is_fixed(notes):
        time.sleep(0.05)
    return len(table)


def holder(table: Any, notes: str) -> Any:
    """Holds the GIL, for seconds each time, and has a child that nobody waits for."""
    note(notes, "holder")
    if not is_fixed(notes):
        if os.fork() == 0:
            os.setsid()
            note(notes, "orphan")
            time.sleep(1000)
            os._exit(0)
        while not is_fixed(notes):
            sum(itertools.repeat(0, 500_000_000))
    return len(table)


def broken(table: Any, notes: str) -> Any:
    note(notes, "broken")
    if not is_fixed(notes) and not os.path.exists(f"{notes}/mended"):
        raise ValueError("no such column: 'age'")
    return list(table)


def after_broken(broken: Any, notes: str) -> Any:
    note(notes, "after_broken")
    return sum(broken)


def flaky(table: Any, notes: str) -> Any:
    if note(notes, "flaky") == 1:
        raise ConnectionError("the service is away")
    return len(table)


def fragile(table: Any, notes: str) -> Any:
    if note(notes, "fragile") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return len(table)


def deadly(table: Any, notes: str) -> Any:
    """Kills the worker that its server belongs to, when it is told to."""
    note(notes, "deadly")
    if os.path.exists(f"{notes}/kill-workers"):
        server = parent(os.getppid())
        os.kill(parent(server), signal.SIGKILL)
        time.sleep(1000)
    return len(table)


def parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def left(table: Any, notes: str) -> Any:
    note(notes, "left")
    return {"table": table, "sum": sum(table)}


def right(table: Any, label: Any, notes: str) -> Any:
    note(notes, "right")
    return [len(table), label["label"]]


def join(left: Any, right: Any, table: Any, notes: str) -> Any:
    note(notes, "join")
    return left["sum"] * 10 + right[0] + len(table)


def draw(notes: str) -> Any:
    note(notes, "draw")
    random.seed(7)
    return [random.random()]


def draw_more(first: Any, notes: str) -> Any:
    note(notes, "draw_more")
    return [*first, random.random()]


def add(total: Any, number: int) -> Any:
    return total + number
'''
# without what pytest says there, which changes from test to test
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
POLICIES: dict[str, dict[str, object]] = {
    "sleepy": {"timeout": 1.0, "process": True},
    "holder": {"timeout": 1.0, "process": True},
    "flaky": {"retries": 1, "retry_delay": 0.05},
    "fragile": {"lost": 1, "retry_delay": 0.05, "process": True},
    "deadly": {"lost": 1, "retry_delay": 0.05},
}


@dataclass(frozen=True, kw_only=True)
class Ran:
    code: int
    out: str
    err: str
    record: Mapping[str, Any]
    folder: Path

    def steps(self, key: str) -> dict[str, Any]:
        return {step["name"]: step.get(key) for step in self.record["steps"]}


@dataclass(kw_only=True)
class Eventful:
    """`executor` is its name and options on the command line."""

    root: Path
    executor: Sequence[str]
    package: str = "eventful"

    @property
    def notes(self) -> Path:
        """Where steps leave notes that the cache does not look at."""
        return self.root / "runs" / "notes"

    def noted(self, step: str) -> list[int]:
        path = self.notes / step
        return [int(pid) for pid in path.read_text().split()] if path.is_file() else []

    def write(self) -> "Eventful":
        for folder in (self.notes, self.root / "work", self.root / "src" / self.package / "steps"):
            folder.mkdir(parents=True, exist_ok=True)
        source = self.root / "src" / self.package
        files = {"__init__.py": "", "parameters.py": PARAMETERS, "pipeline.py": PIPELINE}
        for name, text in {**files, "steps/__init__.py": "", "steps/events.py": STEPS}.items():
            (source / name).write_text(text)
        lock = {"format": 1, "package": self.package, "steps": {"join": {"metrics": ["result"]}}, "lines": {}}
        (self.root / "nb2prod.lock.json").write_text(json.dumps(lock))
        return self.settle({})

    def settle(self, policies: Mapping[str, Mapping[str, object]]) -> "Eventful":
        tables = [f'[pipeline]\nname = "{self.package}"\npackage = "{self.package}"\nworkdir = "work"\n']
        tables += [_table(f"steps.{name}", policy) for name, policy in {**POLICIES, **policies}.items()]
        (self.root / "pipeline.toml").write_text("\n".join(tables))
        return self

    def command(self, *arguments: str) -> list[str]:
        own = ["-p", f"notes={self.notes}", *arguments]
        return [sys.executable, "-m", "nb2prod.runtime", str(self.root), "--executor", *self.executor, *own]

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        before = set(self.records())
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**ENVIRONMENT, **(env or {})},
        )
        new = [path for path in self.records() if path not in before]
        assert new, done.stderr
        record = json.loads(new[0].read_text())
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr, record=record, folder=new[0].parent)

    def records(self) -> list[Path]:
        return sorted(self.root.glob("runs/*/run.json"))


def _table(name: str, values: Mapping[str, object]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
