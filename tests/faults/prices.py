"""A notebook whose second step fails after it has changed its input and drawn from a generator; its project, and runs.

`score` uses a module beside the notebook, a class of the functions cell, a function of another step's cell, and the
state of a generator: all of that must be there again for the failure to be the same.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON, and nbclient has no types

from nb2prod.api.convert import convert
from nb2prod.notebooks.kernels import kernel_manager_class

FUNCTIONS = """\
@dataclass
class Row:
    value: float


def doubled(row):
    return Row(row.value * 2)"""
SCORE = """\
worst = max(heavy(row) for row in rows)
if len(rows) > 5:
    raise ValueError(f"{len(rows)} rows, {total:.6f}, {random.random():.6f}")"""
CELLS = (
    ("markdown", (), "# Prices"),
    ("code", ("imports",), "import random\nfrom dataclasses import dataclass\n\nimport pricing"),
    ("code", ("parameters",), "count = 4  # how many\nlimit = 2.5"),
    ("code", ("functions",), FUNCTIONS),
    (
        "code",
        ("step:load",),
        "random.seed(3)\nrows = [Row(random.random()) for _ in range(count)]\n\n"
        "def heavy(row):\n    return row.value > limit",
    ),
    ("code", ("step:mend",), "rows.append(doubled(rows[0]))\nassert isinstance(rows[0], Row)"),
    (
        "code",
        ("step:score",),
        "rows.append(Row(random.random()))\ntotal = sum(row.value for row in rows) + pricing.BASE",
    ),
    ("code", (), SCORE),
    ("code", ("step:tell",), "said = f'{total:.3f}'"),
)


@dataclass(frozen=True, kw_only=True)
class Ran:
    code: int
    err: str
    folder: Path
    record: Mapping[str, Any]

    def step(self, name: str) -> Mapping[str, Any]:
        return next(step for step in self.record["steps"] if step["name"] == name)


@dataclass(frozen=True)
class Prices:
    root: Path

    @property
    def notebook(self) -> Path:
        return self.root / "prices.ipynb"

    @property
    def project(self) -> Path:
        return self.root / "out"

    def make(self) -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / "pricing.py").write_text("BASE = 10\n")
        self.notebook.write_text(json.dumps(notebook(), indent=1))
        convert(self.notebook, self.project, record=False)

    def settings(self, **run: object) -> None:
        """Lines of [run], and of a step's table as steps.NAME."""
        path = self.project / "pipeline.toml"
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in run.items())
        path.write_text(path.read_text().replace('runs = "runs"', f'runs = "runs"\n{lines}'.rstrip(), 1))

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        return self.run_of(self.project, *arguments, env=env)

    def run_of(self, project: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        command = [sys.executable, "-m", "nb2prod.runtime", str(project), *arguments]
        before = set(records(project))
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})})
        new = [path for path in records(project) if path not in before]
        record = json.loads(new[0].read_text()) if new else {}
        return Ran(code=done.returncode, err=done.stderr, folder=new[0].parent if new else self.root, record=record)


def records(project: Path) -> list[Path]:
    return sorted(project.glob("runs/*/run.json"))


def notebook() -> dict[str, Any]:
    cells = [cell(number, *about) for number, about in enumerate(CELLS, 1)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def cell(number: int, kind: str, tags: tuple[str, ...], text: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "cell_type": kind,
        "id": f"c{number}",
        "metadata": {"tags": list(tags), "mine": number} if tags else {},
        "source": text.splitlines(keepends=True),
    }
    if kind == "code":
        found |= {"execution_count": number, "outputs": [{"name": "stdout", "output_type": "stream", "text": ["x\n"]}]}
    return found


_PLAINLY = """\
import json, sys
namespace = sys.modules["__main__"].__dict__
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        try:
            exec("".join(cell["source"]), namespace)
        except Exception as error:
            print(json.dumps([type(error).__name__, str(error)]))
            break
"""


def raised_plainly(path: Path) -> tuple[str, str] | None:
    """As `raised`, in a plain Python: a kernel takes seconds to start."""
    command = [sys.executable, "-c", _PLAINLY, path.name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=path.parent)
    return tuple(json.loads(done.stdout)) if done.stdout else None


def raised(path: Path) -> tuple[str, str] | None:
    """Of the notebook run from its top in a kernel: its error's name and message."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    document: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client: Any = NotebookClient(
        document,
        kernel_manager_class=kernel_manager_class(),
        resources={"metadata": {"path": str(path.parent)}},
        timeout=60,
    )
    try:
        asyncio.run(client.async_execute())
    except CellExecutionError as error:
        return error.ename, error.evalue
    return None
