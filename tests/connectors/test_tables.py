"""What pipeline.toml says of data, and references in the place of secrets: checked before anything is opened."""

from pathlib import Path
from typing import Any

import pytest

from nb2prod.runtime.data.references import Resolved, resolve
from nb2prod.runtime.data.tables import data_of, format_by_name, outputs_of
from nb2prod.runtime.errors import ProjectError

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nowhere": ({}, "says nowhere where it is"),
    "unknown": ({"path": "x.csv", "uri": "s3://b/x"}, "uri is not known; there are format, if_exists, mode"),
    "mode": ({"path": "x.csv", "mode": "r"}, "mode is 'r'; it must be one of read, write, update, connect"),
    "number": ({"path": 3}, "path is 3; it must be a text"),
    "password": ({"path": "x.csv", "url": "postgresql://u:pw@h/db", "table": "t"}, "url holds a password in clear"),
    "half a password": ({"path": "x.csv", "url": "sftp://u:{env:A}b@h/x.csv"}, "url holds a password in clear text"),
    "in the path": ({"path": "https://u:pw@h/x.csv"}, "path holds a password in clear text"),
    "token": ({"path": "x.csv", "url": "https://h/x.csv?a=1&token=abc"}, "url holds a secret (token) in clear text"),
    "signature": ({"path": "x.csv", "url": "https://h/x?X-Amz-Signature=ab"}, "holds a secret (X-Amz-Signature)"),
    "option": ({"path": "x.csv", "url": "s3://b/x", "options": {"secret": "abc"}}, "options.secret holds a secret"),
    "inner option": (
        {"path": "x.csv", "url": "s3://b/x", "options": {"client_kwargs": {"aws_secret_access_key": "abc"}}},
        "options.client_kwargs.aws_secret_access_key holds a secret",
    ),
    "header": (
        {"path": "x.csv", "url": "https://h/x", "options": {"headers": {"Authorization": "Bearer abc"}}},
        "options.headers.Authorization holds a secret",
    ),
    "reference": ({"path": "x.csv", "url": "s3://{environment:B}/x"}, "{environment:...} is no reference; there are"),
    "no table": ({"path": "x.csv", "url": "postgresql://h/db"}, 'give it table = "NAME" or query = "SELECT ..."'),
    "both": ({"path": "x.csv", "url": "sqlite:///d", "table": "t", "query": "q"}, "has a table and a query"),
    "written query": ({"path": "x.csv", "mode": "write", "url": "sqlite:///d", "query": "q"}, 'give it table = "NAME"'),
    "no database": ({"path": "x.csv", "url": "s3://b/x", "table": "t"}, "its url is no database's"),
    "no format": ({"path": "x.xyz", "url": "sqlite:///d", "table": "t"}, "needs the format that the step expects"),
    "to the web": ({"path": "x.csv", "mode": "write", "url": "https://h/x.csv"}, "a web address can only be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said(case: str) -> None:
    table, said = REFUSED[case]
    with pytest.raises(ProjectError) as caught:
        data_of({"data": {"x": table}})
    assert str(caught.value).startswith("pipeline.toml: [data.x]")
    assert said in str(caught.value)
    assert all(secret not in str(caught.value) for secret in ("pw@", "abc", "=ab"))


@pytest.mark.parametrize(
    "table",
    [
        {"url": "postgresql://{env:U}:{env:P}@h/db", "table": "t", "format": "csv"},
        {"url": "{env:DATABASE_URL}", "table": "t", "path": "x.csv"},
        {"url": "s3://b/x.csv", "options": {"key": "{env:K}", "anon": False, "endpoint_url": "http://h"}},
        {"url": "https://h/x.csv?token={env:T}&page=2"},
        {"url": "https://h/x.csv", "options": {"headers": {"Authorization": "Bearer {env:T}"}}},
        {"url": "https://user@h/x.csv"},
        {"path": "data/{region}.csv"},
    ],
)
def test_what_is_right_is_taken(table: dict[str, Any]) -> None:
    assert data_of({"data": {"x": table}})["x"].url == table.get("url", "")


def test_outputs() -> None:
    assert outputs_of({"outputs": {"model": {"url": "s3://b/m.pkl"}}})["model"].mode == "write"
    with pytest.raises(ProjectError, match=r"\[outputs.model\] has no format, and its name tells none"):
        outputs_of({"outputs": {"model": {"url": "s3://b/model"}}})
    with pytest.raises(ProjectError, match=r"\[outputs.model\] mode is not known"):
        outputs_of({"outputs": {"model": {"url": "s3://b/m.pkl", "mode": "write"}}})


def test_references_are_resolved_and_quoted_where_a_url_needs_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("p@ss/w:rd\n")
    environment = {"USER_": "a b", "HOST": "h", "URL": "postgresql://u:p%40@h/db", "PREFIX": "a/b"}

    def resolved(template: str) -> Resolved:
        return resolve(template, "data.x", environment)

    place = f"{{file:{tmp_path / 'secret'}}}"
    found = resolved(f"postgresql://{{env:USER_}}:{place}@{{env:HOST}}/db?x={{env:PREFIX}}")
    assert found.text == "postgresql://a%20b:p%40ss%2Fw%3Ard@h/db?x=a/b"
    assert {"p@ss/w:rd", "p%40ss%2Fw%3Ard"} <= set(found.secrets)
    assert "rd" not in repr(found)
    assert resolved("{env:URL}").text == environment["URL"]
    assert resolved("s3://bucket/{env:PREFIX}/x.csv").text == "s3://bucket/a/b/x.csv"
    assert resolved("/data/{region}.csv").text == "/data/{region}.csv"
    for template, said in {
        "{env:NOPE}": "{env:NOPE}: the environment has no NOPE",
        "{file:/no/such}": "{file:/no/such}: the file cannot be read (No such file or directory)",
    }.items():
        with pytest.raises(ProjectError) as caught:
            resolved(template)
        assert str(caught.value) == f"pipeline.toml: [data.x] {said}"


def test_formats_by_name() -> None:
    names = ["a.csv", "a.csv.gz", "s3://b/a.PARQUET?v=1", "a.b.json", "a", "a.tar"]
    assert [format_by_name(name) for name in names] == ["csv", "csv", "parquet", "json", "", ""]
