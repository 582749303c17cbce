"""A pipeline of ten steps with all that makes resuming hard: diamonds, a generator that is carried from step to step,
a mutation seen through a view, a step that must always be run, and an artifact that takes a while to write."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

import psutil

from nb2prod.api.convert import convert

MARK = "NB2PROD_FAULT_TEST"
_CELLS = (
    (("imports",), "import time\nimport zlib\nfrom pathlib import Path\n\nimport numpy as np"),
    (("parameters",), "size = 3000\nseed = 5\npause = 0.0"),
    (("step:load",), "time.sleep(pause)\nnp.random.seed(seed)\nbase = np.random.rand(size)"),
    (("step:left",), "time.sleep(pause)\nleft = base[:1000]"),  # a view
    (("step:right",), "time.sleep(pause)\nright = np.sort(base[1000:3000])"),
    (("step:draw",), "time.sleep(pause)\nnoise = np.random.rand(100)"),
    (("step:change",), "time.sleep(pause)\nbase[:10] = noise[:10]"),
    (("step:join",), "time.sleep(pause)\njoined = float(left.sum() + right.sum() + noise.sum() + base.sum())"),
    (("step:world",), "time.sleep(pause)\nPath('seen.txt').write_text(str(joined))\nseen = len(str(joined))"),
    (("step:again",), "time.sleep(pause)\nmore = np.random.rand(50) * seen"),
    (("step:big",), "time.sleep(pause)\nbig = np.concatenate([base, base[::-1]])\nbig[0] = more[0]"),
    (
        ("step:total", "metrics"),
        "time.sleep(pause)\ntotal = float(big.sum()) + joined + float(more.sum())\n"
        "check = zlib.crc32(big.tobytes())\nviewed = zlib.crc32(left.tobytes())",
    ),
)
ALL = bool(os.environ.get("NB2PROD_ALL_FAULTS"))  # each fault in each executor, as `make soak-steps` does
EXECUTORS = ("in-process", "local")
MISSING = {"join", "world", "again", "big", "total"}  # all that need join, and itself
STEPS = ("load", "left", "right", "draw", "change", "join", "world", "again", "big", "total")


@dataclass(frozen=True, kw_only=True)
class Ran:
    code: int
    err: str
    folder: Path
    record: Mapping[str, Any]

    @property
    def metrics(self) -> Mapping[str, float]:
        found: Mapping[str, float] = self.record.get("metrics", {})
        return found

    @property
    def run(self) -> str:
        return self.folder.name

    def step(self, name: str) -> Mapping[str, Any]:
        return next(step for step in self.record["steps"] if step["name"] == name)

    def computed(self) -> list[str]:
        """The steps that were run, and not taken from the cache."""
        return [step["name"] for step in self.record["steps"] if step.get("cached") is False]


@dataclass(frozen=True)
class Ten:
    root: Path

    @property
    def project(self) -> Path:
        return self.root / "out"

    def make(self) -> None:
        cells: list[dict[str, Any]] = [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {"tags": list(tags)},
                "outputs": [],
                "source": text,
            }
            for tags, text in _CELLS
        ]
        self.root.mkdir(exist_ok=True)
        notebook = self.root / "ten.ipynb"
        notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
        convert(notebook, self.project, record=False)

    def policy(self, step: str, **settings: object) -> None:
        """Lines of [steps.STEP], or of [run]."""
        path = self.project / "pipeline.toml"
        table = "[run]" if step == "run" else f"[steps.{step}]"
        head, _, rest = path.read_text().partition(f"{table}\n")
        own, blank, others = rest.partition("\n\n")
        kept = [line for line in own.splitlines() if line.split(" = ")[0] not in settings]
        lines = [*kept, *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
        path.write_text("\n".join([f"{head}{table}", *lines]) + f"{blank}{others}")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "nb2prod.runtime", str(self.project), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("NB2PROD_FAULTS",)}
        return {**kept, MARK: str(self.root), **more}

    def run(self, *arguments: str, faults: str = "", command: Sequence[str] = (), **more: str) -> Ran:
        before = set(self.records())
        environment = self.environment(**({"NB2PROD_FAULTS": faults} if faults else {}), **more)
        done = subprocess.run(
            [*command, *arguments] if command else self.command(*arguments),
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        return self.ran(done.returncode, done.stderr, before)

    def ran(self, code: int, err: str, before: set[Path]) -> Ran:
        new = [path for path in self.records() if path not in before]
        record = json.loads(new[0].read_text()) if new else {}
        return Ran(code=code, err=err, folder=new[0].parent if new else self.root, record=record)

    def records(self) -> list[Path]:
        return sorted(self.project.glob("runs/*/run.json"))

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**more),
        )

    def processes(self) -> list[psutil.Process]:
        """All that live and belong to a run of this project."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.root) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def left_behind(self, patience: float = 10.0) -> list[str]:
        """The command lines of those that outlive their run; killed, so that they do not outlive the test too."""
        ends = time.monotonic() + patience
        while (left := self.processes()) and time.monotonic() < ends:
            time.sleep(0.05)
        lines = []
        for process in left:
            try:
                lines.append(" ".join(process.cmdline()))
                process.send_signal(signal.SIGKILL)
            except psutil.Error:
                continue
        return lines
