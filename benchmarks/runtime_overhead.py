"""What the runtime costs: the time of its import, and microseconds a step over a plain call."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nb2prod.runtime.project import Settings
from nb2prod.runtime.results.artifacts import open_artifacts
from nb2prod.runtime.results.cache import StepCache
from nb2prod.runtime.results.keys import Code
from nb2prod.runtime.running.runner import Runner
from nb2prod.runtime.telling.record import Record

ROUNDS, STEPS = 10, 50
MODULE = "def add(left, right):\n    return [left, right]\n"


def import_milliseconds() -> float:
    """In fresh processes."""
    code = "import time; t = time.perf_counter(); import nb2prod.runtime; print(time.perf_counter() - t)"
    times = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout for _ in range(ROUNDS)
    ]
    return 1000 * statistics.median(map(float, times))


def microseconds_a_step(step: Callable[..., object], add: Callable[[int, int], list[int]]) -> float:
    times = []
    for number in range(STEPS):
        began = time.perf_counter()
        step(add, number, 1)
        times.append(time.perf_counter() - began)
    return 1e6 * statistics.median(times)


def runner_in(folder: Path, *, cache: bool) -> Runner:
    folder.mkdir()
    settings = Settings(package="bench", name="bench", root=folder, workdir=folder, runs=folder)
    artifacts = open_artifacts(folder / "cache")
    known = StepCache(artifacts, code=Code(folder), environment={}, hidden={}, ignore=(str(folder),))
    return Runner(settings, Record(folder / "run", {}), known if cache else None)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "bench_step.py").write_text(MODULE)
        sys.path.insert(0, place)
        from bench_step import add  # type: ignore[import-not-found]

        plain = microseconds_a_step(lambda function, *args, **kwargs: function(*args, **kwargs), add)
        print(f"{'import nb2prod.runtime':28} {import_milliseconds():8.1f} ms")
        print(f"{'a step, plain call':28} {plain:8.1f} us")
        for label, cache, runner_folder in (("no cache", False, "a"), ("kept", True, "b")):
            with runner_in(folder / runner_folder, cache=cache) as runner:
                took = microseconds_a_step(runner, add)
            print(f"{f'a step, Runner, {label}':28} {took - plain:8.1f} us more")
        with Runner(runner.settings, Record(folder / "b" / "again", {}), runner.cache) as again:
            print(f"{'a step, Runner, from cache':28} {microseconds_a_step(again, add) - plain:8.1f} us more")


if __name__ == "__main__":
    main()
