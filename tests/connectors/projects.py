"""A notebook that reads and writes a file by their paths, converted, and a way to run it with data elsewhere."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from law.sides import notebook_of

from nb2prod.analysis.build import build
from nb2prod.cli.main import main
from nb2prod.targets.package import PLUGIN
from nb2prod.targets.write import write_project

__all__ = ["CUSTOMERS", "Converted", "Ran", "converted"]

CUSTOMERS = "name,spent\nAda,12.5\nBlaise,3.25\nEmmy,7.0\n"
LOAD = """\
# tags: step:load
import csv
with open("data/customers.csv", newline="") as file:
    rows = [row for row in csv.DictReader(file)]
"""
SCORE = """\
# tags: step:score
total = sum(float(row["spent"]) for row in rows)
scores = [{"name": row["name"], "score": float(row["spent"]) / total} for row in rows]
"""
WRITE = """\
# tags: step:write
with open("made/scores.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, ["name", "score"])
    writer.writeheader()
    writer.writerows(scores)
ranking = sorted(scores, key=lambda row: -row["score"])
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    code: int
    said: str
    record: Mapping[str, Any] = field(default_factory=dict)

    def steps(self, key: str) -> dict[str, Any]:
        return {step["name"]: step.get(key) for step in self.record["steps"]}


@dataclass
class Converted:
    """`tables` are laid over its pipeline.toml as [env.prod]."""

    root: Path
    tables: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def workdir(self) -> Path:
        return self.root / "notebooks"

    def settings(self) -> None:
        path = self.root / "pipeline.toml"
        text = path.read_text().partition("\n[env.prod")[0]
        path.write_text(text + "".join(f"\n[env.prod.{name}]\n{_toml(table)}" for name, table in self.tables.items()))

    def run(self, *arguments: str, kill: bool = False) -> Ran:
        self.settings()
        before = set(self.root.glob("runs/*/run.json"))
        command = [sys.executable, "-m", "nb2prod.runtime", str(self.root), "--env", "prod", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
        assert kill or done.returncode >= 0, done.stderr
        new = set(self.root.glob("runs/*/run.json")) - before
        record = json.loads(new.pop().read_text()) if new else {}
        return Ran(code=done.returncode, said=done.stdout + done.stderr, record=record)

    def nb2prod(self, *arguments: str) -> Ran:
        """A command, with this project and its environment."""
        self.settings()
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main([*arguments, str(self.root), "--env", "prod"])
        return Ran(code=code, said=said.getvalue())


def converted(folder: Path, write: str = WRITE) -> Converted:
    notebook = notebook_of([LOAD, SCORE, write])
    built = build(notebook)
    assert built.pipeline is not None, built.findings
    project = Converted(root=folder / "project")
    write_project(PLUGIN.render(built.pipeline, notebook), project.root)
    (project.workdir / "data").mkdir()
    (project.workdir / "made").mkdir()
    (project.workdir / "data" / "customers.csv").write_text(CUSTOMERS)
    return project


def _toml(table: Mapping[str, object]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_value(each)}' for name, each in value.items())}}}"
    return json.dumps(value)
