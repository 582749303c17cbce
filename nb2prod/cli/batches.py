"""A batch in a terminal: how far it is, and what came of each row."""

import csv
import io
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from nb2prod.api.batch import BatchRow, batch_rows, cancel_batch
from nb2prod.api.batch_run import BatchProgress, batch_executor, work_off
from nb2prod.api.plain import plain
from nb2prod.cli.exits import ExitCode
from nb2prod.cli.jobs_shown import parameters_of, seconds_of, what_of
from nb2prod.cli.show import fitted, say
from nb2prod.cli.stores import hint_without_daemon, print_json, who
from nb2prod.errors import InvalidOption
from nb2prod.model.job import RunStatus
from nb2prod.runtime.files import write_bytes
from nb2prod.store import Store

__all__ = ["check_results", "run_batch"]

_BAR = 24  # signs
_TOLD_EVERY = 2.0  # seconds, where there is no terminal


def check_results(path: Path | None) -> None:
    """Before anything is run, so that the table is not lost at the end."""
    if path is None:
        return
    if path.suffix not in (".csv", ".json"):
        raise InvalidOption("--results", f"{path} is neither .csv nor .json")
    if not path.absolute().parent.is_dir():
        raise InvalidOption("--results", f"there is no folder {path.absolute().parent}")


def run_batch(store: Store, name: str, *, jobs: int, detach: bool, results: Path | None, machine: bool) -> int:
    rows = batch_rows(store, name)
    left = sum(not row.run.status.is_final for row in rows)
    say(f"batch {name}: {len(rows)} rows, {left} to run")
    if not detach:
        _work(store, name, len(rows), jobs)
        rows = batch_rows(store, name)
    elif left:
        hint_without_daemon(store)
    table = [_plain_row(store, row) for row in rows]
    if results is not None:
        write_bytes(results, _written(results, table).encode())
        say(f"wrote {results}")
    if machine:
        print_json({"batch": name, "rows": table})
    elif detach:
        click.echo(name)
    else:
        click.echo(fitted(_shown(rows)))
    return _ended(name, rows, detach)


def _work(store: Store, name: str, total: int, jobs: int) -> None:
    bar = _Bar()
    try:
        with batch_executor(store, jobs) as executor:
            work_off(store, name, total, executor, told=bar.tell)
    except KeyboardInterrupt:
        count = cancel_batch(store, name, by=who())
        bar.end()
        say(f"{count} runs are cancelled; go on with: nb2prod batch --resume {name}")
        raise
    finally:
        bar.end()


class _Bar:
    """On stderr: a line that is written again in a terminal, and a line now and then elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._at_first = -1
        self._left = -1
        self._told = 0.0

    def tell(self, progress: BatchProgress) -> None:
        if self._at_first < 0:
            self._at_first = progress.left
        done = progress.total - progress.left
        text = f"{done} of {progress.total} done, {len(progress.running)} running{self._rest(progress)}"
        if self._is_terminal:
            filled = _BAR * done // max(progress.total, 1)
            click.echo(f"\r\x1b[K[{'#' * filled}{'.' * (_BAR - filled)}] {text}", nl=False, err=True)
        elif progress.left != self._left and (not progress.left or time.monotonic() - self._told > _TOLD_EVERY):
            self._told = time.monotonic()
            say(text)
        self._left = progress.left

    def end(self) -> None:
        if self._is_terminal and self._left >= 0:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._left = -1

    def _rest(self, progress: BatchProgress) -> str:
        done = self._at_first - progress.left
        if done <= 0 or not progress.left:
            return ""
        seconds = (time.monotonic() - self._began) / done * progress.left
        return f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {seconds:.0f} s left"


def _shown(rows: Sequence[BatchRow]) -> list[Sequence[str]]:
    heading = ("row", "status", "took", "parameters", "what")
    return [heading, *((str(r.number), r.run.status.value, seconds_of(r.run), _given(r), _what(r)) for r in rows)]


def _given(row: BatchRow) -> str:
    return parameters_of(row.run.parameters)


def _what(row: BatchRow) -> str:
    if row.run.status is RunStatus.COMPLETED:
        return " ".join(f"{name}={value:g}" for name, value in row.run.metrics.items())
    return what_of(row.run)


def _plain_row(store: Store, row: BatchRow) -> dict[str, object]:
    run = row.run
    took = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None
    outputs = [artifact.url for artifact in store.artifacts(run.id) if artifact.kind == "notebook"]
    return {
        "row": row.number,
        "run": run.id,
        "status": run.status.value,
        "tries": row.tries,
        "seconds": took,
        "parameters": plain(run.parameters),
        "metrics": plain(run.metrics),
        "failure": plain(run.failure),
        "output": outputs[-1] if outputs else None,
    }


def _written(path: Path, table: Sequence[Mapping[str, object]]) -> str:
    if path.suffix == ".json":
        return json.dumps(table, indent=2, ensure_ascii=False) + "\n"
    flat = [_flat(row) for row in table]
    heading = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, heading, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """Parameters and metrics as columns of their own."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if name in ("parameters", "metrics") and isinstance(value, dict):
            flat |= {f"{name[:-1]}.{key}": _cell(part) for key, part in value.items()}
        elif name == "failure":
            flat[name] = f"{value['kind']}: {value['message']}" if isinstance(value, dict) else ""
        else:
            flat[name] = "" if value is None else value
    return flat


def _cell(value: object) -> object:
    match value:
        case {"python": text}:
            return text
        case {"secret": reference}:
            return f"secret:{reference}"
    return json.dumps(value) if isinstance(value, list | dict) else value


def _ended(name: str, rows: Sequence[BatchRow], detach: bool) -> int:
    if detach:
        say(f"look at it: nb2prod runs list --batch {name}")
        return int(ExitCode.FINE)
    wrong = sum(row.run.status is not RunStatus.COMPLETED for row in rows)
    if not wrong:
        return int(ExitCode.FINE)
    say(f"{wrong} of {len(rows)} did not complete; run them again with: nb2prod batch --resume {name}")
    return int(ExitCode.FINDINGS)
