"""A whole Airflow on this machine: API server, scheduler with LocalExecutor, DAG processor; its store is PostgreSQL."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

import psutil

_PARTS = (("api-server", "--apps", "core,execution"), ("scheduler",), ("dag-processor",))
_FINAL = {"success", "failed"}


@dataclass(frozen=True, kw_only=True)
class Site:
    """`home` has the logs; requests go to its REST interface."""

    home: Path
    address: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token()}"}
        request = urllib.request.Request(f"{self.address}/api/v2/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def start(self, dag: str, conf: Mapping[str, object], run: str) -> str:
        self.ask("PATCH", f"dags/{dag}", {"is_paused": False})
        body = {"logical_date": None, "dag_run_id": run, "conf": conf}
        started = self.ask("POST", f"dags/{dag}/dagRuns", body)
        return str(started["dag_run_id"])

    def wait(self, dag: str, run: str, seconds: float = 240) -> str:
        """The state in which the run ends."""
        ends = time.monotonic() + seconds
        state = ""
        while state not in _FINAL:
            assert time.monotonic() < ends, f"{dag} {run}: {state}, {self.tasks(dag, run)}\n{self.last_lines()}"
            time.sleep(0.5)
            state = self.ask("GET", f"dags/{dag}/dagRuns/{run}")["state"]
        return state

    def tasks(self, dag: str, run: str) -> dict[str, tuple[str, int]]:
        """State and number of the last try, by task."""
        found = self.ask("GET", f"dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return {each["task_id"]: (str(each["state"]), int(each["try_number"])) for each in found}

    def given(self, dag: str, run: str, task: str) -> Any:
        """What the task gave to XCom."""
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value"
        return self.ask("GET", path)["value"]

    def clear(self, dag: str, run: str, **which: object) -> None:
        body = {"dry_run": False, "reset_dag_runs": True, "dag_run_id": run, **which}
        self.ask("POST", f"dags/{dag}/clearTaskInstances", body)

    def log(self, dag: str, run: str, task: str, number: int) -> str:
        return json.dumps(self.ask("GET", f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{number}"))

    def last_lines(self) -> str:
        texts = [(path.name, path.read_text(errors="replace")[-3000:]) for path in sorted(self.home.glob("*.log"))]
        return "\n".join(f"--- {name}\n{text}" for name, text in texts)

    def _token(self) -> str:
        with urllib.request.urlopen(f"{self.address}/auth/token", timeout=30) as answer:
            return str(json.loads(answer.read())["access_token"])


@contextmanager
def airflow_site(
    python: Path, home: Path, dags: Path, database: str, names: Sequence[str], extra: Mapping[str, str]
) -> Iterator[Site]:
    """`home` is a new folder, `database` the URL of an empty one; the site is up when it knows the DAGs of these names.
    Nothing of it is left after."""
    home.mkdir()
    port = _free_port()
    site = Site(home=home, address=f"http://127.0.0.1:{port}")
    environment = {**os.environ, **_settings(home, dags, database, port), **extra}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    migrate = [str(python), "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, env=environment, check=True, capture_output=True, timeout=300)
    started = []
    try:
        for name, *options in _PARTS:
            with (home / f"{name}.log").open("w") as log:
                command = [str(python), "-m", "airflow", name, *options]
                started.append(
                    subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
                )
        _until_known(site, started, set(names))
        yield site
    finally:
        _stop(started)


def _settings(home: Path, dags: Path, database: str, port: int) -> dict[str, str]:
    """All on loopback; and quick to see what is new, where a real one may take its time."""
    settings = {
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__PARALLELISM": "2",
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "DATABASE__SQL_ALCHEMY_CONN": database.replace("postgresql:", "postgresql+psycopg2:"),
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.replace("postgresql:", "postgresql+asyncpg:"),
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "SCHEDULER__JOB_HEARTBEAT_SEC": "1",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return {"AIRFLOW_HOME": str(home), **{f"AIRFLOW__{name}": value for name, value in settings.items()}}


def _until_known(site: Site, started: Sequence[subprocess.Popen[bytes]], names: set[str]) -> None:
    ends = time.monotonic() + 240
    known: set[str] = set()
    while not names <= known:
        assert all(process.poll() is None for process in started), site.last_lines()
        assert time.monotonic() < ends, f"it knows {known or 'no DAG'}\n{site.last_lines()}"
        time.sleep(0.3)
        with suppress(urllib.error.URLError, ConnectionError):
            known = {each["dag_id"] for each in site.ask("GET", "dags")["dags"]}


def _stop(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """Also what they started: a task has a process group of its own."""
    alive = [psutil.Process(process.pid) for process in started if process.poll() is None]
    below = [each for process in alive for each in process.children(recursive=True)]
    for process in reversed(started):
        process.terminate()
    ends = time.monotonic() + 5
    for process in started:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(ends - time.monotonic(), 0))
    for each in (*started, *below):
        with suppress(psutil.NoSuchProcess):
            each.kill()
    for process in started:
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
