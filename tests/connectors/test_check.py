"""`nb2prod data`: what is there, and whether it can be reached with the rights needed."""

import json

import psycopg
import pytest
from connectors.projects import CUSTOMERS, Converted
from connectors.servers import S3, Web

pytestmark = pytest.mark.slow


def checked(project: Converted) -> tuple[int, dict[str, tuple[bool, str]]]:
    done = project.nb2prod("data", "check", "--json")
    return done.code, {row["name"]: (row["fine"], row["found"]) for row in json.loads(done.said)}


def test_everything_can_be_reached_and_is_left_as_it_was(project: Converted, s3: S3, postgres_url: str) -> None:
    s3.files.pipe_file("lake/customers.csv", CUSTOMERS.encode())
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE ranking (name text, score double precision)")
        connection.execute("INSERT INTO ranking VALUES ('Ada', 1)")
    project.tables = {
        "data.customers_csv": {"url": "s3://lake/customers.csv", "options": s3.options},
        "data.scores_csv": {"url": "s3://lake/out/scores.csv", "options": s3.options},
        "outputs.ranking": {"url": postgres_url, "table": "ranking"},
    }
    code, found = checked(project)
    assert found == {
        "customers_csv": (True, "41 bytes"),
        "scores_csv": (True, "can be written"),
        "ranking": (True, "table ranking can be written"),
    }
    assert code == 0
    assert s3.objects() == ["lake/customers.csv"]
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM ranking").fetchone() == (1,)
    project.tables["outputs.ranking"]["table"] = "other"
    assert checked(project)[1]["ranking"] == (True, "table other can be made")
    listed = json.loads(project.nb2prod("data", "list", "--json").said)
    assert listed[0]["secrets"] == ["env:LAKE_KEY", "env:LAKE_SECRET"]
    assert [(row["name"], row["mode"], row["steps"]) for row in listed] == [
        ("customers_csv", "read", ["load"]),
        ("scores_csv", "write", ["write"]),
        ("ranking", "write", []),
    ]


def test_what_cannot_be_reached_is_said(project: Converted, s3: S3, web: Web, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (name text, spent double precision)")
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT SELECT ON customers TO reader")
    reader = postgres_url.replace("postgres@", "reader@")
    project.tables = {
        "data.customers_csv": {"url": f"http://{web.place}/gone.csv"},
        "data.scores_csv": {"url": "s3://no-such-bucket/scores.csv", "options": s3.options},
        "outputs.ranking": {"url": reader, "table": "customers"},
    }
    code, found = checked(project)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP OWNED BY reader")
        connection.execute("DROP ROLE reader")
    assert (code, [fine for fine, _ in found.values()]) == (1, [False, False, False]), found
    assert "the server has no such page (404)" in found["customers_csv"][1]
    assert "bucket" in found["scores_csv"][1].lower()
    assert "permission denied for table customers" in found["ranking"][1]
    shown = project.nb2prod("data", "check")
    assert shown.said.count("FAILED") == 3


def test_what_does_not_answer_is_given_up(project: Converted) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/customers.csv"
        project.tables = {"data.customers_csv": {"url": url}}
        rows = json.loads(project.nb2prod("data", "check", "--timeout", "1", "--json").said)
    assert [row["found"] for row in rows if not row["fine"]] == ["no answer in 1 s"]
