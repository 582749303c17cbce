"""A run as Prometheus' text: for the textfile collector, which reads RUNS/PIPELINE.prom, and for the daemon."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nb2prod.runtime.files import write_bytes
from nb2prod.runtime.telling.reading import RunRecord

__all__ = ["families", "sample", "text_of", "write_textfile"]

_STATUSES = ("completed", "failed", "timeout", "interrupted", "running")
Sample = tuple[str, float]  # labels in braces, and the value


def text_of(record: RunRecord) -> str:
    return "".join(f"{line}\n" for line in families(_families(record)))


def write_textfile(record: RunRecord) -> Path:
    """Whole or not at all; the last run of the pipeline is what it tells of."""
    name = re.sub(r"[^\w.-]+", "-", record.pipeline) or "pipeline"
    path = record.folder.parent / f"{name}.prom"
    write_bytes(path, text_of(record).encode(), durable=False)
    return path


def families(found: Mapping[str, tuple[str, Iterable[Sample]]]) -> Iterator[str]:
    """Lines of gauges: by name without nb2prod_, what it is and its samples. One without samples is left out."""
    for name, (told, samples) in found.items():
        lines = [f"nb2prod_{name}{labels} {_number(value)}" for labels, value in samples]
        if lines:
            yield f"# HELP nb2prod_{name} {told}"
            yield f"# TYPE nb2prod_{name} gauge"
            yield from lines


def sample(value: float, **labels: str) -> Sample:
    inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
    return f"{{{inside}}}", value


def _families(record: RunRecord) -> dict[str, tuple[str, list[Sample]]]:
    pipeline, steps = record.pipeline, record.steps
    done = record.finished or record.started

    def of_steps(attribute: str) -> list[Sample]:
        values = {step.name: getattr(step, attribute) for step in steps}
        return [sample(value, pipeline=pipeline, step=name) for name, value in values.items() if value is not None]

    rows = [
        sample(count, pipeline=pipeline, step=step.name, direction=direction)
        for step in steps
        for direction, count in (("in", step.rows_in), ("out", step.rows_out))
        if count is not None
    ]
    metrics = [sample(value, pipeline=pipeline, metric=name) for name, value in record.metrics.items()]
    return {
        "run_status": (
            "The status that the last run has is 1",
            [sample(float(record.status == each), pipeline=pipeline, status=each) for each in _STATUSES],
        ),
        "run_seconds": (
            "How long the last run took",
            [] if record.seconds is None else [sample(record.seconds, pipeline=pipeline)],
        ),
        "run_timestamp_seconds": (
            "When the last run ended",
            [] if done is None else [sample(done.timestamp(), pipeline=pipeline)],
        ),
        "step_seconds": ("How long a step took", of_steps("seconds")),
        "step_cpu_seconds": ("CPU time of a step", of_steps("cpu")),
        "step_peak_memory_bytes": ("Peak memory of a step", of_steps("memory")),
        "step_attempts": ("How often a step was tried", of_steps("attempts")),
        "step_cached": (
            "1 for a step whose result was known",
            [sample(float(step.cached), pipeline=pipeline, step=step.name) for step in steps],
        ),
        "step_rows": ("Rows of the longest table that goes in and out", rows),
        "metric": ("A metric of the last run", metrics),
    }


def _number(value: float) -> str:
    if value != value:
        return "NaN"
    return {"inf": "+Inf", "-inf": "-Inf"}.get(text := repr(value), text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
