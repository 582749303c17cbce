"""The long form of the test of survival: 200 kill -9s over thousands of occurrences, for each kind of store.

python tests/soak/run.py [--kills 200] [--occurrences 2000] [--only sqlite|postgres|two-daemons] [--seed 0]
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from databases import Cluster
from soak.chaos import Plan, wreak

SCHEDULES = 40
SETUPS = {"sqlite": 1, "postgres": 1, "two-daemons": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--occurrences", type=int, default=2000)
    parser.add_argument("--only", choices=SETUPS)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    faults = 0
    for name, daemons in SETUPS.items():
        if asked.only in (None, name):
            plan = Plan(
                kills=asked.kills,
                schedules=SCHEDULES,
                every=2.0,
                times=max(1, asked.occurrences // SCHEDULES),
                daemons=daemons,
                pause=0.4,
                seed=asked.seed,
                patience=1200.0,
            )
            with tempfile.TemporaryDirectory() as folder, store(name, Path(folder)) as url:
                outcome = wreak(url, Path(folder), plan)
            print(f"{name}: {outcome.told()}", flush=True)
            faults += sum(outcome.faults().values())
    raise SystemExit(1 if faults else 0)


@contextlib.contextmanager
def store(name: str, folder: Path) -> Iterator[str]:
    if name != "postgres":
        yield f"sqlite:///{folder / 'store.db'}"
        return
    cluster = Cluster()
    try:
        cluster.run("CREATE DATABASE {}", "soak")
        yield cluster.url("soak")
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
