"""A campaign of random notebooks: `python -m fuzz.run --examples 10000 --seed 1`.

Prints how many were equal, refused (by code) and failed by themselves, and each difference with its notebook, shrunk.
A campaign that was stopped goes on where it was, as long as the code is the same.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from fuzz.grammar import notebooks
from fuzz.oracle import Outcome, outcome_of
from fuzz.orders import orders

BATCH = 100  # notebooks in one search: after a difference, the rest of its batch is not drawn
KEPT = Path(__file__).parents[2] / ".cache" / "fuzz"
_RUN = ("equal", "refused", "stops", "different", "isolated")
PATIENCE = 250  # notebooks that are tried to make a difference small
Found = tuple[Counter[str], list[str]]


class Different(AssertionError):
    """What hypothesis shrinks to."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    began = time.monotonic()
    tally: Counter[str] = Counter()
    for found, wrong in _searched(arguments.seed * 1_000_000, arguments.jobs):
        tally += found
        for text in wrong:
            print(text, flush=True)
        print(_report(tally, time.monotonic() - began).split("\n")[0], file=sys.stderr, flush=True)
        if sum(tally[kind] for kind in _RUN) >= arguments.examples:
            break
    print(_report(tally, time.monotonic() - began))
    sys.exit(1 if tally["different"] or tally["isolated"] else 0)


def _searched(first: int, jobs: int) -> Iterator[Found]:
    """Batch after batch, from the first number on, in the order of their numbers."""
    kept = KEPT / f"{_code()}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    known = {number: (Counter(tally), wrong) for number, tally, wrong in map(json.loads, lines)}
    with ProcessPoolExecutor(jobs) as pool, kept.open("a", encoding="utf-8") as file:
        running: dict[int, Future[Found]] = {}
        try:
            for number in count(first):
                for ahead in range(number, number + 2 * jobs):
                    if ahead not in known and ahead not in running:
                        running[ahead] = pool.submit(_batch, ahead)
                if number in running:
                    known[number] = running.pop(number).result()
                    file.write(json.dumps([number, *known[number]]) + "\n")
                    file.flush()
                yield known[number]
        finally:
            for future in running.values():
                future.cancel()


def _code() -> str:
    """What an outcome depends on."""
    root = Path(__file__).parents[2]
    places = [root / "nb2prod" / part for part in ("analysis", "model", "notebooks", "runtime", "targets")]
    paths = sorted(path for place in (*places, Path(__file__).parent) for path in place.rglob("*") if path.is_file())
    texts = [path.read_bytes() for path in paths if path.suffix != ".pyc"]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]


def _batch(number: int) -> Found:
    """One search. Notebooks that were drawn to shrink a difference are not counted."""
    _import_once()
    tally: Counter[str] = Counter()
    last: list[tuple[list[str], Outcome]] = []
    tried = [0]

    @seed(number)
    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(notebooks(), notebooks(), notebooks(), orders()))
    def search(cells: list[str]) -> None:
        tried[0] += bool(last)
        if tried[0] > PATIENCE:
            return
        found = outcome_of(cells)
        if not last:
            tally[found.kind] += 1
            if found.kind == "refused":
                tally.update(found.details)
        if found.is_wrong and (not last or last[0][1].kind == found.kind):
            last.append((cells, found))
            raise Different

    try:
        search()
    except (Different, Flaky):  # flaky, when the search was cut short
        cells, found = min(last, key=lambda pair: sum(map(len, pair[0])))
        return tally, [_shown(number, cells, found)]
    return tally, []


def _import_once() -> None:
    """Children are forked: what they need is imported before."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot
    import numpy
    import pandas

    assert all([matplotlib.pyplot, numpy, pandas])


def _shown(number: int, cells: list[str], found: Outcome) -> str:
    text = "\n----\n".join(cells[1:])
    details = "\n".join(detail[:300] for detail in found.details[:4])
    return f"======== {found.kind} (batch {number})\n{text}\n-------- because\n{details}\n"


def _report(tally: Counter[str], seconds: float) -> str:
    done = sum(tally[kind] for kind in _RUN)
    codes = ", ".join(f"{code} {count}" for code, count in tally.most_common() if code.startswith("NB"))
    return (
        f"{done} notebooks that run in {seconds:.0f} s: {tally['equal']} equal, "
        f"{tally['refused']} refused ({100 * tally['refused'] / max(done, 1):.0f} %), "
        f"{tally['stops']} stop at a name without a value, {tally['different']} different, "
        f"{tally['isolated']} different with each step on its own; "
        f"{tally['fails']} more fail by themselves\nrefused for: {codes}"
    )


if __name__ == "__main__":
    main()
