"""A real JupyterLab on loopback for tests, with folders of its own for all that it keeps."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = "a-token-for-tests-alone"
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


@dataclass(kw_only=True)
class Lab:
    """`root` is the folder that it shows; `base_url` is below which path it answers, as behind JupyterHub."""

    home: Path
    root: Path
    base_url: str = "/"
    arguments: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    @property
    def store(self) -> Path:
        return self.home / "store.db"

    def start(self) -> None:
        """Waits until it answers. A second start takes the port of the first, as a person's page expects it."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._keep_settings()
        log = (self.home / "jupyterlab.log").open("ab")
        command = [self.python, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}"]
        command += [f"--ServerApp.base_url={self.base_url}", f"--ServerApp.root_dir={self.root}"]
        command += [
            f"--IdentityProvider.token={TOKEN}",
            "--ServerApp.port_retries=0",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]
        command += [*self.arguments]
        # a session of its own: it is ended with all that it started
        self.process = subprocess.Popen(
            command, cwd=self.home, env=self._environ(), stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self._wait()

    def stop(self) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)
        self.process = None

    def log(self) -> str:
        return (self.home / "jupyterlab.log").read_text(errors="replace")

    def _environ(self) -> dict[str, str]:
        own = {name: str(self.home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
        own |= {"JUPYTER_RUNTIME_DIR": str(self.home / "runtime"), "NB2PROD_STORE": f"sqlite:///{self.store}"}
        own |= {"JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"), "IPYTHONDIR": str(self.home / "ipython")}
        own |= {"JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces")}
        return {**os.environ, **own, **self.environ}

    def _keep_settings(self) -> None:
        for name, settings in _SETTINGS.items():
            package, _, plugin = name.partition(":")
            path = self.home / "settings" / package / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(json.dumps(settings))

    def _wait(self, seconds: float = 90) -> None:
        assert self.process is not None
        end = time.monotonic() + seconds
        known = self.home / "runtime" / f"jpserver-{self.process.pid}.json"
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if known.exists() and self._answers(known):
                return
            time.sleep(0.1)
        raise AssertionError(f"JupyterLab does not answer:\n{self.log()[-4000:]}")

    def _answers(self, known: Path) -> bool:
        with contextlib.suppress(OSError, ValueError):
            self.port = int(json.loads(known.read_text())["port"])
            with urllib.request.urlopen(f"{self.url}api?token={TOKEN}", timeout=5) as answer:
                return bool(answer.status == 200)
        return False


@contextlib.contextmanager
def running(lab: Lab) -> Iterator[Lab]:
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()
