"""Definitions and schedules over REST: what is made, what is refused, and that a refusal stores nothing."""

import pytest
from rest.conftest import NOTEBOOK, Api

DAILY = {"kind": "cron", "expression": "0 6 * * 1-5", "timezone": "Europe/Berlin"}


def test_a_notebook_is_defined_by_sending_it(api: Api) -> None:
    made = api.define()
    assert (made["name"], made["version"], made["kind"], made["path"]) == ("churn", 1, "notebook", "churn.ipynb")
    assert made["parameters"][0] == {"name": "region", "annotation": "str", "default": "'EU'", "comment": "where"}
    assert api.define()["id"] == made["id"]
    assert api.define(settings={"limits": {"run": 60}})["version"] == 2
    assert [each["version"] for each in api.got("/definitions/churn/versions")["items"]] == [2, 1]
    assert api.got("/definitions/churn/versions/1") == made
    assert [each["version"] for each in api.got("/definitions", search="CHU")["items"]] == [2]
    assert api.got("/definitions", search="nothing") == {"items": [], "next": None, "total": None}


def test_a_notebook_that_cannot_be_one_is_refused(api: Api) -> None:
    order = {"name": "churn", "notebook": {"cells": 3}}
    assert "cannot read" in api.refused(422, "POST", "/definitions", order)["detail"]
    bad = api.refused(422, "POST", "/definitions", {"name": "../x", "notebook": NOTEBOOK})
    assert bad["errors"][0]["path"] == "name"
    bad = api.refused(422, "POST", "/definitions", {"filename": "../x.ipynb", "notebook": NOTEBOOK})
    assert bad["errors"][0]["path"] == "filename"
    bad = api.refused(422, "POST", "/definitions", {"notebook": NOTEBOOK, "settings": {"limits": {"runn": 3}}})
    assert bad["errors"][0]["path"] == "settings.limits.runn"
    bad = api.refused(422, "POST", "/definitions", {"notebook": NOTEBOOK, "settings": {"notify": ["ops"]}})
    assert bad["errors"][0]["path"] == "settings.notify"
    assert api.got("/definitions")["items"] == []


def test_a_schedule_lives(api: Api) -> None:
    api.define()
    answer = api("POST", "/schedules", {"name": "daily", "definition": "churn", "trigger": DAILY, "grace": 5})
    assert (answer.status_code, answer.headers["location"]) == (201, "/api/v1/schedules/daily")
    made = answer.json()
    assert made["trigger"] == DAILY
    assert (made["grace"], made["misfire"], made["paused"]) == (5, "latest", False)
    assert made["reading"] == "at 06:00 on Monday to Friday, Europe/Berlin"
    assert made["next_due"].endswith("Z")
    assert api.got("/schedules/daily") == made
    changed = api("PATCH", "/schedules/daily", {"priority": 7, "parameters": {"region": "US"}}).json()
    assert (changed["priority"], changed["parameters"], changed["grace"]) == (7, {"region": "US"}, 5)
    assert api("POST", "/schedules/daily/pause").json()["paused"]
    assert not api("POST", "/schedules/daily/resume").json()["paused"]
    assert len(api.got("/schedules/daily/next", count=3)["times"]) == 3
    run = api.made("/schedules/daily/run-now", {"by": "ann"})
    assert (run["status"], run["parameters"]) == ("queued", {"region": "US"})
    assert [each["id"] for each in api.got("/schedules/daily/history")["items"]] == [run["id"]]
    assert api("DELETE", "/schedules/daily").status_code == 204
    assert api.got("/schedules")["total"] == 0
    assert len(api.wakes) == 4  # added, changed, resumed, run now


TRIGGERS = [
    ({"kind": "cron", "expression": "61 * * * *"}, "trigger.expression", "cron"),
    ({"kind": "cron", "expression": "* * *"}, "trigger.expression", "cron"),
    ({"kind": "cron", "expression": "0 6 * * *", "timezone": "Europe/Berlni"}, "trigger.timezone", "Europe/Berlin"),
    ({"kind": "cron"}, "trigger.expression", "required"),
    ({"kind": "cron", "expression": "@daily", "zone": "UTC"}, "trigger.zone", "not permitted"),
    ({"kind": "often"}, "trigger", "cron"),
    ({"kind": "every", "seconds": 0}, "trigger.seconds", "greater than 0"),
    ({"kind": "once", "at": "2020-01-01T00:00:00Z"}, "trigger.at", "past"),
    ({"kind": "once", "at": "2099-01-01T00:00:00"}, "trigger.at", "offset"),
    ({"kind": "after", "schedule": "bad"}, "trigger.schedule", "itself"),
    ({"kind": "after", "schedule": "nobody"}, "trigger.schedule", "nobody"),
]


@pytest.mark.parametrize(("trigger", "path", "told"), TRIGGERS)
def test_a_bad_trigger_is_refused_with_its_field_and_nothing_is_stored(
    api: Api, trigger: object, path: str, told: str
) -> None:
    api.define()
    problem = api.refused(422, "POST", "/schedules", {"name": "bad", "definition": "churn", "trigger": trigger})
    assert problem["errors"][0]["path"] == path, problem
    assert told in problem["errors"][0]["message"]
    assert api.got("/schedules")["total"] == 0
    assert [event.kind for event in api.store.events()] == []
    assert api.wakes == []


def test_bad_parameters_and_policies_are_refused_with_their_fields(api: Api) -> None:
    api.define()

    def paths(**more: object) -> list[str]:
        order = {"name": "bad", "definition": "churn", "trigger": DAILY, **more}
        return [error["path"] for error in api.refused(422, "POST", "/schedules", order)["errors"]]

    assert paths(parameters={"regoin": "EU", "limit": "many"}) == ["parameters.regoin", "parameters.limit"]
    assert paths(parameters={"import os": 1}) == ["parameters"]
    assert paths(overlap="sometimes") == ["overlap"]
    assert paths(grace=-1) == ["grace"]
    assert paths(start_at="2030-01-02T00:00:00Z", end_at="2030-01-01T00:00:00Z") == ["end_at"]
    assert paths(colour="red") == ["colour"]
    assert api.got("/schedules")["total"] == 0


def test_what_is_not_there_is_told_with_the_closest_names(api: Api) -> None:
    api.define()
    api.made("/schedules", {"name": "daily", "definition": "churn", "trigger": DAILY})
    assert "did you mean 'daily'?" in api.refused(404, "GET", "/schedules/dayly")["detail"]
    order = {"name": "x", "definition": "chrun", "trigger": DAILY}
    assert "did you mean 'churn'?" in api.refused(404, "POST", "/schedules", order)["detail"]
    api.refused(409, "POST", "/schedules", {"name": "daily", "definition": "churn", "trigger": DAILY})
    follower = {"name": "later", "definition": "churn", "trigger": {"kind": "after", "schedule": "daily"}}
    api.made("/schedules", follower)
    assert "later runs after it" in api.refused(409, "DELETE", "/schedules/daily")["detail"]
    api.refused(404, "GET", "/nothing")


def test_schedules_come_in_pages(api: Api) -> None:
    api.define()
    for number in range(7):
        api.made("/schedules", {"name": f"s{number}", "definition": "churn", "trigger": DAILY})
    names: list[list[str]] = []
    after: str | None = ""
    for _ in range(3):
        page = api.got("/schedules", limit=3, after=after)
        names.append([each["name"] for each in page["items"]])
        after = page["next"]
    assert names == [["s0", "s1", "s2"], ["s3", "s4", "s5"], ["s6"]]
    assert page["total"] == 7
    assert after is None
    api.refused(422, "GET", "/schedules", params={"limit": 501})


def test_cron_is_read_aloud(api: Api) -> None:
    found = api("POST", "/cron/describe", {"expression": "0 6 * * 1-5", "timezone": "Europe/Berlin"}).json()
    assert found["reading"] == "at 06:00 on Monday to Friday, Europe/Berlin"
    assert len(found["times"]) == 5
    bad = api.refused(422, "POST", "/cron/describe", {"expression": "0 25 * * *"})
    assert bad["errors"][0]["path"] == "expression"


def test_a_list_says_what_each_schedule_runs_and_how_it_went_last(api: Api) -> None:
    api.define()
    for name in ("daily", "weekly"):
        api.made("/schedules", {"name": name, "definition": "churn", "trigger": DAILY})
    api.made("/schedules/daily/run-now")
    last = api.made("/schedules/daily/run-now")
    api.define(settings={"limits": {"run": 60}})
    daily, weekly = api.got("/schedules")["items"]
    assert (daily["definition"], daily["version"], daily["last_run"]["id"]) == ("churn", 1, last["id"])
    assert (weekly["definition"], weekly["last_run"]) == ("churn", None)
