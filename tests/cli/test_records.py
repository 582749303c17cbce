"""`nb2prod runs` on records of pipelines: by folder, by id in a folder, and by the store."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from runtime.conftest import project as project
from runtime.tiny import Project

from nb2prod.cli.main import main
from nb2prod.runtime.telling.record import Record


def table_of(mean: float, nulls: int, rows: int = 400) -> dict[str, Any]:
    values = [mean + number / rows for number in range(rows)]
    numbers = {
        "count": rows,
        "mean": mean,
        "deviation": 0.3,
        "least": values[0],
        "greatest": values[-1],
        "most": 512,
        "shift": 0,
        "at": values,
        "counts": [1] * rows,
    }
    column = {"name": "x", "dtype": "float64", "nulls": nulls, "numbers": numbers}
    return {"t": {"type": "DataFrame", "shape": [rows + nulls, 1], "nulls": nulls, "columns": [column]}}


def write_run(runs: Path, run: str, *, auc: float, mean: float = 0.0, n: int = 3, fails: bool = False) -> None:
    record = Record(runs / run, {"pipeline": "churn", "parameters": {"n": n, "kind": {"python": "('a',)"}}})
    load = record.begin("load", {})
    (record.folder / "logs" / "load.log").write_text("loaded\n")
    record.end(load, "completed", cached=True, seconds=0.25, cpu_seconds=0.2, outputs=table_of(mean, n))
    train = record.begin("train", table_of(mean, n))
    if fails:
        message = "step 'train' of pipeline 'churn' failed in churn.ipynb, cell 4, line 2: ValueError: no"
        error = {"message": f"{message}\n  to resume: nb2prod run out/churn --resume {run}", "cell": 4, "line": 2}
        record.end(train, "failed", seconds=1.5, error=error)
        record.finish("failed", error)
        return
    record.end(train, "completed", seconds=1.5, cpu_seconds=1.25, peak_memory_bytes=2_000_000, metrics={"auc": auc})
    record.finish("completed")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    write_run(tmp_path / "runs", "20260131T120000-aaa", auc=0.75)
    write_run(tmp_path / "runs", "20260201T120000-bbb", auc=0.7, mean=0.5, n=4)
    write_run(tmp_path / "runs", "20260202T120000-ccc", auc=0.7, fails=True)
    return tmp_path / "runs"


@dataclass(frozen=True)
class Said:
    code: int
    output: str
    error: str


Invoke = Callable[..., Said]


@pytest.fixture
def invoke(runs: Path, capsys: pytest.CaptureFixture[str]) -> Invoke:
    def call(*arguments: str, where: bool = True) -> Said:
        code = main(["runs", *arguments, *(["--runs", str(runs)] if where else [])])
        return Said(code, *capsys.readouterr())

    return call


def test_show_has_the_steps_in_a_table(invoke: Invoke, runs: Path) -> None:
    done = invoke("show", "20260131T120000-aaa")
    lines = done.output.splitlines()
    assert lines[0] == "run 20260131T120000-aaa of churn: completed"
    assert lines[1] == "  parameters   n=3 kind=('a',)"
    assert "  metrics      auc=0.75" in lines
    at = lines.index("")
    assert lines[at + 1 : at + 4] == [
        "  step   status             tries  time    CPU     memory  rows     metrics",
        "  load   completed (cache)  1      250 ms  200 ms          - → 403",
        "  train  completed          1      1.5 s   1.2 s   2 MB    403 → -  auc=0.75",
    ]
    by_folder = invoke("show", str(runs / "20260131T120000-aaa"), where=False)
    assert by_folder.output == done.output


def test_show_says_where_it_failed_and_how_to_go_on(invoke: Invoke) -> None:
    text = invoke("show", "20260202T120000-ccc").output
    assert (
        "  failure      step 'train' of pipeline 'churn' failed in churn.ipynb, cell 4, line 2: ValueError: no" in text
    )
    assert text.count("to resume: nb2prod run out/churn --resume 20260202T120000-ccc") == 1


def test_list_has_the_newest_first(invoke: Invoke) -> None:
    text = invoke("list").output
    assert re.findall(r"2026\d{4}T120000-\w+", text)[0] == "20260202T120000-ccc"
    assert "ValueError: no" in text
    only = invoke("list", "--status", "completed", "--limit", "1", "--json")
    assert [(each["run"], each["metrics"]) for each in json.loads(only.output)] == [
        ("20260201T120000-bbb", {"auc": 0.7})
    ]


def test_compare_marks_what_differs(invoke: Invoke) -> None:
    text = invoke("compare", "20260131T120000-aaa", "20260201T120000-bbb").output
    marked = [" ".join(line.split()) for line in text.splitlines() if "≠" in line]
    assert marked == [
        "n 3 4 ≠ +33.3%",
        "auc 0.75 0.7 ≠ -6.7%",
        "rows_out 403 404 ≠ +0.2%",
        "t, x: nulls 3 4 ≠ +33.3%",
        "t, x: mean 0 0.5 ≠",
        "t, x: distance of distributions - 0.5025 ≠",
        "rows_in 403 404 ≠ +0.2%",
    ]
    same = invoke("compare", "20260131T120000-aaa", "20260131T120000-aaa").output
    assert "≠" not in same


def test_compare_for_machines(invoke: Invoke) -> None:
    found = json.loads(invoke("compare", "20260131T120000-aaa", "20260202T120000-ccc", "--json").output)
    differing = {
        (line["step"], line["name"]): (line["left"], line["right"]) for line in found["lines"] if line["differs"]
    }
    assert differing == {
        ("", "status"): ("completed", "failed"),
        ("", "auc"): (0.75, None),
        ("train", "status"): ("completed", "failed"),
    }


def test_logs_of_a_step(invoke: Invoke) -> None:
    assert invoke("logs", "20260131T120000-aaa", "--step", "load").output == "loaded\n"
    assert invoke("logs", "20260131T120000-aaa").output == "--- load\nloaded\n--- train\n"
    assert "has no step 'nope'; it has load, train" in invoke("logs", "20260131T120000-aaa", "--step", "nope").error


def test_export_as_text(invoke: Invoke) -> None:
    text = invoke("export", "20260131T120000-aaa", "--to", "prometheus").output
    assert 'nb2prod_metric{pipeline="churn",metric="auc"} 0.75' in text
    lines = [json.loads(line) for line in invoke("export", "20260131T120000-aaa", "--to", "json").output.splitlines()]
    assert [line["event"] for line in lines][-3:] == ["step", "step", "run"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "nope"), "there is no record of a pipeline's run 'nope' in"),
        (("export", "20260131T120000-aaa", "--to", "otel"), "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318"),
        (("list", "--schedule", "x"), "--runs is a folder of records"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], told: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    done = invoke(*arguments)
    assert done.code == 2
    assert told in done.error


@pytest.mark.slow
def test_a_run_of_the_store_is_shown_with_its_steps(
    project: Project, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NB2PROD_STORE", str(tmp_path / "store.db"))
    project.settings()
    assert main(["run", str(project.root)]) == 0
    (run,) = json.loads(invoke("list", "--json", where=False).output)
    shown = invoke("show", run["id"], where=False).output
    assert re.search(r"^  score  completed +1 .* total=10.5$", shown, re.MULTILINE)
    assert json.loads(invoke("show", run["id"], "--json", where=False).output)["record"]["metrics"] == {"total": 10.5}
    assert invoke("logs", run["id"], "--step", "load", where=False).output == "loaded 4\n"
    assert "≠" not in invoke("compare", run["id"], run["id"], where=False).output
