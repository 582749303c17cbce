"""Who may ask, by which name, how much at once; and that what is told to all tells no secrets."""

import json
import stat
from pathlib import Path

import pytest
from rest.conftest import TOKEN, Api

from nb2prod.rest.security import LARGEST, TokenRefused, read_token


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN])
def test_without_the_token_nothing_is_told(api: Api, header: str) -> None:
    for path in ("/schedules", "/runs/x/artifacts/y", "http://127.0.0.1/metrics"):
        problem = api.refused(401, "GET", path, headers={"Authorization": header})
        assert TOKEN not in json.dumps(problem)
    assert api("GET", "http://127.0.0.1/healthz", headers={"Authorization": header}).status_code == 200


def test_another_name_for_loopback_is_refused(api: Api) -> None:
    for host in ("evil.example.com", "evil.example.com:8787", "127.0.0.1.evil.example.com", ""):
        api.refused(421, "GET", "/schedules", headers={"Host": host})
    for host in ("127.0.0.1:8787", "LOCALHOST"):
        assert api("GET", "/schedules", headers={"Host": host}).status_code == 200


def test_a_page_of_another_site_is_refused_and_told_nothing_by_cors(api: Api) -> None:
    api.refused(403, "GET", "/schedules", headers={"Origin": "https://evil.example.com"})
    api.refused(403, "POST", "/runs", headers={"Origin": "null"})
    answer = api("GET", "/schedules", headers={"Origin": "http://127.0.0.1:8787"})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_request_that_is_too_large_is_refused(api: Api) -> None:
    body = {"definition": "churn", "parameters": {"region": "x" * LARGEST}}
    assert "2 MB" in api.refused(413, "POST", "/runs", body)["detail"]


def test_what_is_no_json_is_refused(api: Api) -> None:
    answer = api.client.post("/runs", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'data' / 'store.db'}"
    made = read_token("", store, "127.0.0.1")
    assert made.place == str(tmp_path / "data" / "rest-token")
    assert stat.S_IMODE(Path(made.place).stat().st_mode) == 0o600
    assert len(made.value) > 40
    assert read_token("", store, "127.0.0.1").value == made.value
    assert made.allows(made.value)
    assert not made.allows("")
    Path(made.place).chmod(0o644)
    with pytest.raises(TokenRefused, match="others can read the token"):
        read_token("", store, "127.0.0.1")


def test_where_a_token_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    assert read_token(f"file:{path}", "x.db", "0.0.0.0").value == TOKEN
    assert read_token("env:T", "x.db", "0.0.0.0", {"T": TOKEN}).value == TOKEN
    assert read_token("none", "x.db", "::1").allows("")
    for source, told in (
        ("none", "0.0.0.0 can be reached from other machines, and there is no token"),
        ("env:T", "the environment's T has no token of 16 or more"),
        ("file:/no/such", "the token in /no/such cannot be read"),
        ("s3cret", "write env:NAME, file:PATH or none"),
    ):
        with pytest.raises(TokenRefused, match=told):
            read_token(source, "x.db", "0.0.0.0", {})
