"""Staging by itself: what a step is given, what is looked at, and what is published."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pandas
import psycopg
import pytest
from connectors.servers import Web

from nb2prod.runtime.data.outgoing import publish
from nb2prod.runtime.data.staging import DataChanged, Staging, staged
from nb2prod.runtime.errors import OutputNotWritten, ProjectError
from nb2prod.runtime.project import Settings

TEXT = "name,spent\nAda,1.5\n"


def settings_of(folder: Path, **tables: Any) -> Settings:
    return Settings(package="p", name="p", root=folder, workdir=folder, runs=folder / "runs", tables=tables)


def with_data(
    folder: Path, does: Callable[[Staging, Path], object], path: str = "data/x.csv", **table: Any
) -> tuple[Any, tuple[str, ...]]:
    settings = settings_of(folder, data={"x_csv": {"path": path, **table}})
    with staged(settings, "load", {"n": 1, "x_csv": path}, folder / "staged") as staging:
        found = does(staging, Path(str(staging.inputs["x_csv"])))
        published = staging.publish()
    assert not (folder / "staged").exists()
    return found, published


def read(_: Staging, path: Path) -> str:
    return path.read_text()


def used(staging: Staging, _: Path) -> str:
    return staging.used["x_csv"]


def writing(text: str) -> Callable[[Staging, Path], object]:
    return lambda _, path: path.write_text(text)


def test_a_step_without_data_costs_nothing(tmp_path: Path) -> None:
    inputs: dict[str, object] = {"a": object(), "x_csv": "data/x.csv"}
    for tables in ({}, {"data": {"x_csv": {"path": "data/x.csv"}, "other": {"path": "x"}}}):
        with staged(settings_of(tmp_path, **tables), "load", inputs, tmp_path / "staged") as staging:
            assert (dict(staging.inputs), dict(staging.used), staging.publish()) == (inputs, {}, ())


def test_another_path_is_given_as_it_stands(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, data={"x_csv": {"path": "data/other.csv"}})
    with staged(settings, "load", {"x_csv": "data/x.csv"}, tmp_path / "staged") as staging:
        assert staging.inputs == {"x_csv": "data/other.csv"}
        assert staging.used.keys() == {"x_csv"}


def test_a_local_file_is_read_where_it_is_and_written_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXT)
    assert with_data(tmp_path, lambda _, path: path, url="a.csv") == (tmp_path / "a.csv", ())
    _, published = with_data(tmp_path, writing("new"), url="out/b.csv", mode="write")
    assert (published, (tmp_path / "out" / "b.csv").read_text()) == (("x_csv",), "new")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.csv"]
    with pytest.raises(FileNotFoundError, match="there is no") as caught:
        with_data(tmp_path, read, url="gone.csv")
    assert caught.value.__notes__ == ["data 'x_csv' of step 'load' could not be read from gone.csv"]


def test_what_is_read_and_written_is_published_only_when_it_changed(tmp_path: Path) -> None:
    for url in (f"memory://{tmp_path.name}/x.csv", f"local://{tmp_path}/deep/x.csv", "deep/er/x.csv"):
        changes_are_published(tmp_path, url)
    assert sorted(path.name for path in (tmp_path / "deep").rglob("*")) == ["er", "x.csv", "x.csv"]


def changes_are_published(tmp_path: Path, url: str) -> None:
    assert with_data(tmp_path, lambda _, path: path.exists(), url=url, mode="update") == (False, ())
    assert with_data(tmp_path, writing("one"), url=url, mode="update")[1] == ("x_csv",)
    assert with_data(tmp_path, read, url=url, mode="update") == ("one", ())
    assert with_data(tmp_path, writing("two"), url=url, mode="update")[1] == ("x_csv",)
    assert with_data(tmp_path, read, url=url, mode="read") == ("two", ())
    if "://" in url:  # a file of this machine is read where it is
        assert with_data(tmp_path, writing("three"), url=url, mode="read")[1] == ()
        assert with_data(tmp_path, read, url=url, mode="read") == ("two", ())


def test_a_parameter_can_be_data(tmp_path: Path) -> None:
    """It has no path of its own; the file has the name of what was fetched."""
    settings = settings_of(tmp_path, data={"source": {"url": f"memory://{tmp_path.name}/in/orders.csv.gz"}})
    with fsspec.open(f"memory://{tmp_path.name}/in/orders.csv.gz", "wb") as file:
        file.write(b"x")
    with staged(settings, "load", {"source": "local.csv"}, tmp_path / "staged") as staging:
        path = Path(str(staging.inputs["source"]))
        assert (path.name, path.read_bytes()) == ("orders.csv.gz", b"x")


def test_a_url_that_is_a_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'db.sqlite'}")
    assert with_data(tmp_path, writing("a\n1\n"), url="{env:DATABASE_URL}", table="t", mode="write")[1] == ("x_csv",)
    assert with_data(tmp_path, read, url="{env:DATABASE_URL}", table="t")[0] == "a\n1\n"
    with pytest.raises(ProjectError, match="needs the format that the step expects: csv, parquet"):
        with_data(tmp_path, read, path="x.xyz", url="{env:DATABASE_URL}", table="t")


def test_a_folder(tmp_path: Path) -> None:
    def write_parts(_: Staging, path: Path) -> None:
        path.mkdir()
        (path / "part=1").mkdir()
        (path / "part=1" / "x.csv").write_text("one")

    for url in (f"memory://{tmp_path.name}/folder", "folder", f"local://{tmp_path}/remote"):
        with_data(tmp_path, write_parts, path="made/x.dir", url=url, mode="write")
        with_data(tmp_path, write_parts, path="made/x.dir", url=url, mode="write")
        found, _ = with_data(tmp_path, lambda _, path: (path / "part=1" / "x.csv").read_text(), path="d.dir", url=url)
        assert found == "one"


def test_what_is_written_beside_the_path_is_an_error(tmp_path: Path) -> None:
    def misplaced(_: Staging, path: Path) -> None:
        path.with_suffix(".npy").write_text("x")

    with pytest.raises(FileNotFoundError, match=r"step 'load' wrote x\.npy beside x\.csv, which alone has"):
        with_data(tmp_path, misplaced, url="out.csv", mode="write")


def test_a_web_page_with_a_password(tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/x.csv"] = TEXT.encode()
    web.password = "s3cret/word"
    monkeypatch.setenv("PASSWORD", web.password)
    url = f"http://reader:{{env:PASSWORD}}@{web.place}/x.csv"
    assert with_data(tmp_path, read, url=url) == (TEXT, ())
    first, again = with_data(tmp_path, used, url=url)[0], with_data(tmp_path, used, url=url)[0]
    web.pages["/x.csv"] += b"Emmy,2\n"
    changed = with_data(tmp_path, used, url=url)[0]
    web.tags = False
    plain, plain_again = with_data(tmp_path, used, url=url)[0], with_data(tmp_path, used, url=url)[0]
    web.pages["/x.csv"] += b"Blaise,3\n"
    assert first == again != changed != plain == plain_again != with_data(tmp_path, used, url=url)[0]
    monkeypatch.setenv("PASSWORD", "wrong")
    with pytest.raises(PermissionError, match=r"the server refuses it \(401"):
        with_data(tmp_path, read, url=url)


def test_what_changes_while_it_is_read_is_not_used(tmp_path: Path, web: Web) -> None:
    web.pages["/x.csv"] = b"old"
    settings = settings_of(tmp_path, data={"x_csv": {"path": "x.csv", "url": f"http://{web.place}/x.csv"}})
    with staged(settings, "load", {"x_csv": "x.csv"}, tmp_path / "staged") as staging:
        assert staging.used
        web.pages["/x.csv"] = b"new"
        with pytest.raises(DataChanged, match=r"data 'x_csv' at http://.* changed while it was read"):
            _ = staging.inputs


def test_a_database_gives_what_a_csv_would(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite'}"
    with sqlite3.connect(tmp_path / "db.sqlite") as connection:
        connection.execute("CREATE TABLE t (id TEXT, spent REAL, visits INTEGER, day TEXT)")
        rows = [("007", 0.1, 3, "2026-01-01 10:30:00"), ("b,c", None, None, None)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
    connection.close()
    text, _ = with_data(tmp_path, read, url=url, table="t")
    assert text == 'id,spent,visits,day\n007,0.1,3,2026-01-01 10:30:00\n"b,c",,,\n'
    query = "SELECT id, '10:30' AS at FROM t WHERE day LIKE '%10:30%'"
    assert with_data(tmp_path, read, url=url, query=query)[0] == "id,at\n007,10:30\n"
    with_data(tmp_path, lambda _, path: path.write_text(text.replace("007", "008")), url=url, table="t", mode="write")
    assert with_data(tmp_path, read, url=url, table="t")[0] == text.replace("007", "008")
    with_data(tmp_path, writing("other,columns\n1,2\n"), url=url, table="t", mode="write")
    with_data(tmp_path, writing("other,columns\n3,4\n"), url=url, table="t", mode="write", if_exists="append")
    assert with_data(tmp_path, read, url=url, table="t")[0] == "other,columns\n1,2\n3,4\n"
    frame, _ = with_data(tmp_path, lambda _, path: pandas.read_parquet(path), path="x.parquet", url=url, table="t")
    assert frame.to_dict("list") == {"other": [1, 3], "columns": [2, 4]}


@pytest.mark.slow
def test_a_csv_goes_into_the_columns_that_a_table_has(tmp_path: Path, postgres_url: str) -> None:
    code = "8d2b2f0e-5d53-4b0c-a5a4-1c1a2b3c4d5e"
    with psycopg.connect(postgres_url) as connection:
        columns = "id integer, name text, day date, at timestamp, fine boolean, amount numeric(10, 2), code uuid"
        connection.execute(f"CREATE SCHEMA sales; CREATE TABLE sales.t ({columns}); GRANT SELECT ON sales.t TO PUBLIC")
    text = f"id,name,day,at,fine,amount,code\n7,007,2026-01-31,2026-01-31 10:30:00,True,12.50,{code}\n8,,,,,,\n"
    for _ in range(2):
        with_data(tmp_path, writing(text), url=postgres_url, table="sales.t", mode="write")
    assert with_data(tmp_path, read, url=postgres_url, table="sales.t")[0] == text
    with psycopg.connect(postgres_url) as connection:
        granted = (
            "SELECT count(*) FROM information_schema.table_privileges WHERE grantee = 'PUBLIC' AND table_name = 't'"
        )
        assert connection.execute(granted).fetchone() == (1,)


def test_a_table_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite'}"
    with sqlite3.connect(tmp_path / "db.sqlite") as connection:
        connection.execute("CREATE TABLE t (a INTEGER CHECK (a < 10))")
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    with pytest.raises(Exception, match="CHECK constraint failed"):
        with_data(tmp_path, writing("a\n5\n50\n"), url=url, table="t", mode="write")
    assert with_data(tmp_path, read, url=url, table="t")[0] == "a\n1\n"


def test_an_address_that_the_step_opens_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "s3cret/word")
    url, path = "postgresql://etl:{env:PASSWORD}@host/db", "postgresql://host/db"
    settings = settings_of(tmp_path, data={"db_url": {"path": path, "url": url, "mode": "connect"}})
    with staged(settings, "load", {"db_url": path}, tmp_path / "staged") as staging:
        assert staging.inputs["db_url"] == "postgresql://etl:s3cret%2Fword@host/db"
        assert staging.hide("cannot reach postgresql://etl:s3cret%2Fword@host/db") == (
            "cannot reach postgresql://etl:***@host/db"
        )
        assert "s3cret" not in str(staging.used)


def test_random_numbers_are_not_drawn_by_what_fetches(tmp_path: Path, web: Web) -> None:
    web.pages["/x.csv"] = TEXT.encode()
    random.seed(3)
    with_data(tmp_path, lambda *_: None, url=f"http://{web.place}/x.csv")
    drawn = random.random()
    random.seed(3)
    assert drawn == random.random()


def test_results_go_where_they_are_wanted(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "007"]})
    series = pandas.Series([1.5, 2.5], index=pandas.Index(["p", "q"], name="k"), name="v")
    names = ["t.csv", "t.parquet", "t.feather", "t.json", "t.pkl", "deep/t.csv.gz"]
    for name in names:
        assert publish({"t": frame, "s": 1}, settings_of(tmp_path, outputs={"t": {"path": name}})) == {"t": name}
    readers: list[Any] = [
        pandas.read_csv,
        pandas.read_parquet,
        pandas.read_feather,
        pandas.read_json,
        pandas.read_pickle,
    ]
    for name, reader in zip(names, [*readers, pandas.read_csv], strict=True):
        found = reader(tmp_path / name)
        assert found["a"].tolist() == [1, 2], name
        assert [str(value).rjust(3, "0") for value in found["b"]] == ["00x", "007"], name
    table = {"url": f"sqlite:///{tmp_path / 'db.sqlite'}", "table": "t"}
    publish({"t": series}, settings_of(tmp_path, outputs={"t": table}))
    with sqlite3.connect(tmp_path / "db.sqlite") as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [("p", 1.5), ("q", 2.5)]
    connection.close()
    with pytest.raises(ProjectError, match=r"\[outputs.u\] is no result of the pipeline; there are t"):
        publish({"t": frame}, settings_of(tmp_path, outputs={"u": {"path": "u.csv"}}))
    with pytest.raises(OutputNotWritten, match="goes to a database, and a list is no table"):
        publish({"t": [1]}, settings_of(tmp_path, outputs={"t": table}))
