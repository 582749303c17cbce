"""`nb2prod schedule`, `pools`, `notify` and `scheduler`: what they print, and what they refuse with nothing stored."""

import json
import re
import sys
from pathlib import Path

import pytest
from jobs_given import notebook

from nb2prod.cli.main import main
from nb2prod.store import open_store

NO_DAEMON = "no daemon is running: nothing runs until `nb2prod scheduler start` does\n"
TIMES = re.compile(r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? [A-Z]+")
IDS = re.compile(r"\b[0-9a-z]{17}\b")


@pytest.fixture
def path(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NB2PROD_STORE", sqlite_url)
    monkeypatch.chdir(tmp_path)
    return notebook(tmp_path / "rows.ipynb")


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """The exit code, stdout and stderr, with times and ids blotted out."""
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, IDS.sub("ID", TIMES.sub("TIME", out)), IDS.sub("ID", err)


def test_add_says_it_in_words_and_with_times(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    daily = ["--cron", "0 6 * * 1-5", "--tz", "Europe/Berlin", "-p", "region=US"]
    more = ["--retries", "2", "--timeout", "90s", "--memory", "2GB", "--format", "html,pdf", "--pool", "db"]
    assert said(capsys, "schedule", "add", path, *daily, *more) == (
        0,
        "rows: at 06:00 on Monday to Friday, Europe/Berlin\n"
        "  next  TIME\n        TIME\n        TIME\n        TIME\n        TIME\n"
        "  definition  rows version 1, 1 file, 498 B\n"
        "  settings    formats ipynb html pdf, timeout 1 minute 30 seconds, memory 2 GB, retries 2, pool db\n",
        NO_DAEMON,
    )
    assert said(capsys, "schedule", "show", "rows") == (
        0,
        f"rows: {path}\n"
        "  when        at 06:00 on Monday to Friday, Europe/Berlin\n"
        "  state       active\n"
        "  parameters  region=US\n"
        "  policies    misfire latest (later than 1 minute), overlap skip\n"
        "  definition  rows version 1, 1 file, 498 B\n"
        "  settings    formats ipynb html pdf, timeout 1 minute 30 seconds, memory 2 GB, retries 2, pool db\n"
        "  next  TIME\n        TIME\n        TIME\n        TIME\n        TIME\n",
        "",
    )
    code, out, _ = said(capsys, "schedule", "show", "rows", "--json")
    shown = json.loads(out)
    assert (code, shown["schedule"]["trigger"]) == (
        0,
        {"kind": "cron", "expression": "0 6 * * 1-5", "timezone": "Europe/Berlin"},
    )
    assert shown["definition"]["settings"]["limits"]["memory"] == 2 * 10**9


def test_one_schedule_through_its_life(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added = ["--every", "15m", "--misfire", "all", "--overlap", "queue", "--priority", "3", "--jitter", "5s"]
    assert said(capsys, "schedule", "add", path, *added)[0] == 0
    assert said(capsys, "schedule", "add", path, "--name", "then", "--after", "rows", "--on", "failed")[0] == 0
    _, out, _ = said(capsys, "schedule", "list")
    assert re.sub(r"20[-0-9: ]+UTC", "T", out) == (
        "schedule  state   next                         when\n"
        "rows      active  TIME  every 15 minutes, counted from T\n"
        "then      active  -                            after each run of rows that has failed\n"
    )
    assert said(capsys, "schedule", "pause", "rows", "then") == (0, "paused rows\npaused then\n", "")
    assert said(capsys, "schedule", "next", "rows", "-n", "2") == (
        0,
        "TIME\nTIME\n",
        "rows is paused: it runs at none of them until nb2prod schedule resume rows\n",
    )
    assert said(capsys, "schedule", "resume", "rows", "then") == (0, "resumed rows; next TIME\nresumed then\n", "")
    assert said(capsys, "schedule", "update", "rows", "--cron", "@daily", "--grace", "2h")[:2] == (
        0,
        "rows: at 00:00 every day, UTC\n"
        "  next  TIME\n        TIME\n        TIME\n        TIME\n        TIME\n"
        "  definition  rows version 1, 1 file, 498 B\n",
    )
    assert said(capsys, "schedule", "update", "rows", "--tz", "Asia/Tokyo")[1].startswith(
        "rows: at 00:00 every day, Asia"
    )
    notebook(path, ("n = 1", "parameters"), ("print(n)", ""))
    assert "rows version 2" in said(capsys, "schedule", "update", "rows", path, "--retries", "1")[1]
    assert said(capsys, "schedule", "history", "rows") == (0, "", "rows has not run yet\n")
    assert said(capsys, "schedule", "run-now", "rows") == (
        0,
        "ID\n",
        f"look at it: nb2prod runs show ID\n{NO_DAEMON}",
    )
    assert said(capsys, "schedule", "history", "rows")[:2] == (
        0,
        "run                job   status  due or created               took  what\nID  rows  queued  TIME\n",
    )
    assert said(capsys, "schedule", "remove", "rows")[0] == 2
    assert said(capsys, "schedule", "remove", "then", "rows") == (0, "removed then\nremoved rows\n", "")
    assert said(capsys, "schedule", "list") == (0, "", "there are no schedules; see nb2prod schedule add --help\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rows.ipynb"], "say when: --cron, --every, --at, --after or --when"),
        (["gone.ipynb", "--every", "1h"], "cannot read gone.ipynb as a notebook: there is no such file"),
        (["rows.ipynb", "--cron", "0 6 * *"], "has 4 fields where five are needed"),
        (["rows.ipynb", "--cron", "0 25 * * *"], "hour"),
        (["rows.ipynb", "--cron", "@daily", "--tz", "Mars"], "there is no time zone 'Mars'"),
        (["rows.ipynb", "--cron", "@daily", "--every", "1h"], "--cron and --every: give one of them"),
        (["rows.ipynb", "--every", "often"], "'often' is no length of time; write 90 or 90s, 15m, 2h, 1d or 1h30m"),
        (["rows.ipynb", "--every", "15 min"], "'15 min' is no length of time"),
        (["rows.ipynb", "--at", "tomorrow"], "--at: 'tomorrow' is no time; write 2026-01-31T06:00"),
        (["rows.ipynb", "--at", "2001-01-01T00:00"], "is past"),
        (["rows.ipynb", "--every", "1h", "--on", "failed"], "--on: it goes with --after SCHEDULE"),
        (["rows.ipynb", "--every", "1h", "--as", "n"], "--as: it goes with --when URL"),
        (["rows.ipynb", "--when", "in/*", "--as", "file"], "there is no parameter 'file'"),
        (["rows.ipynb", "--after", "rows"], "'rows' would run after itself"),
        (["rows.ipynb", "--every", "1h", "--end", "2001-01-01"], "--end: with it the schedule never becomes due"),
        (["rows.ipynb", "--every", "1h", "-p", "regin=US"], "did you mean 'region'?"),
        (["rows.ipynb", "--every", "1h", "-p", "n=many"], "parameter 'n' was given 'many', which is not an int"),
        (["rows.ipynb", "--every", "1h", "-p", "n=1);import os"], "which is not an int"),
        (["rows.ipynb", "--every", "1h", "-p", "n;import os=1"], "is not a name"),
        (["rows.ipynb", "--every", "1h", "--params-file", "gone.yaml"], "cannot read parameters from gone.yaml"),
        (["rows.ipynb", "--every", "1h", "--memory", "much"], "'much' is no size; write 500MB, 2GB or 1.5GiB"),
        (["rows.ipynb", "--every", "1h", "--timeout", "0s"], "--timeout: 0.0 is not more than nothing"),
        (["rows.ipynb", "--every", "1h", "--retry-on", "cancelled"], "--retry-on"),
        (["rows.ipynb", "--every", "1h", "--environment", "nowhere"], "neither a Python nor a virtual environment"),
        (["rows.ipynb", "--every", "1h", "--output", "o/{p.m}"], "there is no field {p.m}"),
        (["rows.ipynb", "--every", "1h", "--format", "docx"], "--format: there is no value 'docx'"),
        (["rows.ipynb", "--every", "1h", "--notify", "team"], "there is no channel 'team'"),
        (["rows.ipynb", "--every", "1h", "--file", "*.csv"], "'*.csv' matches no file"),
        (["rows.ipynb", "--every", "1h", "--name", "../x"], "cannot be used as a name"),
        (["rows.ipynb", "--every", "1h", "--overlap", "maybe"], "'maybe' is not one of"),
    ],
)
def test_bad_input_is_told_and_stores_nothing(
    arguments: list[str], told: str, path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert path.is_file()
    code, out, err = said(capsys, "schedule", "add", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    with open_store(sqlite_url) as store:
        assert (store.definitions(), store.schedules(), store.runs()) == ([], [], [])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["schedule", "show", "rws"], "the store has no schedule 'rws'; did you mean 'rows'?"),
        (["schedule", "pause", "rows", "gone"], "the store has no schedule 'gone'"),
        (["schedule", "updat", "rows"], "Did you mean 'update'?"),
        (["schedule", "update", "rows", "--file", "*.csv"], "--file goes with the notebook"),
        (["schedule", "update", "rows", "-p", "m=1"], "there is no parameter 'm'"),
        (["runs", "show", "gone"], "the store has no run 'gone'"),
        (["runs", "cancel"], "name the runs, or a --batch"),
        (["runs", "prune"], "say which runs"),
        (["runs", "list", "--status", "done"], "'done' is not one of"),
        (["runs", "list", "--schedule", "gone"], "the store has no schedule 'gone'"),
        (["pools", "set", "db", "-1"], "No such option"),
        (["pools", "set", "db", "two"], "'two' is no number of runs, and not 'none'"),
        (["notify", "add", "team"], "say how: one of --webhook, --email, --command and --kind"),
        (["notify", "add", "team", "--webhook", "ftp://x"], "settings.url"),
        (["notify", "add", "team", "--webhook", "http://x", "--set", "fromat=text"], "did you mean 'format'?"),
        (["notify", "add", "team", "--webhook", "http://x", "--set", "signing_key=abc"], "stored by reference only"),
        (["notify", "add", "team", "--webhook", "http://x", "--on", "fail"], "there is no event 'fail'"),
        (["notify", "test", "team"], "no channel 'team'"),
        (["batch", "rows.ipynb"], "give a notebook and --over FILE, or --resume BATCH"),
        (["batch", "--resume", "gone"], "there is no batch 'gone'"),
        (["batch", "rows.ipynb", "--over", "gone.csv"], "gone.csv cannot be read"),
        (["scheduler", "start", "--executor", "loca"], "did you mean 'local'?"),
        (["scheduler", "start", "--lease", "0s"], "a lease is at least 1s"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(
    arguments: list[str], told: str, path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schedule", "add", str(path), "--every", "1h"]) == 0
    capsys.readouterr()
    with open_store(sqlite_url) as store:
        before = (store.definitions(), store.schedules(), store.channels())
        code, out, err = said(capsys, *arguments)
        assert (code, out) == (2, "")
        assert told in err
        assert (store.definitions(), store.schedules(), store.channels()) == before


def test_pools(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert path.is_file()
    assert said(capsys, "pools", "set", "db", "2") == (0, "db: at most 2 at once\n", "")
    assert main(["schedule", "add", str(path), "--every", "1h", "--pool", "db"]) == 0
    assert main(["schedule", "run-now", "rows"]) == 0
    capsys.readouterr()
    assert said(capsys, "pools", "list") == (
        0,
        "pool  limit  running  queued\ndb    2      0        1\n",
        "",
    )
    assert said(capsys, "pools", "set", "db", "none") == (0, "db: no limit\n", "")


def test_channels(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert path.is_file()
    command = f'{sys.executable} -c "import sys; sys.exit(3)"'
    assert said(capsys, "notify", "add", "pager", "--command", command, "--on", "failed", "--on", "late") == (
        0,
        "pager: command, on failed, late\n",
        "try it: nb2prod notify test pager\n",
    )
    mail = ["--email", "a@example.org", "--set", "host=localhost", "--set", "from=b@example.org", "--set", "port=2525"]
    login = ["--set", "user=b", "--set", "password=secret:env:MAIL"]
    assert said(capsys, "notify", "add", "ops", *mail, *login)[0] == 0
    _, out, _ = said(capsys, "notify", "list", "--json")
    ops, pager = json.loads(out)
    assert (ops["settings"]["port"], ops["settings"]["password"]) == (2525, {"secret": "env:MAIL"})
    assert pager["events"] == ["run.failed", "run.late"]
    assert "password=<secret env:MAIL>" in said(capsys, "notify", "list")[1]
    assert said(capsys, "notify", "add", "pager", "--command", "true")[0] == 2
    assert said(capsys, "notify", "add", "pager", "--command", "true", "--replace")[0] == 0
    assert said(capsys, "notify", "remove", "pager") == (0, "removed pager\n", "")


def test_status_without_a_daemon(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "add", str(path), "--every", "1h"]) == 0
    capsys.readouterr()
    code, out, err = said(capsys, "scheduler", "status")
    assert (code, re.sub("sqlite.*", "URL", out)) == (
        1,
        "store      URL\nschedules  1, next due TIME\nruns       0 running, 0 queued\nlag        0.0 s\n",
    )
    assert err == "no daemon is running; start one with nb2prod scheduler start\n"
    assert said(capsys, "scheduler", "status", "--quiet") == (1, "", "")


def test_runs_that_wait(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "add", str(path), "--every", "1h", "-p", "n=2"]) == 0
    capsys.readouterr()
    assert main(["schedule", "run-now", "rows", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)
    assert (run["status"], run["parameters"], run["reason"]) == ("queued", {"n": 2}, "manual")
    assert said(capsys, "runs", "list", "--schedule", "rows", "--status", "queued")[:2] == (
        0,
        "run                job   status  due or created               took  what\nID  rows  queued  TIME        n=2\n",
    )
    assert said(capsys, "runs", "retry", run["id"])[2].endswith("only a run that has ended can be done again\n")
    assert said(capsys, "runs", "logs", run["id"]) == (0, "", f"ID is queued\n{NO_DAEMON}")
    assert said(capsys, "runs", "cancel", run["id"]) == (0, "ID is cancelled\n", "")
    assert said(capsys, "runs", "cancel", run["id"]) == (0, "ID is cancelled\n", "")
    code, out, _ = said(capsys, "runs", "show", run["id"])
    assert (code, re.sub(r"\S+@\S+", "WHO", out)) == (
        0,
        "run ID of rows version 1: cancelled\n"
        "  schedule     rows\n"
        "  why          manual, WHO\n"
        "  parameters   n=2\n"
        "  created      TIME\n"
        "  finished     TIME\n"
        "  cancelled by WHO\n"
        "  failure      cancelled: cancelled by WHO\n",
    )
    _, out, _ = said(capsys, "runs", "events", run["id"])
    assert [line.split()[2] for line in out.splitlines()] == [
        "run.queued",
        "run.cancel_requested",
        "run.cancelled",
    ]
    assert said(capsys, "runs", "retry", run["id"])[:2] == (0, "ID\n")
    wide = ["runs", "prune", "--keep-last", "0"]
    assert said(capsys, *wide, "--dry-run")[1] == "would remove 1 runs, 0 outputs, 0 files of snapshots\n"
    assert said(capsys, *wide)[1] == "removed 1 runs, 0 outputs, 0 files of snapshots\n"
    assert said(capsys, "runs", "show", run["id"])[0] == 2
