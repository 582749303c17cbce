"""Airflow itself runs what we export: its scheduler, its LocalExecutor, its processes."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from databases import Cluster, empty_postgres
from exports.given import files, order
from orchestrators.airflow_site import Site, airflow_site
from orchestrators.environments import ROOT, python_with
from orchestrators.local_runs import local_metrics, nb2prod
from orchestrators.relay import write_relay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FAULTS = "fetch:raise=OSError,times=1;gate:kill,times=1"


@pytest.fixture
def site(tmp_path: Path, postgres_cluster: Cluster) -> Iterator[Site]:
    dags = tmp_path / "dags"
    nb2prod("convert", ROOT / "example_notebooks" / "churn.ipynb", "-o", tmp_path / "churn", "--no-record")
    for project in (tmp_path / "churn", write_relay(tmp_path / "relay")):
        nb2prod("export", project, "--to", "airflow", "-o", dags, "--artifacts", tmp_path / "artifacts")
    python = python_with("airflow")
    names, faults = ["churn", "relay"], {"NB2PROD_FAULTS": FAULTS}
    with (
        empty_postgres(postgres_cluster) as database,
        airflow_site(python, tmp_path / "airflow", dags, database, names, faults) as running,
    ):
        yield running


def test_airflow_runs_what_was_exported(site: Site, tmp_path: Path) -> None:
    ticket = tmp_path / "ticket"
    churn = site.start("churn", {"n_trees": 60}, "first:1+1")
    refused = site.start("relay", {"ticket": str(ticket)}, "refused")
    assert site.wait("relay", refused) == "failed"
    assert site.tasks("relay", refused) == {
        "fetch": ("success", 2),  # its OSError was worth another try
        "measure": ("success", 1),  # needs nothing of what failed
        "gate": ("failed", 2),  # killed, tried again; and a ValueError is not worth another
        "report": ("upstream_failed", 0),
        "finish": ("failed", 1),
    }
    assert "no ticket at" in site.log("relay", refused, "gate", 2)

    ticket.touch()
    site.clear("relay", refused, only_failed=True)
    assert site.wait("relay", refused) == "success"
    again = site.tasks("relay", refused)
    assert {name: state for name, (state, _) in again.items()} == dict.fromkeys(again, "success")
    assert (again["fetch"][1], again["measure"][1], again["gate"][1]) == (2, 1, 3)  # only what was missing ran
    assert site.given("relay", refused, "finish") == local_metrics(tmp_path / "relay", ticket=str(ticket))

    site.clear("relay", refused, task_ids=["fetch"], only_failed=False, include_downstream=True)
    assert site.wait("relay", refused) == "success"
    cleared = site.tasks("relay", refused)
    assert {name: number - again[name][1] for name, (_, number) in cleared.items()} == dict.fromkeys(again, 1)

    late = site.start("relay", {"ticket": str(ticket), "naps": 300.0}, "late")
    assert site.wait("relay", late) == "failed"
    assert site.tasks("relay", late)["measure"] == ("failed", 1)  # a deadline is not worth another try
    assert "longer than its timeout of 2 s" in site.log("relay", late, "measure", 1)

    assert site.wait("churn", churn) == "success"
    metrics = site.given("churn", churn, "finish")
    assert metrics == local_metrics(tmp_path / "churn", n_trees="60")
    assert metrics["auc"] > 0.5
    assert site.given("churn", churn, "evaluate")["metrics"] == metrics

    stopped = site.start("relay", {"ticket": str(ticket), "waits": 300.0}, "stopped")
    step = waiting_step(site, stopped)
    site.ask("PATCH", f"dags/relay/dagRuns/{stopped}/taskInstances/gate", {"new_state": "failed"})
    assert psutil.wait_procs([step], timeout=60)[1] == []  # it ended with its task
    assert site.wait("relay", stopped) == "failed"


def test_airflow_reads_all_that_a_dag_may_say(tmp_path: Path) -> None:
    known = order().settings
    given = order(settings=replace(known, timeout=3600.0, on_error="stop", environment="prod"))
    for name, text in files("airflow", given).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [python_with("airflow"), ROOT / "tests" / "orchestrators" / "airflow_read.py", tmp_path]
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=True)
    read = json.loads(done.stdout.splitlines()[-1])
    assert (read["errors"], read["heavy"]) == ({}, [])
    dag = read["dags"]["churn-prod"]["dag"]
    assert (dag["dagrun_timeout"], dag["fail_fast"], dag["catchup"], dag["max_active_runs"]) == (3600.0, True, False, 1)
    assert dag["timetable"]["__var"]["timezone"] == "Europe/Berlin"
    tasks = {each["__var"]["task_id"]: each["__var"] for each in dag["tasks"]}
    assert {name: sorted(task.get("downstream_task_ids", [])) for name, task in tasks.items()} == {
        "load": ["finish", "train"],
        "load-2": ["finish", "train"],
        "train": ["finish"],
        "finish": [],
    }
    wanted = ("retries", "retry_delay", "retry_exponential_backoff", "max_retry_delay", "execution_timeout")
    assert [tasks["load"][each] for each in wanted] == [3, 2.5, 2, 60.0, 180.0]
    assert (tasks["train"]["retries"], tasks["train"]["pool_slots"]) == (2, 4)


def waiting_step(site: Site, run: str) -> psutil.Process:
    """The process of a gate that waits."""
    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            said = " ".join(words)
            if "--step gate" in said and f"--run {run}-" in said and "--attempt 2" in said:  # the first is killed
                return process
        time.sleep(0.5)
    raise AssertionError(f"{site.tasks('relay', run)}\n{site.last_lines()}")
