"""Milliseconds of a look, from the text of a notebook to JSON, as the live panel asks for it while a person types.

cold      the first look of a notebook: no cell is known
one edit  something is typed into one cell, another one each time, of a notebook that was looked at before: a name
          more, half a statement, a call, another value of a name that all steps read
no edit   the same text again

Wall time in this process, warm, the kinds in turn; a figure is the median of its rounds. The notebooks are those of
analysis_speed.py.
"""

import copy
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON

from analysis_speed import notebook_of

from nb2prod.analysis.magics import forget
from nb2prod.api.look import look, to_json

SIZES = (50, 200, 1000)
ROUNDS = {50: 21, 200: 21, 1000: 7}
TYPED = ("\nnew_name = 1", "\nnew_name = (", "\nprint(scores)", "\nseed = 4")
MOST_MS = 60.0  # one edit of 200 cells
PATH = Path("notebook.ipynb")


def milliseconds(text: str) -> float:
    began = time.perf_counter()
    json.dumps(to_json(look(PATH, text)))
    return 1000 * (time.perf_counter() - began)


def edited(notebook: dict[str, Any], rounds: int) -> Iterator[str]:
    chosen = random.Random(1)
    for number in range(rounds):
        changed = copy.deepcopy(notebook)
        cell = chosen.choice(changed["cells"][3:])
        cell["source"] = "".join(cell["source"]) + TYPED[number % len(TYPED)]
        yield json.dumps(changed)


def measured(size: int) -> dict[str, float]:
    notebook = notebook_of(size)
    text = json.dumps(notebook)
    times: dict[str, list[float]] = {"cold": [], "one edit": [], "no edit": []}
    for version in edited(notebook, ROUNDS[size]):
        forget()
        times["cold"].append(milliseconds(text))
        times["one edit"].append(milliseconds(version))
        milliseconds(text)
        times["no edit"].append(milliseconds(text))
    return {kind: statistics.median(spent) for kind, spent in times.items()}


def main() -> None:
    milliseconds(json.dumps(notebook_of(10)))  # what is imported at the first look
    found = {size: measured(size) for size in SIZES}
    print("cells |   cold | one edit | no edit   (ms)")
    for size, times in found.items():
        print(f"{size:5} | {times['cold']:6.1f} | {times['one edit']:8.1f} | {times['no edit']:7.1f}")
    median = found[200]["one edit"]
    print(f"\none edit of 200 cells: {median:.1f} ms, must be under {MOST_MS:.0f}")
    sys.exit(0 if median < MOST_MS else 1)


if __name__ == "__main__":
    main()
