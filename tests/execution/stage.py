"""Runs on a real store, each supervised by a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nb2prod.api.definitions import define
from nb2prod.api.runs import submit
from nb2prod.execution.kernels.remains import marked
from nb2prod.model.job import Failure, JobSettings, Limits, Run
from nb2prod.store import Store, open_store

_KERNEL = {"kernelspec": {"name": "some-other-kernel", "display_name": "Other", "language": "python"}}


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook: code cells, and markdown ones that start with #!; a first line `# tags: …` gives the tags."""
    document = {"cells": [_cell(number, source) for number, source in enumerate(cells, 1)], "metadata": _KERNEL}
    path.write_text(json.dumps(document | {"nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


def _cell(number: int, source: str) -> dict[str, Any]:
    if source.startswith("#!"):
        return {"id": f"c{number}", "metadata": {}, "source": source[2:], "cell_type": "markdown"}
    first, _, rest = source.partition("\n")
    tags = first.removeprefix("# tags:").split() if first.startswith("# tags:") else []
    kept = {"id": f"c{number}", "metadata": {"tags": tags}, "source": rest if tags else source}
    return kept | {"cell_type": "code", "execution_count": None, "outputs": []}


def texts_of(notebook: Path) -> list[str]:
    """What the cells printed."""
    outputs = [output for cell in cells_of(notebook) for output in cell.get("outputs", ())]
    return ["".join(output.get("text", ())).strip() for output in outputs if output["output_type"] == "stream"]


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return found


def statuses(notebook: Path) -> list[str]:
    """Of the code cells, but for those that were put in."""
    cells = [cell for cell in cells_of(notebook) if cell["cell_type"] == "code"]
    kept = [cell for cell in cells if "injected-parameters" not in cell["metadata"].get("tags", ())]
    return [cell["metadata"]["papermill"]["status"] for cell in kept]


@dataclass(kw_only=True)
class Job:
    """A claimed attempt and its supervisor."""

    run: Run
    folder: Path
    process: "subprocess.Popen[str] | None" = None

    @property
    def notebook(self) -> Path:
        return self.folder / "demo.ipynb"

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(60)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def until_printed(self, text: str) -> None:
        """The journal has it."""
        journal = self.folder / "journal.jsonl"
        wait_for(lambda: journal.is_file() and text in journal.read_text(encoding="utf-8"))

    def survivors(self) -> list[int]:
        """Processes with its mark, after a moment for those that just end."""
        deadline = time.monotonic() + 5
        while found := list(marked(f"{self.run.id}:{self.run.attempt}")):
            if time.monotonic() > deadline:
                return found
            time.sleep(0.1)
        return []


@dataclass(kw_only=True)
class Stage:
    root: Path
    store: Store
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    @classmethod
    def at(cls, root: Path) -> "Stage":
        return cls(root=root, store=open_store(f"sqlite:///{root / 'store.db'}"))

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self.store.close()

    def start(
        self,
        *cells: str,
        parameters: Mapping[str, object] | None = None,
        limits: Limits | None = None,
        lease: float = 10.0,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        name: str = "demo",
        python: str = "",
        **settings: Any,
    ) -> Job:
        run = self.claimed(
            *cells, parameters=parameters, limits=limits, lease=lease, name=name, python=python, **settings
        )
        return self.supervise(run, folder=folder, environment=environment)

    def claimed(
        self,
        *cells: str,
        parameters: Mapping[str, object] | None = None,
        limits: Limits | None = None,
        lease: float = 10.0,
        name: str = "demo",
        python: str = "",
        **settings: Any,
    ) -> Run:
        notebook = write_notebook(self.root / "demo.ipynb", *cells)
        wanted = JobSettings(workdir=str(self.root), limits=limits or Limits(), environment=python, **settings)
        definition = define(self.store, notebook, name=name, settings=wanted)
        run, _ = submit(self.store, definition, parameters or {})
        (claimed,) = self.store.claim("a test", lease=lease, run_id=run.id)
        return claimed

    def supervise(self, run: Run, *, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Job:
        folder = folder or self.root / "runs" / run.id / str(run.attempt)
        command = [sys.executable, "-m", "nb2prod.execution.supervisor", self.store.url, run.id, str(run.attempt)]
        process = subprocess.Popen(
            [*command, "--folder", str(folder)],
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self.started.append(process)
        return Job(run=run, folder=folder, process=process)

    def failure(self, job: Job) -> Failure:
        failure = self.store.run(job.run.id).failure
        assert failure is not None
        return failure


def wait_for(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
