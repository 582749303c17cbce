"""Fingerprints of what cannot be looked into, of what is large, and in other processes."""

import json
import pathlib
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from verify.values import FEATURES, LABELS, difference, frame

from nb2prod.runtime.proof.fingerprint import fingerprint


class Hostile:
    """A value that does not want to be looked at."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise RuntimeError(str(protocol))


def test_a_value_that_cannot_be_looked_into_is_no_error() -> None:
    assert fingerprint(Hostile())["t"] == "opaque"
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert difference(deep, deep) == ""


SEVERAL = """
import sys, json
sys.path.insert(0, {folder!r})
import numpy, pandas, fingerprint as f, dataclasses, threading, functools
@dataclasses.dataclass
class Thing:
    names: set
    lock: object
    call: object
values = [{{"b", "a", "é"}}, Thing({{"x", "y", "z"}}, threading.Lock(), functools.partial(print, 1)), object(), len,
          lambda: 0, pandas.DataFrame({{"a": ["x", "y"]}}), numpy.random.default_rng(1), frozenset("abc"),
          iter([1]), type, Ellipsis]
print(json.dumps([f.fingerprint(value) for value in values]))
"""


def test_two_processes_see_the_same_whatever_their_hash_seed() -> None:
    """Alone in a process that has no nb2prod, as in a kernel of the user's."""
    import nb2prod.runtime.proof.fingerprint as module

    code = SEVERAL.format(folder=str(pathlib.Path(module.__file__).parent))
    told = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]
    assert told[0].stdout == told[1].stdout
    assert b"0x" not in told[0].stdout


TEXTS = [f"text {number}" for number in range(30_000)]


@pytest.mark.parametrize(
    "make",
    [
        lambda last: [*TEXTS, last],
        lambda last: {*TEXTS, last},
        lambda last: {text: text for text in [*TEXTS, last]},
        lambda last: pd.DataFrame({"a": [*TEXTS, last], "b": 1.0}),
        lambda last: np.array([*TEXTS, last], object),
        lambda last: [0.5] * 30_000 + [float(len(last))],
    ],
)
def test_the_end_of_a_long_value_is_seen(make: Callable[[str], object]) -> None:
    assert difference(make("end"), make("end")) == ""
    assert difference(make("end"), make("ends")) != ""


def test_a_value_that_was_not_seen_whole_says_so() -> None:
    assert "cut" not in fingerprint({"lock": threading.Lock(), "model": RandomForestRegressor(2).fit(FEATURES, LABELS)})
    assert fingerprint({"rows": (number for number in range(3))})["cut"] is True
    assert fingerprint({"view": memoryview(b"abc")})["cut"] is True
    assert "cut" not in fingerprint([(number,) for number in range(20_000)])
    assert fingerprint([[(number,)] for number in range(150_000)])["cut"] is True


def test_large_values_are_told_in_little_room() -> None:
    large = {"array": np.zeros((1000, 1000)), "list": [*range(200_000)], "text": "a" * 1_000_000, "frame": frame()}
    assert len(json.dumps(fingerprint(large))) < 32_000
    forest = RandomForestRegressor(50, random_state=0).fit(FEATURES, LABELS)
    assert len(json.dumps(fingerprint(forest))) < 32_000
