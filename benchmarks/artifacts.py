"""What keeping a value costs: write and read of 100 MB as a bundle, beside pickle and joblib, which check nothing.

    python benchmarks/artifacts.py [--rounds 7] [--megabytes 100]

Rounds are interleaved and the medians compared. Memory is what is allocated at most besides the value itself, which
for reading is the value that comes.
"""

import argparse
import pickle
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any  # the values

import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

from nb2prod.runtime.results.artifacts import open_artifacts

Side = tuple[Callable[[Any, Path], Any], Callable[[Any, Path], Any]]


def with_pickle() -> Side:
    def write(value: Any, folder: Path) -> None:
        with (folder / "pickle").open("wb") as file:
            pickle.dump(value, file, protocol=5)

    def read(_: Any, folder: Path) -> Any:
        with (folder / "pickle").open("rb") as file:
            return pickle.load(file)

    return write, read


def with_joblib() -> Side:
    return lambda value, folder: joblib.dump(value, folder / "joblib"), lambda _, folder: joblib.load(folder / "joblib")


def as_bundle() -> Side:
    return (
        lambda value, folder: open_artifacts(folder / "artifacts").put_value(value),
        lambda digest, folder: open_artifacts(folder / "artifacts").get_value(digest),
    )


SIDES: dict[str, Callable[[], Side]] = {"bundle": as_bundle, "pickle": with_pickle, "joblib": with_joblib}


def values(megabytes: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    rows = megabytes * 1_000_000 // 80
    frame = pd.DataFrame(random.random((rows, 8)), columns=list("abcdefgh"))
    frame["when"] = pd.date_range("2020-01-01", periods=rows, freq="s")
    frame["kind"] = pd.Categorical.from_codes(random.integers(0, 5, rows), list("vwxyz"))
    features = random.random((6000, 5))
    trees = max(1, megabytes * 1_000_000 // 550_000)
    forest = RandomForestRegressor(trees, random_state=0, n_jobs=2).fit(features, random.random(6000))
    return {"array": random.random(megabytes * 1_000_000 // 8), "frame": frame, "forest": forest}


def seconds(sides: dict[str, Side], value: Any, rounds: int) -> dict[str, tuple[float, float]]:
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, (write, read) in sides.items():
            with tempfile.TemporaryDirectory() as place:
                began = time.perf_counter()
                key = write(value, Path(place))
                written = time.perf_counter()
                read(key, Path(place))
                times[name].append((written - began, time.perf_counter() - written))
    return {name: (_median(found, 0), _median(found, 1)) for name, found in times.items()}


def megabytes(sides: dict[str, Side], value: Any) -> dict[str, tuple[float, float]]:
    found = {}
    for name, (write, read) in sides.items():
        with tempfile.TemporaryDirectory() as place:
            tracemalloc.start()
            key = write(value, Path(place))
            written = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            again = read(key, Path(place))
            found[name] = written / 1e6, (tracemalloc.get_traced_memory()[1] - before) / 1e6
            tracemalloc.stop()
            del again
    return found


def _median(found: list[tuple[float, float]], index: int) -> float:
    return statistics.median(each[index] for each in found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=100)
    options = parser.parse_args()
    print(f"{'':16} {'write':>8} {'read':>8} {'both':>8} {'to pickle':>10} {'memory: write':>14} {'read':>8}")
    for what, value in values(options.megabytes).items():
        sides = {name: make() for name, make in SIDES.items()}
        took, used = seconds(sides, value, options.rounds), megabytes(sides, value)
        plain = sum(took["pickle"])
        for name, (write, read) in took.items():
            times = f"{write:6.3f} s {read:6.3f} s {write + read:6.3f} s {(write + read) / plain:10.2f}"
            print(f"{what:8} {name:7} {times} {used[name][0]:11.0f} MB {used[name][1]:5.0f} MB", flush=True)


if __name__ == "__main__":
    main()
