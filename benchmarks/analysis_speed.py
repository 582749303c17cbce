"""CPU milliseconds a cell of analysis alone, `build` of a notebook that is already read: no rendering, no formatting.

Each notebook is analysed in this process, which knows no cell of it, the notebooks in turn; a figure is the median of
its rounds.
"""

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convert_scaling import code

from nb2prod.analysis.build import build
from nb2prod.analysis.magics import forget
from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.read import read_notebook

SIZES = (50, 100, 200, 500, 1000, 2000, 5000)
ROUNDS = 7
EXAMPLES = Path(__file__).parents[1] / "example_notebooks"
MOST_MS, MOST_GROWTH = 1.0, 11.0
FIRST = (
    ("parameters", "n_rows: int = 200  # rows of each table\ntest_size: float = 0.25\nseed = 3"),
    (
        "imports",
        "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\n"
        "from sklearn.ensemble import RandomForestClassifier\nfrom sklearn.linear_model import LogisticRegression\n"
        "from sklearn.metrics import roc_auc_score\nfrom sklearn.model_selection import train_test_split\n"
        "from sklearn.preprocessing import StandardScaler\n%matplotlib inline",
    ),
    (
        "functions",
        "def share(frame, part, whole):\n    return frame[part] / frame[whole].clip(lower=1)\n\n\n"
        "def add_ratio(frame, name):\n    frame[name] = share(frame, 'spent', 'visits')\n",
    ),
    ("step:start", "rng = np.random.default_rng(seed)\nscores = {}\nhistory = []\ntotal_0 = 0.0"),
)
# the cells of one step; {n} numbers its names, {m} is the step before
STEP = (
    "raw_{n} = pd.DataFrame({{'spent': rng.gamma(2.0, 10.0, n_rows), 'visits': rng.poisson(3, n_rows)}})\n"
    "raw_{n}['group'] = rng.choice(['a', 'b', 'c'], size=n_rows)\nraw_{n}.head()",
    "clean_{n} = raw_{n}.dropna(subset=['spent']).query('visits > 0').reset_index(drop=True)\n"
    "clean_{n}.loc[clean_{n}['spent'] > 100, 'spent'] = 100",
    "add_ratio(clean_{n}, 'ratio')\nmiddle_{n} = clean_{n}['spent'].median()\n"
    "clean_{n}['target'] = (clean_{n}['spent'] > middle_{n}).astype(int)\n"
    "print(f'{{len(clean_{n})}} rows, {{total_{m}:.2f}} before')",
    "by_group_{n} = clean_{n}.groupby('group').agg(spent=('spent', 'mean'), rows=('visits', 'size'))\n"
    "for name, row in by_group_{n}.iterrows():\n    history.append((name, row['spent']))",
    "def features_{n}(frame):\n    made = pd.get_dummies(frame[['visits', 'ratio', 'group']], columns=['group'])\n"
    "    for column in made.columns:\n        if made[column].dtype != float:\n"
    "            made[column] = made[column].astype(float)\n    return made\n\n\nX_{n} = features_{n}(clean_{n})",
    "X_train_{n}, X_test_{n}, y_train_{n}, y_test_{n} = train_test_split(\n"
    "    X_{n}, clean_{n}['target'], test_size=test_size, random_state=seed\n)",
    "scaler_{n} = StandardScaler().fit(X_train_{n})\nX_train_{n}[:] = scaler_{n}.transform(X_train_{n})\n"
    "X_test_{n}[:] = scaler_{n}.transform(X_test_{n})",
    "model_{n} = LogisticRegression(C=0.5, max_iter=200)\n%time model_{n}.fit(X_train_{n}, y_train_{n})\n"
    "forest_{n} = RandomForestClassifier(n_estimators=20, random_state=seed).fit(X_train_{n}, y_train_{n})",
    "predicted_{n} = model_{n}.predict_proba(X_test_{n})[:, 1]\n"
    "scores['step {n}'] = roc_auc_score(y_test_{n}, predicted_{n})\n"
    "total_{n} = total_{m} + np.mean([value for value in predicted_{n} if value > 0.5])\nscores",
    "fig, ax = plt.subplots(figsize=(6, 4))\nax.hist(predicted_{n}, bins=20, label=f'step {n}')\n"
    "ax.set_title('Scores of step {n}')\nax.legend()\nplt.show()",
)


def notebook_of(size: int) -> dict[str, object]:
    """A notebook of so many code cells; ten make a step, which changes and reads what earlier steps made."""
    cells = [code(source, tag) for tag, source in FIRST]
    for number in range(size - len(cells)):
        step, place = divmod(number, len(STEP))
        cells.append(code(STEP[place].format(n=step + 1, m=step), f"step:step_{step + 1}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}


def read_all(folder: Path) -> tuple[dict[str, Notebook], dict[int, Notebook]]:
    """The example notebooks by name, and the generated ones by size."""
    paths = {size: folder / f"cells_{size}.ipynb" for size in SIZES}
    for size, path in paths.items():
        path.write_text(json.dumps(notebook_of(size)), encoding="utf-8")
    examples = {path.stem: read_notebook(path) for path in sorted(EXAMPLES.glob("*.ipynb"))}
    return examples, {size: read_notebook(path) for size, path in paths.items()}


def milliseconds(notebook: Notebook) -> float:
    """CPU of one analysis; a notebook of many cells is analysed less often."""
    gc.collect()
    forget()
    began = time.process_time()
    build(notebook)
    return 1000 * (time.process_time() - began)


def medians(notebooks: Mapping[Any, Notebook]) -> dict[Any, float]:  # the keys are names or sizes
    for notebook in notebooks.values():
        build(notebook)
    rounds = [{key: milliseconds(notebook) for key, notebook in notebooks.items()} for _ in range(ROUNDS)]
    return {key: statistics.median(found[key] for found in rounds) for key in notebooks}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        examples, generated = read_all(Path(folder))
    times = medians(examples | generated)
    cells = {key: len(notebook.code_cells) for key, notebook in (examples | generated).items()}
    print("notebook             | cells |      ms | ms a cell")
    for key, spent in times.items():
        print(f"{key!s:20} | {cells[key]:5} | {spent:7.1f} | {spent / cells[key]:9.3f}")
    median = statistics.median(spent / cells[key] for key, spent in times.items())
    growth = times[5000] / times[500]
    print(f"\nmedian of all: {median:.3f} ms a cell, must be under {MOST_MS}")
    print(f"5,000 cells beside 500: {growth:.1f} times the CPU, must be at most {MOST_GROWTH}")
    sys.exit(0 if median < MOST_MS and growth <= MOST_GROWTH else 1)


if __name__ == "__main__":
    main()
