"""Executors: independent branches side by side, a thousand small steps, and what a step costs on each.

    python benchmarks/executors.py [--quick] [--only branches,small,chain]

On Dask: a scheduler and two workers as processes of this machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PARAMETERS = """\
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    branches: int = 0
    work: int = 0
    small: int = 0
    chain: int = 0
"""
PIPELINE = """\
from typing import Any, NamedTuple

from .parameters import Parameters
from .steps import small


class Results(NamedTuple):
    total: Any


def run(parameters: Parameters, step: Any) -> Results:
    given = [step(small.work, number=number, work=parameters.work) for number in range(parameters.branches)]
    for number in range(parameters.small):
        given.append(step(small.add, total=0, number=number))
    total = 0
    for number in range(parameters.chain):
        total = step(small.add, total=total, number=number)
    return Results(total)
"""
STEPS = """\
from typing import Any


def work(number: int, work: int) -> Any:
    total = number
    for each in range(work):
        total = (total * 31 + each) % 1000003
    return total


def add(total: Any, number: int) -> Any:
    return total + number
"""
FASTER = 1.7


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--only", default="branches,small,chain")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    print(f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    with tempfile.TemporaryDirectory() as folder:
        project = written(Path(folder) / "project")
        with dask_cluster(Path(folder)) as address:
            executors = {"in-process": [], "local": [], "dask": ["--address", address]}
            for name in options.only.split(","):
                SUITES[name](project, executors, share)


def branches(project: Path, executors: dict[str, list[str]], share: int) -> None:
    """Two branches of steps that keep a core busy for two seconds each."""
    work = loops_in(2.0 / share)
    times = {name: [] for name in ("in-process", "local")}  # in turn: what else the machine does falls on both
    for _ in range(3):
        for name, found in times.items():
            found.append(seconds(project, name, executors[name], branches=4, work=work))
    one, other = min(times["in-process"]), min(times["local"])
    verdict = "" if one / other >= FASTER or share > 1 else f"  (must be {FASTER})"
    print(
        f"4 steps of {2 / share:g} s: one after the other {one:.2f} s, local {other:.2f} s: {one / other:.2f}x{verdict}"
    )


def small(project: Path, executors: dict[str, list[str]], share: int) -> None:
    """Steps that need nothing of each other."""
    told(f"{1000 // share} small steps", project, executors, {"small": 1000 // share})


def chain(project: Path, executors: dict[str, list[str]], share: int) -> None:
    """Steps that wait for each other: what one costs."""
    told(f"a chain of {200 // share} steps", project, executors, {"chain": 200 // share})


def told(what: str, project: Path, executors: dict[str, list[str]], parameters: dict[str, int]) -> None:
    count = sum(parameters.values())
    for name, options in executors.items():
        empty = seconds(project, name, options)
        taken = seconds(project, name, options, **parameters)
        print(f"{what} on {name}: {taken:.1f} s, {(taken - empty) / count * 1000:.1f} ms each")


SUITES = {"branches": branches, "small": small, "chain": chain}


def seconds(project: Path, executor: str, options: Sequence[str], **parameters: int) -> float:
    given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    command = [sys.executable, "-m", "nb2prod.runtime", str(project), "--no-cache", "--executor", executor]
    started = time.perf_counter()
    subprocess.run([*command, *options, *given], capture_output=True, check=True)
    return time.perf_counter() - started


def loops_in(wanted: float) -> int:
    """How often the loop goes round in so many seconds of a processor."""
    space: dict[str, object] = {}
    exec(STEPS, space)
    started, count = time.process_time(), 2_000_000
    space["work"](0, count)  # type: ignore[operator]
    return int(count * wanted / (time.process_time() - started))


def written(root: Path) -> Path:
    source = root / "src" / "small"
    files = {"__init__.py": "", "parameters.py": PARAMETERS, "pipeline.py": PIPELINE}
    for name, text in {**files, "steps/__init__.py": "", "steps/small.py": STEPS}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    (root / "work").mkdir()
    (root / "nb2prod.lock.json").write_text(json.dumps({"format": 1, "package": "small", "steps": {}, "lines": {}}))
    (root / "pipeline.toml").write_text('[pipeline]\nname = "small"\npackage = "small"\nworkdir = "work"\n')
    return root


@contextmanager
def dask_cluster(folder: Path) -> Iterator[str]:
    file = folder / "scheduler.json"
    host = ("--host", "127.0.0.1", "--no-dashboard")
    started = [_dask("scheduler", *host, "--port", "0", "--scheduler-file", str(file))]
    try:
        while not file.exists() or not file.read_text().strip().endswith("}"):
            time.sleep(0.1)
        place = ("--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
        address = json.loads(file.read_text())["address"]
        started += [_dask("worker", address, *host, *place) for _ in range(2)]
        yield address
    finally:
        for process in started:
            process.kill()
            process.wait()


def _dask(what: str, *words: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
