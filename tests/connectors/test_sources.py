"""A converted notebook whose data is read from files, web servers, object stores and databases computes the same."""

import json
import sqlite3
from pathlib import Path

import pandas
import psycopg
import pytest
from connectors.projects import CUSTOMERS, Converted
from connectors.servers import S3, Web

pytestmark = pytest.mark.slow
SCORES = "name,score\r\nAda,0.5494505494505495\r\nBlaise,0.14285714285714285\r\nEmmy,0.3076923076923077\r\n"
ROWS = [("Ada", 12.5), ("Blaise", 3.25), ("Emmy", 7.0)]
QUERY = "SELECT name, spent FROM customers ORDER BY name"


def in_postgres(url: str, table: str = "customers") -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE TABLE {table} (name text, spent double precision)")
        connection.cursor().executemany(f"INSERT INTO {table} VALUES (%s, %s)", ROWS)


def scores_of(project: Converted) -> str:
    return (project.workdir / "made" / "scores.csv").read_bytes().decode()


def test_without_a_url_it_reads_the_file(project: Converted) -> None:
    project.tables = {"run": {}}
    assert project.run().code == 0
    assert scores_of(project) == SCORES


@pytest.mark.parametrize("source", ["path", "file", "http", "s3", "postgres", "sqlite"])
def test_the_same_results_from_everywhere(
    source: str, project: Converted, s3: S3, web: Web, postgres_url: str, tmp_path: Path
) -> None:
    (project.workdir / "data" / "customers.csv").unlink()
    (tmp_path / "elsewhere.csv").write_text(CUSTOMERS)
    web.pages["/customers.csv"] = CUSTOMERS.encode()
    s3.files.pipe_file("lake/in/customers.csv", CUSTOMERS.encode())
    with sqlite3.connect(tmp_path / "db.sqlite") as connection:
        connection.execute("CREATE TABLE customers (name TEXT, spent REAL)")
        connection.executemany("INSERT INTO customers VALUES (?, ?)", ROWS)
    connection.close()
    if source == "postgres":
        in_postgres(postgres_url)
    table: dict[str, dict[str, object]] = {
        "path": {"path": str(tmp_path / "elsewhere.csv")},
        "file": {"url": (tmp_path / "elsewhere.csv").as_uri()},
        "http": {"url": f"http://{web.place}/customers.csv"},
        "s3": {"url": "s3://lake/in/customers.csv", "options": s3.options},
        "postgres": {"url": postgres_url, "query": QUERY},
        "sqlite": {"url": f"sqlite:///{tmp_path / 'db.sqlite'}", "table": "customers"},
    }
    project.tables = {"data.customers_csv": table[source]}
    ran = project.run()
    assert ran.code == 0, ran.said
    assert scores_of(project) == SCORES


def test_prod_reads_postgresql_and_writes_s3_and_postgresql(project: Converted, s3: S3, postgres_url: str) -> None:
    in_postgres(postgres_url)
    project.tables = {
        "data.customers_csv": {"url": postgres_url, "query": QUERY},
        "data.scores_csv": {"url": "s3://lake/out/scores.csv", "options": s3.options},
        "outputs.ranking": {"url": "s3://lake/out/ranking.json", "options": s3.options},
    }
    (project.workdir / "data" / "customers.csv").unlink()
    ran = project.run()
    assert ran.code == 0, ran.said
    assert s3.objects() == ["lake/out/ranking.json", "lake/out/scores.csv"]
    assert s3.files.cat_file("lake/out/scores.csv").decode() == SCORES
    assert [row["name"] for row in json.loads(s3.files.cat_file("lake/out/ranking.json"))] == ["Ada", "Emmy", "Blaise"]
    assert ran.steps("uncacheable")["write"] == "publishes scores_csv"
    assert list((project.workdir / "made").iterdir()) == []

    project.tables["data.scores_csv"] = {"url": postgres_url, "table": "scores"}
    for executor in ("in-process", "local"):  # what was there is replaced
        ran = project.run("--executor", executor)
        assert ran.code == 0, ran.said
    with psycopg.connect(postgres_url) as connection:
        found = connection.execute("SELECT name, score FROM scores ORDER BY name").fetchall()
    assert found == [("Ada", 0.5494505494505495), ("Blaise", 0.14285714285714285), ("Emmy", 0.3076923076923077)]


def test_what_is_unchanged_is_not_read_again_and_what_has_changed_is(project: Converted, s3: S3, web: Web) -> None:
    web.pages["/customers.csv"] = CUSTOMERS.encode()
    s3.files.pipe_file("lake/customers.csv", CUSTOMERS.encode())
    places: dict[str, dict[str, object]] = {
        "s3": {"url": "s3://lake/customers.csv", "options": s3.options},
        "http": {"url": f"http://{web.place}/customers.csv"},
    }
    for name, place in places.items():
        project.tables = {"data.customers_csv": place}
        first, second = project.run(), project.run()
        assert (first.steps("cached")["load"], second.steps("cached")["load"]) == (False, True), name
        web.pages["/customers.csv"] = changed = (CUSTOMERS + f"{name},1.0\n").encode()
        s3.files.pipe_file("lake/customers.csv", changed)
        assert project.run().steps("cached")["load"] is False, name
        assert name in scores_of(project)
    assert web.asked.count("GET /customers.csv") == 2


def test_a_table_as_parquet(project: Converted, tmp_path: Path) -> None:
    project.tables = {"outputs.ranking": {"path": "made/ranking.pkl"}}
    assert project.run().code == 0
    assert pandas.read_pickle(project.workdir / "made" / "ranking.pkl")[0]["name"] == "Ada"
    project.tables = {"outputs.ranking": {"url": str(tmp_path / "ranking.parquet")}}
    ran = project.run()
    assert (ran.code, ran.record["status"]) == (3, "failed")
    assert "result 'ranking' of pipeline 'example' could not be written to" in ran.said
    assert "parquet holds a table, and this is list: use pickle" in ran.said
