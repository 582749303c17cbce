"""The OpenAPI document: whole, and true of what the routes answer. /healthz and /metrics."""

from typing import Any  # JSON

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from rest.conftest import DAILY_TRIGGER, Api

from nb2prod.model.job import Failure, FailureKind, RunStatus
from nb2prod.rest.app import create_app
from nb2prod.rest.security import Token


def document(api: Api) -> Any:
    return api("GET", "/openapi.json", headers={"Authorization": ""}).json()


def operations(api: Api) -> list[tuple[str, str, Any]]:
    paths = document(api)["paths"]
    return [(path, method, paths[path][method]) for path in paths for method in paths[path]]


def test_each_operation_says_what_it_does_what_it_gives_and_who_may(api: Api) -> None:
    found = operations(api)
    assert len(found) > 35
    for path, method, operation in found:
        where = f"{method} {path}"
        assert len(operation["summary"]) > 8, where
        assert operation["tags"], where
        good = [status for status in operation["responses"] if status.startswith("2")]
        assert good, where
        for status in good:
            content = operation["responses"][status].get("content", {})
            assert status == "204" or "schema" in content.get("application/json", {}) or _is_stream(content), where
        assert path == "/healthz" or operation["security"] == [{"HTTPBearer": []}], where
        assert path == "/healthz" or "401" in operation["responses"], where
    identifiers = [operation["operationId"] for _, _, operation in found]
    assert len(set(identifiers)) == len(identifiers)


def _is_stream(content: Any) -> bool:
    return bool({"application/octet-stream", "text/plain", "text/event-stream"} & content.keys())


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "%00", "ü", "a" * 101, "1e400", "' OR 1=1 --"])
def test_no_path_or_query_makes_a_fault(api: Api, value: str) -> None:
    """Each GET, with odd values in all of its places: an answer that the document knows."""
    for path, method, operation in operations(api):
        if method != "get" or path.endswith(("healthz", "metrics")):
            continue
        for each in operation.get("parameters", []):
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", value or "-")
        query = {each["name"]: value for each in operation.get("parameters", []) if each["in"] == "query"}
        for given in ({}, query):
            answer = api("GET", f"http://127.0.0.1{path}", params=given)
            assert str(answer.status_code) in operation["responses"], (path, given, answer.text)


@pytest.mark.parametrize("body", [None, [], "x", 7, {}, {"name": 7}, {"rows": "x"}, {"notebook": []}, {"limit": 1e400}])
def test_no_body_makes_a_fault(api: Api, body: object) -> None:
    for path, method, operation in operations(api):
        if method in ("post", "put", "patch") and "requestBody" in operation:
            path = path.replace("{name}", "x").replace("{run_id}", "x")
            answer = api(method.upper(), f"http://127.0.0.1{path}", None if body == {"limit": 1e400} else body)
            assert str(answer.status_code) in operation["responses"], (path, answer.text)


def test_examples_of_the_document_can_be_sent(api: Api) -> None:
    api.define()
    order = {"name": "e", "definition": "churn", "trigger": DAILY_TRIGGER, "parameters": {"region": "EU"}}
    assert api.made("/schedules", order)["name"] == "e"
    schemas = document(api)["components"]["schemas"]
    assert schemas["RunIn"]["properties"]["definition"]["examples"] == ["churn"]
    assert schemas["CronIn"]["properties"]["expression"]["examples"] == ["0 6 * * 1-5"]


def test_figures_are_told_in_prometheus_own_format(api: Api) -> None:
    api.define()
    api.made("/schedules", {"name": "d", "definition": "churn", "trigger": DAILY_TRIGGER})
    for number in range(3):
        api.made("/runs", {"definition": "churn", "parameters": {"limit": number}})
    (run,) = api.store.claim("w", lease=60)
    api.store.finish(run.id, 1, RunStatus.FAILED, Failure(kind=FailureKind.CELL_ERROR, message="boom"))
    answer = api("GET", "http://127.0.0.1/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["nb2prod_runs", "queued"] == 2
    assert samples["nb2prod_runs", "failed"] == 1
    assert samples["nb2prod_queue_length",] == 2
    assert samples["nb2prod_schedules", "active"] == 1
    assert samples["nb2prod_attempts_lost",] == 0
    assert samples["nb2prod_notifications", "pending"] == 0
    assert samples["nb2prod_due_lag_seconds",] == 0
    assert 0 <= samples["nb2prod_queue_wait_seconds",] < 60


def test_health_is_the_stores_and_the_loops(api: Api) -> None:
    answer = api("GET", "http://127.0.0.1/healthz")
    assert answer.json() == {"status": "ok", "store": "ok", "scheduler": "ok"}


def test_a_loop_that_is_silent_is_no_health(api: Api) -> None:
    for alive, told, status in ((lambda: False, "silent", 503), (None, "elsewhere", 200)):
        app = create_app(api.store.url, token=Token(""), alive=alive)
        with TestClient(app) as client:
            answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["scheduler"]) == (status, told)
