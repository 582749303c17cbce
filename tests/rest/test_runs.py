"""Runs over REST: submitted once, followed, cancelled, and what they gave."""

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any  # JSON

from rest.conftest import Api

from nb2prod.model.job import Failure, FailureKind, RunStatus


def submit(api: Api, key: str = "", **parameters: object) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return api("POST", "/runs", {"definition": "churn", "parameters": parameters}, headers=headers)


def test_a_run_is_submitted_and_shown(api: Api) -> None:
    api.define()
    answer = submit(api, region="US", password={"secret": "env:DB"})
    run = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1/runs/{run['id']}")
    assert (run["status"], run["reason"], run["attempt"]) == ("queued", "manual", 0)
    assert run["parameters"] == {"region": "US", "password": {"secret": "env:DB"}}
    (claimed,) = api.store.claim("w", lease=60)
    api.store.finish(claimed.id, 1, RunStatus.FAILED, Failure(kind=FailureKind.CELL_ERROR, message="boom", cell=2))
    shown = api.got(f"/runs/{run['id']}")
    assert (shown["run"]["status"], shown["run"]["failure"]["message"]) == ("failed", "boom")
    assert (shown["definition"]["name"], shown["schedule"]) == ("churn", None)
    assert [each["status"] for each in shown["attempts"]] == ["failed"]
    again = api.made(f"/runs/{run['id']}/retry")
    assert (again["parameters"], again["cause"]) == (run["parameters"], run["id"])
    assert "only a run that has ended" in api.refused(409, "POST", f"/runs/{again['id']}/retry")["detail"]


def test_bad_parameters_are_refused_and_nothing_is_stored(api: Api) -> None:
    api.define()
    bad = api.refused(422, "POST", "/runs", {"definition": "churn", "parameters": {"regoin": "US", "limit": "x"}})
    assert [error["path"] for error in bad["errors"]] == ["parameters.regoin", "parameters.limit"]
    assert "did you mean 'region'?" in bad["errors"][0]["message"]
    assert api.got("/runs")["items"] == []


def test_an_idempotency_key_under_fifty_submissions_is_one_run(api: Api) -> None:
    api.define()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: submit(api, "key-1", region="US"), range(50)))
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len(api.got("/runs")["items"]) == 1
    assert len(api.wakes) == 1
    headers = {"Idempotency-Key": "key-1"}
    api.refused(409, "POST", "/runs", {"definition": "churn", "parameters": {"region": "EU"}}, headers=headers)


def test_runs_are_listed_by_what_they_are_in_pages(api: Api) -> None:
    api.define()
    ids = [submit(api, limit=number).json()["id"] for number in range(5)]
    api("POST", f"/runs/{ids[0]}/cancel", {"by": "ann"})
    first = api.got("/runs", limit=2)
    second = api.got("/runs", limit=2, before=first["next"])
    assert [run["id"] for run in first["items"] + second["items"]] == ids[:0:-1]
    assert [run["id"] for run in api.got("/runs", status=["cancelled", "failed"])["items"]] == ids[:1]
    assert len(api.got("/runs", definition="churn")["items"]) == 5
    api.refused(422, "GET", "/runs", params={"status": "dead"})
    api.refused(404, "GET", "/runs", params={"schedule": "nobody"})


def test_cancel_tells_who_asked(api: Api) -> None:
    api.define()
    queued, running = submit(api, limit=1).json(), submit(api, limit=2).json()
    api.store.claim("w", lease=60, run_id=running["id"])
    cancelled = api("POST", f"/runs/{queued['id']}/cancel", {"by": "ann"}).json()
    told = api("POST", f"/runs/{running['id']}/cancel").json()
    assert (cancelled["status"], cancelled["cancel_requested"]) == ("cancelled", "ann")
    assert (told["status"], told["cancel_requested"]) == ("running", "the REST interface")
    api.refused(404, "POST", "/runs/nobody/cancel")


def test_events_are_waited_for(api: Api) -> None:
    api.define()
    run = submit(api).json()["id"]
    page = api.got(f"/runs/{run}/events")
    assert [event["kind"] for event in page["items"]] == ["run.queued"]
    threading.Timer(0.4, lambda: api.store.claim("w", lease=60)).start()
    began = time.monotonic()
    more = api.got(f"/runs/{run}/events", after=page["next"], wait=30)
    assert more["items"][0]["attempt"] == 1
    assert 0.3 < time.monotonic() - began < 20
    api.store.finish(run, 1, RunStatus.COMPLETED)
    last = api.got(f"/runs/{run}/events", after=more["next"])["next"]
    assert api.got(f"/runs/{run}/events", after=last, wait=10)["items"] == []  # nothing can come any more
    api.refused(404, "GET", "/runs/nobody/events")


def test_events_are_streamed_until_the_run_has_ended(api: Api) -> None:
    api.define()
    run = submit(api).json()["id"]
    (claimed,) = api.store.claim("w", lease=60)
    threading.Timer(0.4, lambda: api.store.finish(run, 1, RunStatus.COMPLETED)).start()
    with api.client.stream("GET", f"/runs/{run}/events", headers={"Accept": "text/event-stream"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = "".join(answer.iter_text())
    kinds = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("event: ")]
    assert (kinds[0], kinds[-2], kinds[-1]) == ("run.queued", "run.completed", "end")
    first = json.loads(next(line for line in text.splitlines() if line.startswith("data: ")).partition(": ")[2])
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(first["id"])}
    assert "run.queued" not in api("GET", f"/runs/{run}/events", headers=headers).text
    assert claimed.id == run


def test_an_artifact_is_given_as_the_run_wrote_it_and_nothing_else(api: Api, tmp_path: Path) -> None:
    api.define()
    run = submit(api).json()["id"]
    api.store.claim("w", lease=60)
    report = tmp_path / "out" / "report.html"
    report.parent.mkdir()
    report.write_bytes(b"<p>10</p>" * 300_000)
    content = report.read_bytes()
    known = {"name": "report.html", "kind": "html", "url": f"file://{report}"}
    digest = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    api.store.add_artifact(run_id=run, attempt=1, **known, **digest)  # type: ignore[arg-type]
    (listed,) = api.got(f"/runs/{run}/artifacts")["items"]
    assert (listed["name"], listed["size"]) == ("report.html", len(content))
    answer = api("GET", f"/runs/{run}/artifacts/report.html")
    assert answer.content == content
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''report.html"
    assert (answer.headers["x-content-type-options"], answer.headers["content-security-policy"]) == (
        "nosniff",
        "sandbox",
    )
    problem = api.refused(404, "GET", f"/runs/{run}/artifacts/reprot.html")
    assert "did you mean 'report.html'?" in problem["detail"]
    for name in ("../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", str(report)):
        assert api("GET", f"/runs/{run}/artifacts/{name}").status_code == 404
    report.unlink()
    report.symlink_to("/etc/passwd")
    api.refused(409, "GET", f"/runs/{run}/artifacts/report.html")
    report.unlink()
    api.refused(404, "GET", f"/runs/{run}/artifacts/report.html")
    api.refused(404, "GET", f"/runs/{run}/artifacts/report.html", params={"attempt": 2})


def test_a_batch_is_checked_whole_submitted_once_and_cancelled(api: Api) -> None:
    api.define()
    rows: list[Mapping[str, object]] = [{"region": "EU"}, {"region": "US", "limit": 3}]
    bad = api.refused(422, "POST", "/batches", {"definition": "churn", "rows": [*rows, {"regoin": 1}]})
    assert bad["errors"][0]["path"] == "rows.2"
    assert api.got("/runs")["items"] == []
    order = {"definition": "churn", "rows": rows, "common": {"limit": 1}}
    batch = api.made("/batches", order)
    assert (batch["rows"], batch["counts"]) == (2, {"queued": 2})
    assert api("POST", "/batches", order).status_code == 200
    page = api.got(f"/batches/{batch['name']}/rows", limit=1)
    assert (page["items"][0]["run"]["parameters"], page["next"]) == ({"limit": 1, "region": "EU"}, "1")
    assert api("POST", f"/batches/{batch['name']}/cancel").json()["counts"] == {"cancelled": 2}
    assert api("POST", f"/batches/{batch['name']}/resume").json()["counts"] == {"queued": 2}
    api.refused(404, "GET", "/batches/nobody")


def test_pools_are_limited(api: Api) -> None:
    assert api("PUT", "/pools/small", {"limit": 2}).json() == {"name": "small", "limit": 2, "running": 0, "queued": 0}
    assert {"name": "small", "limit": 2, "running": 0, "queued": 0} in api.got("/pools")["items"]
    assert api.refused(422, "PUT", "/pools/small", {"limit": -1})["errors"][0]["path"] == "limit"
    assert api("PUT", "/pools/small", {"limit": None}).json()["limit"] is None


def test_channels_are_kept_with_their_secrets_by_reference(api: Api) -> None:
    hook = {"url": "https://example.com/hook", "signing_key": {"secret": "env:KEY"}}
    made = api("PUT", "/channels/ops", {"kind": "webhook", "settings": hook, "events": ["failed", "late"]}).json()
    assert (made["settings"], made["events"]) == (hook, ["run.failed", "run.late"])
    assert api.got("/channels")["items"] == [made]
    assert api.got("/channels/ops") == made
    bad = api.refused(422, "PUT", "/channels/ops", {"kind": "webhook", "settings": {**hook, "signing_key": "plain"}})
    assert bad["errors"][0]["path"] == "settings.signing_key"
    bad = api.refused(422, "PUT", "/channels/ops", {"kind": "webhook", "settings": hook, "body": "{run.idd}"})
    assert bad["errors"][0]["path"] == "body"
    assert api("DELETE", "/channels/ops").status_code == 204
    api.refused(404, "GET", "/channels/ops")


def test_daemons_that_were_heard_of_are_listed(api: Api) -> None:
    api.store.daemon_beat("here-1", "here", 17)
    (daemon,) = api.got("/daemons")["items"]
    assert (daemon["name"], daemon["host"], daemon["pid"]) == ("here-1", "here", 17)


def test_a_list_says_what_each_run_was_of(api: Api) -> None:
    api.define()
    api.made("/runs", {"definition": "churn"})
    trigger = {"kind": "cron", "expression": "0 6 * * 1-5"}
    api.made("/schedules", {"name": "daily", "definition": "churn", "trigger": trigger})
    api.made("/schedules/daily/run-now")
    of = [(run["definition"], run["version"], run["schedule"]) for run in api.got("/runs")["items"]]
    assert of == [("churn", 1, "daily"), ("churn", 1, "")]
    api("DELETE", "/schedules/daily")
    assert [run["schedule"] for run in api.got("/runs")["items"]] == ["", ""]
