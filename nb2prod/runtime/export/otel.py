"""A run's record as spans and metrics of OpenTelemetry, made when it is over: a step pays nothing for them.

The same record gives the same ids, whoever exports it and however often. A run that was started within a trace (the
environment's TRACEPARENT) is part of that trace.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any  # OpenTelemetry's classes, imported when they are asked for, and JSON

from nb2prod.runtime.telling.reading import RunRecord, StepRecord

__all__ = ["export", "metrics_of", "spans_of"]

_PARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
_TOLD = ("event", "alert", "kpi", "metric", "step.retried")
_NANO = 1_000_000_000


def export(record: RunRecord, *, timeout: float | None = None) -> None:
    """By OTLP over HTTP, to where OpenTelemetry's own environment variables say.

    Raises ImportError without the extra `otel`, and RuntimeError when it did not arrive.
    """
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics.export import MetricExportResult
    from opentelemetry.sdk.trace.export import SpanExportResult

    spans, metrics = OTLPSpanExporter(timeout=timeout), OTLPMetricExporter(timeout=timeout)
    try:
        arrived = spans.export(spans_of(record)) is SpanExportResult.SUCCESS
        arrived = metrics.export(metrics_of(record)) is MetricExportResult.SUCCESS and arrived
    finally:
        spans.shutdown()  # type: ignore[no-untyped-call]
        metrics.shutdown()
    if not arrived:
        raise RuntimeError("the OpenTelemetry collector did not take it")


def spans_of(record: RunRecord) -> list[Any]:
    """The run's first, then one for each step."""
    run = _span(
        record,
        f"pipeline {record.pipeline}",
        _context(record, ""),
        _parent(record),
        begun=record.started,
        seconds=record.seconds,
        status=record.status,
        error=record.error if not any(step.error for step in record.steps) else {},
        attributes={
            "nb2prod.run": record.run,
            "nb2prod.pipeline": record.pipeline,
            "nb2prod.notebook": record.data.get("notebook", ""),
            **{f"nb2prod.parameter.{name}": _plain(value) for name, value in record.parameters.items()},
            **{f"nb2prod.metric.{name}": value for name, value in record.metrics.items()},
        },
        events=[event for event in record.events() if event.get("event") in _TOLD and not event.get("step")],
    )
    return [run, *(_span_of_step(record, step) for step in record.steps)]


def metrics_of(record: RunRecord) -> Any:
    """Gauges, of the moment at which the run ended."""
    from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics

    moment = record.finished or record.started
    now = 0 if moment is None else _nano(moment)
    metrics = [_gauge(name, unit, points, now) for name, unit, points in _points(record)]
    scope = ScopeMetrics(scope=_scope(), metrics=metrics, schema_url="")
    return MetricsData(
        resource_metrics=[ResourceMetrics(resource=_resource(record), scope_metrics=[scope], schema_url="")]
    )


def _span_of_step(record: RunRecord, step: StepRecord) -> Any:
    rows = {"in": step.rows_in, "out": step.rows_out}
    return _span(
        record,
        f"step {step.name}",
        _context(record, step.name),
        _context(record, ""),
        begun=step.started,
        seconds=step.seconds,
        status=step.status,
        error=step.error,
        attributes={
            "nb2prod.run": record.run,
            "nb2prod.pipeline": record.pipeline,
            "nb2prod.step": step.name,
            "nb2prod.cached": step.cached,
            "nb2prod.attempts": step.attempts,
            "nb2prod.cpu_seconds": step.cpu or 0.0,
            "nb2prod.peak_memory_bytes": step.memory,
            **{f"nb2prod.rows_{way}": count for way, count in rows.items() if count is not None},
            **{f"nb2prod.metric.{name}": value for name, value in step.metrics.items()},
        },
        events=[e for e in record.events() if e.get("event") in _TOLD and e.get("step") == step.name],
    )


def _span(
    record: RunRecord,
    name: str,
    context: Any,
    parent: Any,
    *,
    begun: datetime | None,
    seconds: float | None,
    status: str,
    error: Mapping[str, Any],
    attributes: Mapping[str, Any],
    events: list[Mapping[str, Any]],
) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanKind, Status, StatusCode

    started = begun or record.started
    first = 0 if started is None else _nano(started)
    last = first + int((seconds or 0.0) * _NANO)
    is_well = status in ("completed", "running", "skipped")
    words = None if is_well else str(error.get("message") or status)
    return ReadableSpan(
        name=name,
        context=context,
        parent=parent,
        resource=_resource(record),
        attributes={"nb2prod.status": status, **attributes},
        events=[*map(_event, events), *([_exception(error, last)] if error else [])],
        kind=SpanKind.INTERNAL,
        status=Status(
            StatusCode.OK if status == "completed" else StatusCode.UNSET if is_well else StatusCode.ERROR, words
        ),
        start_time=first,
        end_time=last,
        instrumentation_scope=_scope(),
    )


def _event(event: Mapping[str, Any]) -> Any:
    from opentelemetry.sdk.trace import Event

    more = {k: _plain(v) for k, v in event.items() if k not in ("time", "run", "event", "step")}
    return Event(str(event["event"]), more, _nano(datetime.fromisoformat(event["time"])))


def _exception(error: Mapping[str, Any], moment: int) -> Any:
    from opentelemetry.sdk.trace import Event

    cell = {"nb2prod.cell": error["cell"]} if error.get("cell") else {}
    return Event(
        "exception",
        {
            "exception.type": str(error.get("type", "")),
            "exception.message": str(error.get("reason") or error.get("message", "")),
            "exception.stacktrace": str(error.get("traceback", "")),
            **cell,
        },
        moment,
    )


def _points(record: RunRecord) -> Iterator[tuple[str, str, list[tuple[dict[str, Any], float]]]]:
    about = {"nb2prod.pipeline": record.pipeline}
    yield "nb2prod.run.duration", "s", [] if record.seconds is None else [(about, record.seconds)]
    for name, unit, attribute in (
        ("nb2prod.step.duration", "s", "seconds"),
        ("nb2prod.step.cpu_time", "s", "cpu"),
        ("nb2prod.step.peak_memory", "By", "memory"),
    ):
        values = [(step.name, getattr(step, attribute)) for step in record.steps]
        yield name, unit, [({**about, "nb2prod.step": step}, value) for step, value in values if value is not None]
    yield (
        "nb2prod.step.rows",
        "{row}",
        [
            ({**about, "nb2prod.step": step.name, "nb2prod.direction": way}, count)
            for step in record.steps
            for way, count in (("in", step.rows_in), ("out", step.rows_out))
            if count is not None
        ],
    )
    yield "nb2prod.metric", "1", [({**about, "nb2prod.name": name}, value) for name, value in record.metrics.items()]


def _gauge(name: str, unit: str, points: list[tuple[dict[str, Any], float]], now: int) -> Any:
    from opentelemetry.sdk.metrics.export import Gauge, Metric, NumberDataPoint

    found = [
        NumberDataPoint(attributes=about, start_time_unix_nano=now, time_unix_nano=now, value=value)
        for about, value in points
    ]
    return Metric(name=name, description="", unit=unit, data=Gauge(data_points=found))


def _context(record: RunRecord, step: str) -> Any:
    from opentelemetry.trace import SpanContext, TraceFlags

    parent = _PARENT.match(str(record.data.get("traceparent", "")))
    trace = parent[1] if parent else _digest(record.run, "trace")[:32]
    return SpanContext(
        int(trace, 16), int(_digest(record.run, step)[:16], 16), is_remote=False, trace_flags=TraceFlags(1)
    )


def _parent(record: RunRecord) -> Any:
    from opentelemetry.trace import SpanContext

    parent = _PARENT.match(str(record.data.get("traceparent", "")))
    return SpanContext(int(parent[1], 16), int(parent[2], 16), is_remote=True) if parent else None


def _resource(record: RunRecord) -> Any:
    """With what the environment says of the service (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES)."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    return Resource({"service.name": record.pipeline}).merge(OTELResourceDetector().detect())


def _scope() -> Any:
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    return InstrumentationScope("nb2prod")


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _plain(value: Any) -> str | bool | int | float:
    if isinstance(value, dict) and set(value) == {"python"}:
        return str(value["python"])
    return value if isinstance(value, (str, bool, int, float)) else repr(value)


def _nano(moment: datetime) -> int:
    return int(moment.timestamp() * 1000) * 1_000_000
