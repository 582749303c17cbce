"""Records for other tools: OpenTelemetry by its SDK and over HTTP, Prometheus by its parser, JSON lines."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client.parser import text_string_to_metric_families
from runtime.tiny import Project

from nb2prod.runtime.export.otel import export, spans_of
from nb2prod.runtime.export.prometheus import text_of
from nb2prod.runtime.files import write_json
from nb2prod.runtime.telling.reading import RunRecord, read_record
from nb2prod.runtime.telling.record import Record

Score = Callable[..., None]


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    """Of a run of three steps: one that was known, one that failed at its second attempt, one that was left out."""
    made = Record(tmp_path / "runs" / "20260131T120000-abc", {"pipeline": 'churn "EU"', "parameters": {"n": 3}})
    load = made.begin("load", {})
    table = {"type": "DataFrame", "shape": [30, 2]}
    made.event("metric", step="load", metric="share", value=0.5)
    made.end(load, "completed", cached=True, seconds=0.5, cpu_seconds=0.4, metrics={"share": 0.5}, outputs={"t": table})
    train = made.begin("train", {"t": table})
    train["attempts"] = 2
    error = {"message": "step 'train' failed", "type": "ValueError", "reason": "ValueError: no", "cell": 4}
    made.end(train, "failed", seconds=1.25, cpu_seconds=1.0, peak_memory_bytes=1000, error=error)
    made.end(made.begin("report", {}), "skipped")
    made.finish("failed", error)
    found = read_record(made.folder)
    assert found is not None
    return found


def test_a_run_is_a_span_with_its_steps_below(record: RunRecord) -> None:
    exporter = InMemorySpanExporter()
    exporter.export(spans_of(record))
    run, load, train, report = exporter.get_finished_spans()
    assert [span.name for span in (run, load, train, report)] == [
        'pipeline churn "EU"',
        "step load",
        "step train",
        "step report",
    ]
    assert run.parent is None
    for step in (load, train, report):
        assert step.parent == run.context
        assert step.context is not None
        assert step.context.trace_id == run.context.trace_id
    assert [span.status.status_code for span in (run, load, train, report)] == [
        StatusCode.ERROR,
        StatusCode.OK,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert (load.end_time or 0) - (load.start_time or 0) == 500_000_000
    assert load.attributes is not None
    assert train.attributes is not None
    assert (load.attributes["nb2prod.cached"], load.attributes["nb2prod.rows_out"]) == (True, 30)
    assert (train.attributes["nb2prod.attempts"], train.attributes["nb2prod.rows_in"]) == (2, 30)
    assert [event.name for event in load.events] == ["metric"]
    assert dict(train.events[0].attributes or {}) == {
        "exception.type": "ValueError",
        "exception.message": "ValueError: no",
        "exception.stacktrace": "",
        "nb2prod.cell": 4,
    }
    assert run.resource.attributes["service.name"] == 'churn "EU"'


def test_exported_twice_it_is_the_same(record: RunRecord) -> None:
    first, second = (tuple(span.to_json() for span in spans_of(record)) for _ in range(2))
    assert first == second
    assert len({span.context.span_id for span in spans_of(record)}) == 4


def test_a_run_within_a_trace_is_part_of_it(record: RunRecord) -> None:
    data = {**record.data, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    run, load, *_ = spans_of(RunRecord(folder=record.folder, data=data))
    assert run.parent.span_id == int("b" * 16, 16)
    assert load.context.trace_id == run.context.trace_id == int("a" * 32, 16)


class Collector(ThreadingHTTPServer):
    """An OpenTelemetry collector, as far as it takes what comes over HTTP."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.status, self.taken = status, list[tuple[str, bytes]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self) -> list[Any]:
        bodies = [ExportTraceServiceRequest.FromString(body) for path, body in self.taken if path == "/v1/traces"]
        return [s for body in bodies for r in body.resource_spans for scope in r.scope_spans for s in scope.spans]

    def metrics(self) -> dict[str, list[float]]:
        bodies = [ExportMetricsServiceRequest.FromString(body) for path, body in self.taken if path == "/v1/metrics"]
        found = [
            m for body in bodies for r in body.resource_metrics for scope in r.scope_metrics for m in scope.metrics
        ]
        return {
            metric.name: [point.as_double or point.as_int for point in metric.gauge.data_points] for metric in found
        }


class _Take(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_collector_takes_it(record: RunRecord, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    export(record)
    export(record)
    spans = collector.spans()
    assert [span.name for span in spans[:4]] == ['pipeline churn "EU"', "step load", "step train", "step report"]
    assert [span.span_id for span in spans[:4]] == [span.span_id for span in spans[4:]]
    metrics = collector.metrics()
    assert metrics["nb2prod.step.duration"] == [0.5, 1.25]
    assert metrics["nb2prod.step.rows"] == [30, 30]
    assert metrics["nb2prod.metric"] == [0.5]


def test_prometheus_reads_it(record: RunRecord) -> None:
    families = {family.name: family for family in text_string_to_metric_families(text_of(record))}
    assert {sample.labels["step"]: sample.value for sample in families["nb2prod_step_seconds"].samples} == {
        "load": 0.5,
        "train": 1.25,
    }
    assert [sample.labels["status"] for sample in families["nb2prod_run_status"].samples if sample.value] == ["failed"]
    (metric,) = families["nb2prod_metric"].samples
    assert (metric.labels, metric.value) == ({"pipeline": 'churn "EU"', "metric": "share"}, 0.5)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.1 + 0.2, 3])
def test_a_metric_of_any_value_is_read(record: RunRecord, value: float) -> None:
    data = {**record.data, "metrics": {'a\\b"c\nd': value}}
    families = text_string_to_metric_families(text_of(RunRecord(folder=record.folder, data=data)))
    (sample,) = next(family for family in families if family.name == "nb2prod_metric").samples
    assert sample.labels["metric"] == 'a\\b"c\nd'
    assert repr(float(sample.value)) == repr(float(value))


def json_lines(text: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_exports_itself(project: Project, score: Score, collector: Collector) -> None:
    score("total = 1.0")
    ran = project.run(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
    assert (ran.code, [span.name for span in collector.spans()]) == (
        0,
        ["pipeline tiny", "step load", "step score"],
    )
    families = text_string_to_metric_families((ran.folder.parent / "tiny.prom").read_text())
    assert {sample.value for family in families if family.name == "nb2prod_metric" for sample in family.samples} == {1}


def test_a_collector_that_is_not_there_is_no_trouble_of_the_run(project: Project) -> None:
    ran = project.run(env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "0.5"})
    assert (ran.code, ran.record["status"]) == (0, "completed")
    assert "the run was not exported by OpenTelemetry" in ran.err


def test_with_json_logs_every_line_is_json(project: Project, score: Score) -> None:
    score("print('one'); print('two', end='')", "total = 1.0")
    ran = project.run(env={"NB2PROD_LOG": "json"})
    lines = json_lines(ran.err)
    assert ran.out == ""
    assert [line["message"] for line in lines if line["event"] == "printed"] == ["loaded 4", "one", "two"]
    printed = next(line for line in lines if line["event"] == "printed")
    assert (printed["run"], printed["step"], printed["stream"], printed["level"]) == (
        ran.folder.name,
        "load",
        "stdout",
        "info",
    )
    told = [line["event"] for line in lines if line["event"] not in ("printed", "told")]
    assert told == [
        "run.started",
        "step.started",
        "step.completed",
        "step.started",
        "metric",
        "step.completed",
        "run.completed",
    ]
    assert [line["message"] for line in lines if line["event"] == "told"][-1].startswith("completed; record:")


def test_a_failure_is_an_error_in_the_log(project: Project, score: Score) -> None:
    score("total = 1 / 0")
    lines = json_lines(project.run(env={"NB2PROD_LOG": "json"}).err)
    assert [line["event"] for line in lines if line["level"] == "error"] == ["step.failed", "run.failed"]


def test_a_record_that_was_cut_off_is_read_all_the_same(record: RunRecord) -> None:
    with (record.folder / "events.jsonl").open("a") as file:
        file.write('{"event": "hal')
    write_json(record.folder / "run.json", {"pipeline": "p", "run": "r", "status": "running", "steps": []})
    cut = read_record(record.folder)
    assert cut is not None
    assert [event["event"] for event in cut.events()][-1] == "run.failed"
    assert 'nb2prod_run_status{pipeline="p",status="running"} 1.0' in text_of(cut)
