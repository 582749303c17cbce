"""Runs of pipelines by their records: found by the store's id, a record's folder, or an id in a folder of runs."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nb2prod.errors import InvalidOption, Nb2ProdError
from nb2prod.model.job import Run
from nb2prod.runtime.files import read_json
from nb2prod.runtime.telling.reading import RunRecord, read_record, records_in
from nb2prod.store import Store

__all__ = [
    "NoRecord",
    "find_record",
    "list_records",
    "record_in_store",
    "record_outside",
    "step_log",
    "told_to_collector",
]

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_LOOK_EVERY = 0.2  # seconds


class NoRecord(Nb2ProdError):
    """There is no record of a pipeline's run where one was asked for."""

    def __init__(self, where: str, hint: str) -> None:
        super().__init__(f"there is no record of a pipeline's run {where}; {hint}")


def find_record(run: str, runs: Path | None, store: Callable[[], Store]) -> RunRecord:
    """`store` is opened only when no folder has it. Raises NoRecord, NotInStore."""
    found = record_outside(run, runs)
    if found is not None:
        return found
    with store() as opened:
        return record_in_store(opened, opened.run(run))


def record_outside(run: str, runs: Path | None) -> RunRecord | None:
    """RUN is a folder, the run.json in it, or an id in `runs`. Raises NoRecord when `runs` does not have it."""
    if runs is not None:
        found = read_record(runs / run) if Path(run).name == run else None
        if found is None:
            known = ", ".join(each.run for each in records_in(runs)[:3])
            raise NoRecord(f"'{run}' in {runs}", f"the latest are {known}" if known else "it has none")
        return found
    place = Path(run)
    if not place.exists():
        return None
    folder = place.parent if place.name == "run.json" else place
    found = read_record(folder)
    if found is None:
        raise NoRecord(f"in {folder}", "name a folder with its run.json, or the id of a run in the store")
    return found


def record_in_store(store: Store, run: Run) -> RunRecord:
    """Of its last attempt. Raises NoRecord."""
    attempts = [attempt for attempt in store.attempts(run.id) if attempt.folder]
    if not attempts:
        raise NoRecord(f"'{run.id}'", f"it is {run.status.value}, and has not begun")
    folder = Path(attempts[-1].folder)
    found = read_record(folder)
    if found is None:
        hint = (
            f"it was made on {attempts[-1].host}"
            if not folder.is_dir()
            else "it is a notebook's: see `nb2prod runs show`"
        )
        raise NoRecord(f"in {folder}", hint)
    return found


def list_records(runs: Path) -> list[RunRecord]:
    """The newest first. Raises InvalidOption."""
    if not runs.is_dir():
        raise InvalidOption("--runs", f"there is no folder {runs}")
    return records_in(runs)


def step_log(
    record: RunRecord, step: str, *, wait: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """What the step has printed; with `wait`, until it has ended. Raises InvalidOption for a step that is not there."""
    path, place = record.folder / "logs" / f"{step}.log", 0
    known = [each.name for each in record.steps]
    if step not in known and not path.is_file() and not (wait and record.status == "running"):
        raise InvalidOption("--step", f"run {record.run} has no step '{step}'; it has {', '.join(known) or 'none yet'}")
    while True:
        is_over = not wait or _is_over(record.folder, step)  # before the file: what is written by then is read below
        if path.is_file():
            with path.open("rb") as file:
                file.seek(place)
                content = file.read()
            place += len(content)
            if content:
                yield content.decode("utf-8", "replace")
        if is_over:
            return
        sleep(_LOOK_EVERY)


def told_to_collector(record: RunRecord) -> str:
    """Its spans and metrics, by OpenTelemetry; gives where they went. Raises InvalidOption."""
    place = os.environ.get(_ENDPOINT) or os.environ.get(f"{_ENDPOINT[:-8]}TRACES_ENDPOINT")
    if not place:
        raise InvalidOption("--to otel", f"say where the collector is: {_ENDPOINT}=http://localhost:4318")
    try:
        from nb2prod.runtime.export.otel import export

        export(record)
    except ImportError as error:
        raise InvalidOption("--to otel", "OpenTelemetry is not there: pip install 'nb2prod[otel]'") from error
    except Exception as error:  # a network of any kind
        raise InvalidOption("--to otel", f"{place} did not take it: {error}") from error
    return place


def _is_over(folder: Path, step: str) -> bool:
    found = read_json(folder / "run.json", dict)
    ended = [each for each in found.get("steps", ()) if each["name"] == step and each["status"] != "running"]
    return bool(ended) or found.get("status") != "running"
