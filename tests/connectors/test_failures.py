"""A step that fails or is killed publishes nothing, and no secret is left anywhere."""

from pathlib import Path

import psycopg
import pytest
from connectors.projects import CUSTOMERS, Converted, converted
from connectors.servers import S3, Web

pytestmark = pytest.mark.slow
FAIL = """\
# tags: step:write
import os
import signal
with open("made/scores.csv", "w") as file:
    file.write("name,score\\n")
    file.write("Ada,1\\n")
    file.flush()
    os.fsync(file.fileno())
    if "HOW" in os.environ: os.kill(os.getpid(), signal.SIGKILL)
raise ValueError("after it was written")
"""
SECRET = "correct-horse@battery/staple"


@pytest.mark.parametrize("how", ["fails", "is killed"])
def test_nothing_is_published_of_a_step_that(
    how: str, tmp_path: Path, s3: S3, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = converted(tmp_path, FAIL)
    if how == "is killed":
        monkeypatch.setenv("HOW", how)
    places: tuple[dict[str, object], ...] = (
        {"url": "s3://lake/scores.csv", "options": s3.options},
        {"url": postgres_url, "table": "scores"},
        {"url": str(tmp_path / "scores.csv")},
    )
    for place in places:
        project.tables = {"data.scores_csv": place}
        ran = project.run(kill=True)
        assert ran.code == (3 if how == "fails" else -9), ran.said
    assert s3.objects() == []
    assert not (tmp_path / "scores.csv").exists()
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('scores')").fetchone() == (None,)


def test_no_secret_is_left_by_runs_and_checks(
    project: Converted, s3: S3, web: Web, postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Runs that complete, runs that fail to connect, and dry runs of both."""
    monkeypatch.setenv("DATA_PASSWORD", SECRET)
    (tmp_path / "secret").write_text(SECRET + "\n")
    web.password = SECRET
    web.pages["/customers.csv"] = CUSTOMERS.encode()
    user, _, rest = postgres_url.removeprefix("postgresql://").partition("@")
    database = f"postgresql://{user}:{{env:DATA_PASSWORD}}@{rest}"
    closed = "postgresql://etl:{env:DATA_PASSWORD}@127.0.0.1:9/db?connect_timeout=2"
    wrong = {**s3.options, "secret": "{env:DATA_PASSWORD}", "endpoint_url": "http://127.0.0.1:9"}
    sources: list[dict[str, object]] = [
        {"url": f"http://reader:{{file:{tmp_path / 'secret'}}}@{web.place}/customers.csv"},
        {"url": f"http://reader:{{env:DATA_PASSWORD}}@{web.place}/missing.csv"},
        {"url": database, "query": "SELECT 'Ada' AS name, 1.5 AS spent"},
        {"url": closed, "table": "customers"},
        {"url": "s3://lake/customers.csv", "options": {**wrong, "config_kwargs": {"retries": {"max_attempts": 0}}}},
    ]
    said, codes = "", []
    for source in sources:
        project.tables = {
            "data.customers_csv": source,
            "data.scores_csv": {"url": database, "table": "scores"},
            "outputs.ranking": {"url": closed, "table": "ranking"},
        }
        ran, tried = project.run(), project.nb2prod("data", "check")
        listed = project.nb2prod("data", "list", "--json")
        codes.append((ran.code, tried.code, listed.code))
        said += ran.said + tried.said + listed.said
    assert codes == [(3, 1, 0)] * 5, said
    assert said.count("could not be read from") == 3
    assert said.count("result 'ranking' of pipeline 'example' could not be written to") == 2, said
    (tmp_path / "secret").unlink()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    hidden = [SECRET, "correct-horse%40battery%2Fstaple", "Y29ycmVjdC1ob3JzZ"]
    assert len(left) > 30
    assert [name for name in hidden if name in said] == []
    assert [path for path in left for name in hidden if name.encode() in path.read_bytes()] == []


def test_a_secret_in_clear_text_is_refused(project: Converted) -> None:
    project.tables = {"data.customers_csv": {"url": "postgresql://etl:hunter22@127.0.0.1/db", "table": "customers"}}
    for ran in (project.run(), project.nb2prod("data", "check")):
        assert "[data.customers_csv] url holds a password in clear text: write {env:NAME}" in ran.said
        assert ran.code == 2
        assert "hunter22" not in ran.said
