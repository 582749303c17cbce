"""Kubeflow's compiler takes what we export, and its SubprocessRunner runs the compiled pipeline."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON

import pytest
import yaml
from exports.given import files, order
from orchestrators.environments import ROOT, python_with
from orchestrators.local_runs import local_metrics, nb2prod
from orchestrators.relay import write_relay

pytestmark = pytest.mark.slow


def test_the_compiled_example_gives_the_metrics_of_a_local_run(tmp_path: Path) -> None:
    project = tmp_path / "churn"
    nb2prod("convert", ROOT / "example_notebooks" / "churn.ipynb", "-o", project, "--no-record")
    compiled = export(project, tmp_path)
    done = run(compiled, project, tmp_path, {"n_trees": 60})
    assert done.returncode == 0, done.stdout
    assert metrics(tmp_path) == local_metrics(project, n_trees="60")


def test_what_fails_for_a_while_is_tried_again_and_what_fails_for_good_stops_the_run(tmp_path: Path) -> None:
    project = write_relay(tmp_path / "relay")
    compiled, ticket = export(project, tmp_path), tmp_path / "ticket"
    faults = {"NB2PROD_FAULTS": "fetch:raise=OSError,times=1"}
    refused = run(compiled, project, tmp_path, {"ticket": str(ticket)}, **faults)
    assert (refused.returncode, refused.stdout.count("no ticket at") > 0) == (1, True)
    [folder] = (tmp_path / "artifacts" / "runs").iterdir()
    assert (folder / "fetch.attempts").read_text() == "2"
    assert not (folder / "report.json").exists()

    ticket.touch()
    done = run(compiled, project, tmp_path, {"ticket": str(ticket)}, **faults)
    assert done.returncode == 0, done.stdout
    assert metrics(tmp_path) == local_metrics(project, ticket=str(ticket))
    [again] = [each for each in (tmp_path / "artifacts" / "runs").iterdir() if each != folder]
    cached = {path.stem: json.loads(path.read_text())["cached"] for path in again.glob("[!r]*.json")}
    assert cached["fetch"] is True  # the first run computed it
    assert cached["gate"] is False


def test_the_compiler_takes_all_that_a_pipeline_may_say(tmp_path: Path) -> None:
    (text,) = files("kfp", order(parameters={"label": "a 'b' \\ {{ c }} é"})).values()
    source = tmp_path / "churn_pipeline.py"
    source.write_text(text, encoding="utf-8")
    subprocess.run([str(python_with("kfp")), str(source)], check=True)
    found = yaml.safe_load(source.with_suffix(".yaml").read_text(encoding="utf-8"))
    tasks = found["root"]["dag"]["tasks"]
    assert {name: sorted(task.get("dependentTasks", [])) for name, task in tasks.items()} == {
        "load": [],
        "load-2": [],
        "train": ["load", "load-2"],
        "finish": ["load", "load-2", "train"],
    }
    assert tasks["load"]["retryPolicy"]["maxRetryCount"] == 3
    assert not any(task["cachingOptions"] for task in tasks.values())
    container = found["deploymentSpec"]["executors"]["exec-train"]["container"]
    assert container["image"] == "registry.example.org/churn:1"
    resources = container["resources"]
    assert (resources["resourceCpuLimit"], resources["resourceMemoryLimit"]) == ("4", "7630Mi")
    assert resources["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert "pip install" not in json.dumps(container)


def export(project: Path, folder: Path) -> Path:
    """By the nb2prod beside kfp, which has its compiler."""
    options: list[str | Path] = [
        "--artifacts",
        folder / "artifacts",
        "--image",
        "registry.example/python:1",
        "--allow-unmapped",
    ]
    nb2prod("export", project, "--to", "kfp", "-o", folder / "kubeflow", *options, python=python_with("kfp"))
    [compiled] = (folder / "kubeflow").glob("*.yaml")
    return compiled


def run(
    compiled: Path, project: Path, folder: Path, arguments: Mapping[str, object], **variables: str
) -> "subprocess.CompletedProcess[str]":
    """In a temporary folder of the test's own: its runner leaves there what it made."""
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(project / "src"), **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    script = ROOT / "tests" / "orchestrators" / "kubeflow_run.py"
    command = [python_with("kfp"), script, compiled, folder / "root", json.dumps(arguments)]
    return subprocess.run(
        list(map(str, command)),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )


def metrics(folder: Path) -> Mapping[str, Any]:
    """Those that the latest run shows in Kubeflow."""
    latest = max((folder / "root").iterdir(), key=lambda each: each.name)
    output = json.loads((latest / "finish" / "executor_output.json").read_text())
    found: Mapping[str, Any] = output["artifacts"]["metrics"]["artifacts"][0]["metadata"]
    return found
