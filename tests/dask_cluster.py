"""A real Dask cluster on this machine: a scheduler and two workers, each a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client

__all__ = ["DaskCluster", "wait"]

QUIET = {
    "DASK_LOGGING__DISTRIBUTED": "error",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",
    "OMP_NUM_THREADS": "1",
}


@dataclass
class DaskCluster:
    folder: Path
    address: str = ""
    scheduler: "subprocess.Popen[bytes] | None" = None
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    nanny: bool = False  # workers that die come again
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, port: int = 0) -> None:
        """Both workers are there when it returns."""
        file = self.folder / f"dask-{time.monotonic_ns()}.json"
        host = ("--host", "127.0.0.1", "--no-dashboard")
        self.scheduler = self._run("scheduler", *host, "--port", str(port), "--scheduler-file", str(file))
        wait(file.exists)
        wait(lambda: file.read_text().strip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        nanny = "--nanny" if self.nanny else "--no-nanny"
        place = (nanny, "--nthreads", "2", "--local-directory", str(self.folder), "--death-timeout", "10")
        self.workers = [self._run("worker", self.address, *host, *place) for _ in range(2)]
        with Client(self.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(len(self.workers), timeout=60)

    def stop(self) -> None:
        """A nanny that is killed leaves its worker."""
        for process in self.workers if self.nanny else ():
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
        for each in (*self.workers, self.scheduler):
            if each is not None:
                each.kill()
                each.wait()

    def _run(self, what: str, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *words]
        quiet = {**os.environ, **QUIET, **self.environment}
        return subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
