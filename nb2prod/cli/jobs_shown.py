"""Schedules and runs as people read them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from nb2prod.api.readings import duration, read_trigger
from nb2prod.api.runs import RunDetail
from nb2prod.cli.quantities import clock, in_zone
from nb2prod.cli.show import counted, size_of
from nb2prod.model.job import Cron, Definition, Event, JobSettings, Progress, Run, RunStatus, Schedule

__all__ = [
    "line_of_event",
    "lines_of_definition",
    "lines_of_new",
    "lines_of_run",
    "lines_of_schedule",
    "lines_of_times",
    "parameters_of",
    "progress_of",
    "run_row",
    "run_table",
    "seconds_of",
    "state_of",
    "what_of",
    "zone_of",
]

_MEGA = 1e6


def zone_of(schedule: Schedule) -> str:
    return schedule.trigger.timezone if isinstance(schedule.trigger, Cron) else "UTC"


def state_of(schedule: Schedule) -> str:
    """ "" is "active"."""
    if schedule.disabled:
        return f"disabled: {schedule.disabled}"
    return "paused" if schedule.paused else "active"


def parameters_of(parameters: Mapping[str, object]) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in parameters.items())


def _value(value: object) -> str:
    match value:
        case {"secret": reference}:
            return f"<secret {reference}>"
        case {"python": text}:
            return str(text)
    return str(value)


# ---------------------------------------------------------------------- schedules


def lines_of_new(schedule: Schedule, definition: Definition, times: Sequence[datetime]) -> Iterator[str]:
    """What a schedule says in words, and the next times, so that one sees whether that was meant."""
    yield f"{schedule.name}: {read_trigger(schedule.trigger)}"
    yield from (f"  {line}" for line in lines_of_times(times, zone_of(schedule)))
    yield from lines_of_definition(definition)


def lines_of_schedule(schedule: Schedule, definition: Definition) -> Iterator[str]:
    zone = zone_of(schedule)
    yield f"{schedule.name}: {definition.path}"
    yield f"  when        {read_trigger(schedule.trigger)}"
    yield f"  state       {state_of(schedule)}"
    yield f"  parameters  {parameters_of(schedule.parameters) or 'the defaults of the notebook'}"
    yield f"  policies    {', '.join(_policies(schedule))}"
    for what, moment in (("from", schedule.start_at), ("until", schedule.end_at)):
        if moment:
            yield f"  {what:<11} {in_zone(moment, zone)}"
    yield from lines_of_definition(definition)


def _policies(schedule: Schedule) -> Iterator[str]:
    yield f"misfire {schedule.misfire.value} (later than {duration(schedule.grace)})"
    yield f"overlap {schedule.overlap.value}"
    if schedule.priority:
        yield f"priority {schedule.priority}"
    if schedule.jitter:
        yield f"jitter up to {duration(schedule.jitter)}"


def lines_of_definition(definition: Definition) -> Iterator[str]:
    count = len(definition.files)
    size = sum(file.size for file in definition.files)
    files = f"{counted(count, 'file')}, {size_of(size)}"
    yield f"  definition  {definition.name} version {definition.version}, {files}"
    settings = list(_settings(definition.settings))
    if settings:
        yield f"  settings    {', '.join(settings)}"


def _settings(settings: JobSettings) -> Iterator[str]:
    limits, retry = settings.limits, settings.retry
    texts = {
        "environment": settings.environment,
        "in": settings.workdir,
        "output to": settings.output,
        "formats": " ".join(settings.formats) if len(settings.formats) > 1 else "",
        "timeout": duration(limits.run) if limits.run else "",
        "cell timeout": duration(limits.cell) if limits.cell else "",
        "memory": size_of(limits.memory) if limits.memory else "",
        "CPU time": duration(limits.cpu_seconds) if limits.cpu_seconds else "",
        "CPUs": str(limits.cpus or ""),
        "retries": str(retry.limit or ""),
        "pool": settings.pool if settings.pool != "default" else "",
        "notify": " ".join(settings.notify),
    }
    yield from (f"{what} {text}" for what, text in texts.items() if text)


def lines_of_times(times: Sequence[datetime], zone: str) -> Iterator[str]:
    seconds = any(moment.second for moment in times)
    for number, moment in enumerate(times):
        yield f"{'next' if number == 0 else '':<6}{in_zone(moment, zone, seconds=seconds)}"


# ---------------------------------------------------------------------- runs

HEADING = ("run", "job", "status", "due or created", "took", "what")


def run_table(runs: Sequence[Run], names: Mapping[int, str], zone: str = "UTC") -> list[Sequence[str]]:
    """`names` has what each definition is called."""
    return [HEADING, *(run_row(run, names.get(run.definition_id, "?"), zone) for run in runs)]


def run_row(run: Run, name: str, zone: str = "UTC") -> Sequence[str]:
    return (
        run.id,
        name,
        run.status.value,
        in_zone(run.due_at or run.created_at, zone, seconds=True),
        seconds_of(run),
        what_of(run),
    )


def seconds_of(run: Run) -> str:
    if run.started_at is None or run.finished_at is None:
        return ""
    return f"{(run.finished_at - run.started_at).total_seconds():.1f} s"


def what_of(run: Run) -> str:
    if run.status is RunStatus.RUNNING:
        return progress_of(run.progress) + (
            f"; to be cancelled by {run.cancel_requested}" if run.cancel_requested else ""
        )
    if run.failure and run.status is not RunStatus.COMPLETED:
        place = f" in cell {run.failure.cell}" if run.failure.cell else ""
        return f"{run.failure.kind.value}{place}: {_first_line(run.failure.message)}"
    if run.status is RunStatus.SKIPPED:
        return f"by {run.reason}"
    if run.status is RunStatus.QUEUED and run.attempt:
        return f"attempt {run.attempt} failed; it is tried again"
    return parameters_of(run.parameters)


def progress_of(progress: Progress) -> str:
    if not progress.total:
        return "starting"
    at = progress.label or (f"cell {progress.cell}" if progress.cell else "")
    return f"{progress.done} of {progress.total} done{f', {at}' if at else ''}"


def lines_of_run(detail: RunDetail, zone: str = "UTC") -> Iterator[str]:
    run, definition = detail.run, detail.definition
    yield f"run {run.id} of {definition.name} version {definition.version}: {run.status.value}"
    facts = {
        "schedule": detail.schedule.name if detail.schedule else "",
        "batch": run.batch,
        "why": _why(run),
        "parameters": parameters_of(run.parameters),
        "due": in_zone(run.due_at, zone) if run.due_at else "",
        "created": in_zone(run.created_at, zone),
        "started": in_zone(run.started_at, zone) if run.started_at else "",
        "finished": in_zone(run.finished_at, zone) if run.finished_at else "",
        "not before": in_zone(run.not_before, zone) if run.not_before and not run.status.is_final else "",
        "took": seconds_of(run),
        "progress": progress_of(run.progress) if run.status is RunStatus.RUNNING else "",
        "cancelled by": run.cancel_requested,
        "metrics": " ".join(f"{name}={value:g}" for name, value in run.metrics.items()),
    }
    yield from (f"  {what:<13}{text}" for what, text in facts.items() if text)
    yield from _failure(run)
    yield from _attempts(detail)
    for artifact in detail.artifacts:
        yield f"  {artifact.kind:<13}{artifact.url} ({size_of(artifact.size)})"


def _why(run: Run) -> str:
    return f"{run.reason}, {run.cause}" if run.cause else run.reason


def _failure(run: Run) -> Iterator[str]:
    if run.failure is None:
        return
    place = f" at cell {run.failure.cell}" if run.failure.cell else ""
    place += f", line {run.failure.line}" if run.failure.line else ""
    said, *notes = run.failure.message.splitlines() or [""]
    yield f"  {'failure':<13}{run.failure.kind.value}{place}: {said}"
    yield from (f"  {'':<13}{note.strip()}" for note in notes)
    yield from (f"    {line}" for line in run.failure.traceback.splitlines())


def line_of_event(event: Event, zone: str = "UTC") -> str:
    data = " ".join(f"{name}={_value(value)}" for name, value in event.data.items() if value not in ("", None))
    attempt = f" attempt {event.attempt}" if event.attempt else ""
    return f"{clock(event.at, zone)}  {event.kind}{attempt}{f'  {data}' if data else ''}"


def _first_line(text: str) -> str:
    """The others say how to go on, which is told once."""
    return text.partition("\n")[0]


def _attempts(detail: RunDetail) -> Iterator[str]:
    for attempt in detail.attempts:
        usage = attempt.usage
        took = f", {usage.seconds:.1f} s, CPU {usage.cpu:.1f} s, {usage.memory / _MEGA:.0f} MB" if usage.seconds else ""
        why = f" ({attempt.failure.kind.value}: {_first_line(attempt.failure.message)})" if attempt.failure else ""
        where = f" on {attempt.host}" if attempt.host else ""
        yield f"  {f'attempt {attempt.number}':<13}{attempt.status.value}{where}{took}{why}"
        if attempt.folder:
            yield f"  {'':<13}{attempt.folder}"
