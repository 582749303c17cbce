"""A small project in the shape of a generated one, written by hand, and a way to run it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

PARAMETERS = """\
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Parameters:
    rows: int = 4  # how many rows
    label: str = "a"
    scale: float = 1.5
"""
PIPELINE = """\
from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.load import load
from .steps.score import score


class Results(NamedTuple):
    total: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    table, note = step(load, rows=parameters.rows, label=parameters.label)
    total = step(score, table, scale=parameters.scale)
    return Results(total)
"""
LOAD = '''\
from typing import Any, NamedTuple


class LoadOutputs(NamedTuple):
    table: Any
    note: Any


def load(rows: Any, label: Any) -> LoadOutputs:
    """Load (cell 2 of the notebook)"""
    table = [number for number in range(rows)]
    note = label
    print("loaded", rows)
    return LoadOutputs(table, note)
'''
SCORE = '''\
from typing import Any


def score(table: Any, scale: Any) -> Any:
    """Score (cell 3 of the notebook)"""
    table.append(1)
    total = sum(table) * scale
    return total
'''


@dataclass(frozen=True, kw_only=True)
class Ran:
    code: int
    out: str
    err: str
    record: Mapping[str, Any]
    folder: Path

    def steps(self, key: str) -> dict[str, Any]:
        return {step["name"]: step.get(key) for step in self.record["steps"]}


@dataclass
class Project:
    root: Path
    policies: dict[str, dict[str, object]] = field(default_factory=dict)
    run_settings: dict[str, object] = field(default_factory=dict)

    def write(self, name: str, text: str) -> None:
        path = self.root / "src" / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        # Python takes bytecode by a source's second and size: a test that writes both alike twice would run the first.
        Path(cache_from_source(str(path))).unlink(missing_ok=True)

    def settings(self) -> None:
        def table(name: str, values: Mapping[str, object]) -> str:
            return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())

        head = {"name": "tiny", "package": "tiny", "notebook": "notebooks/tiny.ipynb", "workdir": "work"}
        tables = [table("pipeline", head), table("run", {"runs": "runs", **self.run_settings})]
        tables += [table(f"steps.{name}", policy) for name, policy in self.policies.items()]
        (self.root / "pipeline.toml").write_text("\n".join(tables))

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "nb2prod.runtime", str(self.root), *arguments]

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        self.settings()
        before = set(self.records())
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
        )
        new = [path for path in self.records() if path not in before]
        record = json.loads(new[0].read_text()) if new else {}
        return Ran(
            code=done.returncode,
            out=done.stdout,
            err=done.stderr,
            record=record,
            folder=new[0].parent if new else self.root,
        )

    def records(self) -> list[Path]:
        return sorted(self.root.glob("runs/*/run.json"))
