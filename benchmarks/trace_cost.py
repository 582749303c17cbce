"""What a traced run costs over the plain run of the same notebook in the same kind of kernel, interleaved.

python benchmarks/trace_cost.py                         # the examples, and notebooks made here
python benchmarks/trace_cost.py a.ipynb b.py            # others; 3 rounds each
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.read import parse_notebook, read_notebook
from nb2prod.notebooks.session import Session
from nb2prod.runtime.proof.capture import ENVIRONMENT
from nb2prod.verify.traced import trace_notebook
from nb2prod.verify.workdir import copied

ROUNDS = 3
EXAMPLES = Path(__file__).parents[1] / "example_notebooks"
# what is hard on a tracer: large tables changed cell by cell, a loop of Python, many small cells, many calls
MADE = {
    "a table of 800 MB": [
        "import numpy as np\nimport pandas as pd\nn = 10_000_000",
        "table = pd.DataFrame(np.random.default_rng(0).normal(size=(n, 10)))",
        *(f"table[{column}] = table[{column}] * 2 + table.mean(axis=1)" for column in range(6)),
    ],
    "a loop of Python": ["total = 0", "for i in range(20_000_000):\n    total += i % 7"],
    "calls of functions": ["def f(x):\n    return x + 1", "n = 0\nfor i in range(5_000_000):\n    n = f(n)"],
    "200 small cells": ["values = {}", *(f"values[{n}] = list(range({n}))" for n in range(200))],
    "models": [
        "from sklearn.datasets import make_classification\nfrom sklearn.ensemble import RandomForestClassifier",
        "X, y = make_classification(20_000, 30, random_state=0)",
        "model = RandomForestClassifier(200, random_state=0, n_jobs=1).fit(X, y)",
        "score = model.score(X, y)",
    ],
}


def main() -> None:
    chosen = [Path(argument) for argument in sys.argv[1:]]
    notebooks = {p.name: (read_notebook(p), p.parent) for p in chosen or sorted(EXAMPLES.glob("*.ipynb"))}
    with tempfile.TemporaryDirectory() as empty:
        if not chosen:
            notebooks |= {name: (made(cells), Path(empty)) for name, cells in MADE.items()}
        print(f"{'notebook':<30} {'plain':>8} {'traced':>8}  ratio")
        ratios = [compare(name, *notebooks[name]) for name in notebooks]
    print(f"median ratio {statistics.median(ratios):.2f}, largest {max(ratios):.2f}")


def compare(name: str, notebook: Notebook, folder: Path) -> float:
    times: dict[str, list[float]] = {"plain": [], "traced": []}
    for _ in range(ROUNDS):
        times["plain"].append(seconds(lambda: plain(notebook, folder)))
        times["traced"].append(seconds(lambda: trace_notebook(notebook, folder)))
    found = {kind: statistics.median(each) for kind, each in times.items()}
    ratio = found["traced"] / found["plain"]
    print(f"{name:<30} {found['plain']:7.2f}s {found['traced']:7.2f}s  {ratio:.2f}", flush=True)
    return ratio


def plain(notebook: Notebook, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(_plain(notebook, copied(folder, Path(place) / "work", ())))


async def _plain(notebook: Notebook, copy: Path) -> None:
    async with Session.opened(notebook, copy, None, {"PYTHONHASHSEED": ENVIRONMENT["PYTHONHASHSEED"]}) as session:
        await session.run(_nothing, lambda _: None)


async def _nothing(_number: int) -> None:
    pass


def seconds(work: object) -> float:
    assert callable(work)
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def made(cells: list[str]) -> Notebook:
    text = "\n\n".join(f"# %%\n{cell}" for cell in cells)
    return parse_notebook(Path("made.py"), text)


if __name__ == "__main__":
    main()
