"""What instrumentation costs a run of the churn example: plain calls beside an instrumented run, interleaved.

Both draw the figures into files, as a notebook draws them; steps are run and not looked up.
"""

import contextlib
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # the example's package

from nb2prod.api.convert import convert
from nb2prod.runtime.figures import keep_open_figures
from nb2prod.runtime.listening import ACTIVE
from nb2prod.runtime.project import Settings, read_settings
from nb2prod.runtime.running.runner import Runner
from nb2prod.runtime.telling.observing import Seen
from nb2prod.runtime.telling.record import Record

NOTEBOOK = Path(__file__).parents[1] / "example_notebooks" / "churn.ipynb"
ROUNDS = int(os.environ.get("ROUNDS", "15"))


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float


def plain(package: Any, folder: Path) -> None:
    """A caller that keeps the figures, and nothing else."""
    with contextlib.redirect_stdout(io.StringIO()):
        ACTIVE.append(Seen(step="plain", folder=folder))
        try:
            package.pipeline.run(package.parameters.Parameters(), lambda step, *args, **kwargs: step(*args, **kwargs))
            keep_open_figures()
        finally:
            ACTIVE.pop()


def instrumented(package: Any, folder: Path, settings: Settings) -> None:
    record = Record(folder, {"pipeline": "churn", "package": "churn", "parameters": {}})
    with contextlib.redirect_stdout(io.StringIO()), Runner(settings, record) as runner:
        package.pipeline.run(package.parameters.Parameters(), runner)
    record.finish("completed")


def took(run: Callable[[], None]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def main() -> None:
    os.environ["MPLBACKEND"] = "module://nb2prod.runtime.figures"
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        convert(NOTEBOOK, root / "churn")
        sys.path.insert(0, str(root / "churn" / "src"))
        import churn.parameters  # type: ignore[import-not-found]
        import churn.pipeline

        package: Any = churn
        settings = read_settings(root / "churn")
        sides: dict[str, list[Took]] = {"plain": [], "instrumented": []}
        for number in range(ROUNDS + 2):
            one = took(lambda n=number: plain(package, root / "runs" / f"plain{n}"))  # type: ignore[misc]
            other = took(lambda n=number: instrumented(package, root / "runs" / f"run{n}", settings))  # type: ignore[misc]
            if number >= 2:  # the first ones import and make room
                sides["plain"].append(one)
                sides["instrumented"].append(other)
    show(sides)


def show(sides: dict[str, list[Took]]) -> None:
    pairs = list(zip(sides["plain"], sides["instrumented"], strict=True))
    print(f"load {os.getloadavg()[0]:.1f}, {len(pairs)} pairs")
    for name, runs in sides.items():
        wall, cpu = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu"))
        print(f"{name:14} {1000 * wall:8.1f} ms wall {1000 * cpu:8.1f} ms CPU")
    for what in ("wall", "cpu"):
        ratio = statistics.median(getattr(other, what) / getattr(one, what) for one, other in pairs)
        best = min(getattr(run, what) for run in sides["instrumented"]) / min(
            getattr(run, what) for run in sides["plain"]
        )
        print(f"{what:14} {100 * (ratio - 1):+8.1f} % median of pairs {100 * (best - 1):+8.1f} % of the quickest")


if __name__ == "__main__":
    main()
