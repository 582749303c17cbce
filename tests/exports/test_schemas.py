"""What is written is what the orchestrators' own published schemas allow, and says what pipeline.toml says."""

import json
from dataclasses import replace
from importlib import import_module
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from exports.given import files, notes, order
from jsonschema import Draft7Validator

from nb2prod.errors import InvalidOption
from nb2prod.runtime.project import Settings

SECRETS = {"data": {"table": {"url": "postgresql://{env:DB_USER}:{file:/run/secrets/db}@db/churn"}}}


LOST = "asInt(lastRetry.exitCode) < 0 || asInt(lastRetry.exitCode) > 128"


def document(target: str, **given: Any) -> Any:
    made = files(target, order(**given))
    (text,) = [text for path, text in made.items() if "volume" not in path]
    return yaml.safe_load(text)


def check(kind: str, found: Any) -> None:
    schema = json.loads((resources("check_jsonschema") / f"builtin_schemas/vendor/{kind}.json").read_text())
    assert [error.message for error in Draft7Validator(schema).iter_errors(found)] == []


def late(**more: Any) -> Settings:
    return replace(order().settings, timeout=1800.0, **more)


@pytest.mark.parametrize("given", [{}, {"schedule": ""}, {"tables": SECRETS}, {"settings": late()}])
def test_kubernetes(given: dict[str, Any]) -> None:
    for text in files("kubernetes", order(**given)).values():
        kubernetes_validate.validate(yaml.safe_load(text), "1.31", strict=True)


def test_what_kubernetes_is_told() -> None:
    found = document("kubernetes", settings=replace(late(), tables=SECRETS, environment="prod"))
    spec = found["spec"]
    job = spec["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == ("0 6 * * 1-5", "Europe/Berlin", "Forbid")
    assert (job["activeDeadlineSeconds"], job["backoffLimit"], pod["restartPolicy"]) == (1860, 2, "Never")
    assert job["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"] == [2, 3, 4]
    assert container["command"] == ["python", "-m", "churn"]
    words = ["--runs", "/data/runs", "--artifacts", "s3://bucket/churn", "-p", "test_size=0.3"]
    assert container["args"] == words
    assert container["resources"]["limits"] == {"memory": "8000000000", "cpu": "4", "nvidia.com/gpu": "1"}
    assert container["env"][1:] == [
        {"name": "NB2PROD_ENV", "value": "prod"},
        {"name": "DB_USER", "valueFrom": {"secretKeyRef": {"name": "churn", "key": "DB_USER"}}},
    ]
    assert container["volumeMounts"][2] == {
        "name": "secrets",
        "mountPath": "/run/secrets/db",
        "subPath": "run-secrets-db",
        "readOnly": True,
    }
    assert (pod["securityContext"]["runAsNonRoot"], container["securityContext"]["readOnlyRootFilesystem"]) == (
        True,
        True,
    )


@pytest.mark.parametrize("given", [{}, {"schedule": ""}, {"tables": SECRETS}, {"settings": late(on_error="stop")}])
def test_argo(given: dict[str, Any]) -> None:
    """hera's models are made of Argo's schema; they drop what it does not know."""
    found = document("argo", **given)
    models = import_module("hera.workflows.models")
    read = getattr(models, found["kind"]).model_validate(found)
    assert json.loads(read.model_dump_json(by_alias=True, exclude_none=True)) == found


def test_what_argo_is_told() -> None:
    found = document("argo", settings=late(on_error="stop"))
    assert found["kind"] == "CronWorkflow"
    schedule = {key: found["spec"][key] for key in ("schedules", "timezone", "concurrencyPolicy")}
    assert schedule == {"schedules": ["0 6 * * 1-5"], "timezone": "Europe/Berlin", "concurrencyPolicy": "Forbid"}
    spec = found["spec"]["workflowSpec"]
    assert spec["arguments"]["parameters"] == [{"name": "test_size", "value": "0.3"}]
    assert spec["activeDeadlineSeconds"] == 1800
    templates = {each["name"]: each for each in spec["templates"]}
    assert templates[spec["entrypoint"]]["dag"] == {
        "failFast": True,
        "tasks": [
            {"name": "load", "template": "load"},
            {"name": "load-2", "template": "load-2"},
            {"name": "train", "template": "train", "dependencies": ["load", "load-2"]},
        ],
    }
    load = templates["load"]
    assert load["activeDeadlineSeconds"] == 180
    assert load["retryStrategy"] == {
        "limit": "3",
        "retryPolicy": "Always",
        "expression": "asInt(lastRetry.exitCode) == 75 || " + LOST,
        "backoff": {"duration": "2500ms", "factor": "2", "cap": "60000ms"},
    }
    assert templates["train"]["container"]["resources"]["requests"]["memory"] == "8000000000"
    assert load["container"]["command"] == ["python", "-m", "nb2prod.runtime.steps.alone"]
    words = "churn --run {{workflow.uid}} --artifacts s3://bucket/churn --step load"
    words += " --attempt {{=sprig.int(retries)+1}} -p test_size={{workflow.parameters.test_size}}"
    assert load["container"]["args"] == words.split()
    assert templates[spec["onExit"]]["container"]["args"][-3:] == ["--finish", *words.split()[-2:]]


@pytest.mark.parametrize("given", [{}, {"image": ""}, {"settings": replace(order().settings, tables=SECRETS)}])
def test_compose(given: dict[str, Any]) -> None:
    found = document("compose", schedule="", **given)
    check("compose-spec", found)
    (service,) = found["services"].values()
    assert service["command"] == ["--runs", "/data/runs", "--artifacts", "s3://bucket/churn", "-p", "test_size=0.3"]
    assert service["deploy"]["resources"]["limits"] == {"cpus": "4", "memory": "8000000000b"}
    assert (
        service.get("image", service.get("build")) == given.get("image", "registry.example.org/churn:1") or "/srv/churn"
    )


@pytest.mark.parametrize("given", [{}, {"schedule": ""}, {"image": ""}, {"timezone": "UTC"}, {"settings": late()}])
def test_github_actions(given: dict[str, Any]) -> None:
    found = document("github-actions", **given)
    check("github-workflows", found)
    scheduled = [] if given.get("schedule") == "" else [{"cron": "0 6 * * 1-5", "timezone": "Europe/Berlin"}]
    if given.get("timezone") == "UTC":
        scheduled = [{"cron": "0 6 * * 1-5"}]
    assert found["on"].get("schedule", []) == scheduled
    assert list(found["on"]["workflow_dispatch"]["inputs"]) == ["test_size"]
    assert found["jobs"]["pipeline"].get("timeout-minutes") == (31 if "settings" in given else None)


def test_what_cannot_be_carried_over_is_told() -> None:
    local = {"data": {"table": {"path": "data/table.csv"}}, "run": {"circuit": 5}}
    told = replace(order().settings, tables=local, on_failure="churn.tell:us")
    assert notes("argo", order(settings=told, artifacts="/srv/results")) == [
        "unsafe the artifacts in /srv/results",
        "unsafe the data table",
        "unsafe on_failure churn.tell:us",
        "[run] circuit",
    ]
    assert notes("compose", order()) == ["data, and the records of runs", "unsafe the schedule 0 6 * * 1-5"]
    assert notes("systemd", order()) == ["--image", "gpus"]
    assert notes("github-actions", order(schedule="*/2 1 * * *")) == [
        "memory, cpus, gpus",
        "the schedule",
        "the nights in which the clocks of Europe/Berlin change",
    ]
    ring = {"data": {"table": {"url": "postgresql://{keyring:db/me}@db/churn"}}}
    for target in ("argo", "compose", "github-actions", "kubernetes"):
        assert any(note.startswith("unsafe the keyring") for note in notes(target, order(tables=ring))), target


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
def test_an_image_must_be_named(target: str) -> None:
    with pytest.raises(InvalidOption, match="needs the image with the package"):
        files(target, order(image=""))


@pytest.mark.parametrize("target", ["argo", "kubernetes", "cron", "github-actions"])
def test_times_that_cron_cannot_say_are_refused(target: str) -> None:
    for fields in ("0 6 L * *", "0 6 * * 5L", "0 6 * * 1#2", "0 6 */2 * 1"):
        with pytest.raises(InvalidOption, match="cannot say"):
            files(target, order(schedule=fields))


def test_notes_stand_in_the_files(tmp_path: Path) -> None:
    text = files("kubernetes", order(tables=SECRETS, root=tmp_path))["churn.yaml"]
    (line,) = [line for line in text.splitlines() if line.startswith("# NOTE the secret churn: ")]
    assert line.endswith("kubectl create secret generic churn --from-literal=DB_USER=… --from-file=run-secrets-db=…")
