"""CPU seconds of `convert` for notebooks of 50, 200 and 800 cells, beyond start-up; growth must be linear.

Each conversion is in a fresh process: the first, of a small notebook, warms imports up; the second is measured.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SIZES = (50, 200, 800)
ROUNDS = 5
CELLS_IN_A_STEP = 5
MEASURE = """
import sys, time
from pathlib import Path
from nb2prod.api.convert import convert
small, notebook, folder = map(Path, sys.argv[1:])
convert(small, folder / "small", record=False)
began = time.process_time()
convert(notebook, folder / "large", record=False)
print(time.process_time() - began)
"""
PARAMETERS = "n_rows: int = 200  # rows of each table\ntest_size: float = 0.25\nseed = 3"
IMPORTS = "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\n%matplotlib inline"
FUNCTIONS = """\
def ratio(frame, over, under):
    return frame[over] / frame[under].clip(lower=1)


class Scaler:
    def __init__(self, factor):
        self.factor = factor

    def scale(self, values):
        return values * self.factor
"""
# one cycle of a notebook's work; {n} numbers the names, {m} is the cycle before
CYCLE = (
    "rng_{n} = np.random.default_rng(seed + {n})\n"
    "frame_{n} = pd.DataFrame({{'a': rng_{n}.normal(size=n_rows), 'b': rng_{n}.normal(size=n_rows)}})\n"
    "frame_{n}.head()",
    "frame_{n}['c'] = ratio(frame_{n}, 'a', 'b')\nframe_{n}.drop(columns=['a'], inplace=True)\n"
    "total_{n} = frame_{n}['c'].sum() + total_{m}",
    "def summary_{n}(frame):\n    scaled = [value * total_{n} for value in frame['b']]\n"
    "    return {{'mean': np.mean(scaled), 'size': len(scaled)}}\n\n\nsummary_of_{n} = summary_{n}(frame_{n})",
    "%time scaler_{n} = Scaler(total_{n})\nfor column in ['b', 'c']:\n"
    "    frame_{n}[column] = scaler_{n}.scale(frame_{n}[column])\n    if column == 'c':\n        last_{n} = column",
    "fig_{n}, ax_{n} = plt.subplots()\nax_{n}.plot(frame_{n}['b'], label=f'{{last_{n}}} {{total_{n}:.2f}}')\n"
    "ax_{n}.legend()\nplt.show()",
)


def notebook_of(size: int) -> dict[str, object]:
    """A notebook of so many code cells, a step for each cycle."""
    cells = [code(PARAMETERS, "parameters"), code(IMPORTS, "imports"), code(FUNCTIONS, "functions")]
    cells += [code("total_0 = 0.0", "step:start"), *work(size - len(cells) - 1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}


def work(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        cycle, place = divmod(number, CELLS_IN_A_STEP)
        yield code(CYCLE[place].format(n=cycle + 1, m=cycle), f"step:step_{cycle + 1}")


def code(source: str, tag: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": [tag]},
        "outputs": [],
        "source": source,
    }


def cpu_seconds(small: Path, notebook: Path) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", MEASURE, str(small), str(notebook), folder]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        notebooks = {size: Path(folder) / f"cells_{size}.ipynb" for size in (10, *SIZES)}
        for size, path in notebooks.items():
            path.write_text(json.dumps(notebook_of(size)), encoding="utf-8")
        rounds = [[cpu_seconds(notebooks[10], notebooks[size]) for size in SIZES] for _ in range(ROUNDS)]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    print("cells | CPU s | ms a cell | a cell, relative to the smallest")
    for size, seconds in zip(SIZES, medians, strict=True):
        print(
            f"{size:5} | {seconds:5.3f} | {1000 * seconds / size:9.2f} | {seconds / size * SIZES[0] / medians[0]:.2f}"
        )


if __name__ == "__main__":
    main()
