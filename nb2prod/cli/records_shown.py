"""Records of pipelines' runs as people read them."""

from collections.abc import Iterator, Sequence

from nb2prod.api.compare_runs import Line
from nb2prod.cli.jobs_shown import parameters_of
from nb2prod.cli.quantities import in_zone
from nb2prod.cli.show import table
from nb2prod.runtime.telling.reading import RunRecord, StepRecord

__all__ = ["lines_of_comparison", "lines_of_record", "lines_of_steps", "record_table"]

_STEPS = ("step", "status", "tries", "time", "CPU", "memory", "rows", "metrics")
_RUNS = ("run", "pipeline", "status", "started", "took", "what")
_UNITS = {"seconds": " s", "cpu": " s", "memory": " MB"}


def record_table(records: Sequence[RunRecord], zone: str) -> list[Sequence[str]]:
    rows = [
        (
            record.run,
            record.pipeline,
            record.status,
            in_zone(record.started, zone, seconds=True),
            _seconds(record.seconds),
            _what(record),
        )
        for record in records
    ]
    return [_RUNS, *rows]


def lines_of_record(record: RunRecord, zone: str) -> Iterator[str]:
    yield f"run {record.run} of {record.pipeline}: {record.status}"
    facts = {
        "parameters": parameters_of(record.parameters),
        "started": in_zone(record.started, zone, seconds=True) if record.started else "",
        "took": _seconds(record.seconds),
        "resumed": str(record.data.get("resumed") or ""),
        "metrics": _metrics(record.metrics),
    }
    yield from (f"  {what:<13}{text}" for what, text in facts.items() if text)
    yield from lines_of_steps(record)


def lines_of_steps(record: RunRecord) -> Iterator[str]:
    """The steps in a table, what went wrong and how to go on, what was shown, and where all of it is."""
    if record.steps:
        yield ""
        yield from (f"  {line}" for line in table([_STEPS, *map(_row, record.steps)]).splitlines())
        yield ""
    said = [step.error for step in record.steps if step.error]
    if record.error and record.error.get("message") not in [error.get("message") for error in said]:
        said.append(record.error)
    for error in said:
        message, *notes = str(error.get("message", "")).splitlines()
        yield f"  {'failure':<13}{message}"
        yield from (f"  {'':<13}{note.strip()}" for note in notes)
        for name, word in (("resume", "to resume"), ("replay", "to replay")):
            if error.get(name) and str(error[name]) not in str(error.get("message", "")):
                yield f"  {'':<13}{word}: {error[name]}"
    for step in record.steps:
        for path in (*(f"figures/{name}" for name in step.data.get("figures", ())), *_files(step)):
            yield f"  {'shown':<13}{path}"
    yield f"  {'record':<13}{record.folder}"


def lines_of_comparison(left: RunRecord, right: RunRecord, lines: Sequence[Line]) -> Iterator[str]:
    """Each thing in a line, with a mark where the runs differ."""
    rows = [("", left.run, right.run, "")]
    heading = ""
    for line in lines:
        if (line.step or line.about) != heading:
            heading = line.step or line.about
            rows.append((heading, "", "", ""))
        rows.append((f"  {line.name}", _value(line, line.left), _value(line, line.right), _difference(line)))
    yield table(rows)


def _row(step: StepRecord) -> Sequence[str]:
    return (
        step.name,
        f"{step.status} (cache)" if step.cached else step.status,
        str(step.attempts),
        _seconds(step.seconds),
        _seconds(step.cpu),
        f"{step.memory / 1e6:.0f} MB" if step.memory else "",
        _rows(step),
        _metrics(step.metrics),
    )


def _rows(step: StepRecord) -> str:
    if step.rows_in is None and step.rows_out is None:
        return ""
    return f"{'-' if step.rows_in is None else step.rows_in} → {'-' if step.rows_out is None else step.rows_out}"


def _files(step: StepRecord) -> list[str]:
    return [str(file["path"]) for file in step.data.get("files", ())]


def _what(record: RunRecord) -> str:
    done = sum(step.status == "completed" for step in record.steps)
    if record.status == "running":
        return f"{done} done, {record.steps[-1].name}" if record.steps else "starting"
    message = str(record.error.get("message", "")).partition("\n")[0]
    return message or _metrics(record.metrics) or parameters_of(record.parameters)


def _metrics(metrics: object) -> str:
    return " ".join(f"{name}={value:g}" for name, value in metrics.items()) if isinstance(metrics, dict) else ""


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f} s" if value >= 1 else f"{1000 * value:.0f} ms"


def _value(line: Line, value: object) -> str:
    if value is None:
        return "-"
    if line.name == "memory" and isinstance(value, int | float):
        return f"{value / 1e6:.0f} MB"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text + (_UNITS.get(line.name, "") if isinstance(value, int | float) else "")


def _difference(line: Line) -> str:
    change = f"{line.change:+.1%}" if line.change is not None and line.left != line.right else ""
    return f"≠ {change}".rstrip() if line.differs else change
