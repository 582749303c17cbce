"""The record of a run: `run.json` (whole at any moment), `events.jsonl`, `logs/`, and what steps have shown.

figures/STEP-N.png, tables/STEP-NAME.csv, files/, models/: what they drew, displayed and logged
profiles/STEP.json: inputs and outputs with the distributions of their columns, which run.json has in short;
                    {"same": [STEP, OUTPUT]} for what an earlier step gave

run.json = run, pipeline, package, notebook, status, started, finished, seconds, parameters, resumed, versions,
           steps(name, status, cached, seconds, ..., inputs, outputs, metrics, error), metrics, error
"""

import ast
import errno
import json
import os
import sys
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # JSON

from nb2prod.runtime.errors import ParameterError, RecordNotWritten
from nb2prod.runtime.export.ending import export_at_end
from nb2prod.runtime.export.json_lines import is_wanted, write_line
from nb2prod.runtime.files import read_json, write_bytes, write_json
from nb2prod.runtime.telling.profile import short

__all__ = ["Record", "close_record", "decode", "encode", "new_run_id", "recorded_parameters"]

_RESERVE = 1 << 16  # bytes that are kept free for saying how a run on a full disk ended
_ENDED = {"completed", "failed", "timeout", "interrupted", "skipped"}
_GIVEN = 50  # outputs of which is remembered that they were told of
_AT_ONCE, _SHARE = 0.005, 0.02  # seconds, and a share of the run's time, for writing run.json


class Record:
    """Everything that is written about one run. `now` gives the time in UTC."""

    def __init__(self, folder: Path, head: Mapping[str, object]) -> None:
        self.folder, self.run = folder, folder.name
        for place in ("logs", "figures"):
            (folder / place).mkdir(parents=True, exist_ok=True)
        self._events = os.open(folder / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        weakref.finalize(self, os.close, self._events)
        self._reserve = folder / ".reserve"
        self._reserve.write_bytes(bytes(_RESERVE))
        self._spent = 0.0  # seconds of writing run.json
        self.steps: list[dict[str, Any]] = []
        self._given: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._profiles: dict[int, dict[str, Any]] = {}  # of steps that run
        self._written: dict[int, str] = {}  # steps that have ended, as JSON: a run of many steps must not slow down
        self.metrics: dict[str, float] = {}
        self.began = time.monotonic()  # the wall clock may jump
        self.head = {"run": self.run, "status": "running", "started": _text(_now()), "pid": os.getpid(), **head}
        self.head |= {"traceparent": os.environ["TRACEPARENT"]} if "TRACEPARENT" in os.environ else {}
        self.event("run.started")
        self._write()

    def begin(self, name: str, inputs: Mapping[str, object]) -> dict[str, Any]:
        """The record of a step; what is put into it is written by `end`."""
        step: dict[str, Any] = {"name": name, "status": "running", "started": _text(_now()), "inputs": inputs}
        self.profile(step, inputs=inputs)
        self.steps.append(step)
        self.event("step.started", step=name)
        # a run of many quick steps does not spend its time with telling of them: events.jsonl has each
        if self._spent < _AT_ONCE + _SHARE * (time.monotonic() - self.began):
            self._write()
        return step

    def profile(self, step: dict[str, Any], **found: Any) -> None:
        """What goes in or comes out, by "inputs" and "outputs": in short in the step, whole in its profile."""
        for what, values in found.items():
            step[what] = {name: short(value) for name, value in values.items()}
            if any("columns" in value for value in values.values()):
                self._profiles.setdefault(id(step), {})[what] = {n: self._once(v) for n, v in values.items()}
            for name, value in values.items():
                if what == "outputs" and "columns" in value:
                    self._given[id(value)] = value, {"same": [step["name"], name]}
                    if len(self._given) > _GIVEN:
                        del self._given[next(iter(self._given))]

    def _once(self, value: dict[str, Any]) -> dict[str, Any]:
        """What an earlier step gave is said where it gave it."""
        return self._given.get(id(value), (None, value))[1]

    def end(self, step: dict[str, Any], status: str, **found: object) -> None:
        step.update(status=status, **found)
        self._keep_profile(step)
        self.metrics |= step.get("metrics", {})
        self.event(f"step.{status}", step=step["name"], **{k: found[k] for k in ("seconds", "cached") if k in found})
        self._written[id(step)] = _json(step)  # on disk with the next step, or with the end of the run

    def _keep_profile(self, step: dict[str, Any]) -> None:
        self.profile(step, **{what: step[what] for what in ("outputs",) if what in step})
        whole = self._profiles.pop(id(step), None)
        if whole:
            folder = self.folder / "profiles"
            content = _json(whole).encode("utf-8", "backslashreplace")
            with self._room():
                folder.mkdir(exist_ok=True)
                write_bytes(folder / f"{step['name']}.json", content, durable=False)

    def finish(self, status: str, error: Mapping[str, object] | None = None) -> None:
        self._reserve.unlink(missing_ok=True)
        for step in self.steps:
            if step["status"] == "running":  # what ended the run ended it too
                step["status"] = "interrupted"
        seconds = round(time.monotonic() - self.began, 6)
        self.head |= {"status": status, "finished": _text(_now()), "seconds": seconds}
        self.head |= {"error": error} if error else {}
        self.event(f"run.{status}")
        self._write(whole=True)
        export_at_end(self.folder, _say)

    def event(self, name: str, /, **more: object) -> None:
        entry: dict[str, object] = {"time": _text(_now()), "run": self.run, "event": name, **more}
        line = f"{_json(entry)}\n".encode("utf-8", "backslashreplace")
        with self._room():
            written = os.write(self._events, line)
            if written < len(line):  # no half line stays
                os.ftruncate(self._events, os.fstat(self._events).st_size - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if is_wanted():
            write_line(name, **{key: value for key, value in entry.items() if key != "event"})

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Raises RecordNotWritten, after making room for the end of it."""
        try:
            yield
        except OSError as error:
            self._reserve.unlink(missing_ok=True)
            reason = error.strerror or str(error)
            raise RecordNotWritten(self.folder, reason, str(self.head.get("resume", ""))) from error

    def _write(self, *, whole: bool = False) -> None:
        """A line for what is said of the run, and one for each step."""
        began = time.monotonic()
        head = {"format": 1, **self.head, "metrics": self.metrics}
        known = {} if whole else self._written  # somebody may have added to a step since
        lines = ",\n".join(known.get(id(step)) or _json(step) for step in self.steps)
        text = f'{_json(head)[:-1]},\n"steps": [\n{lines}\n]}}\n'
        with self._room():
            write_bytes(self.folder / "run.json", text.encode("utf-8", "backslashreplace"), durable=whole)
        self._spent += time.monotonic() - began


def _say(line: str) -> None:
    if is_wanted():
        write_line("told", message=line)
    else:
        print(line, file=sys.stderr, flush=True)


def new_run_id() -> str:
    """Sorted by time, and not the same for two runs of one second. Draws nothing from the global generators."""
    return f"{_now():%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


def close_record(folder: Path, status: str, message: str = "") -> bool:
    """Say how a run ended whose process could not say it any more, and its steps too. False when it had said it."""
    record = read_json(folder / "run.json", dict)
    if record.get("status") != "running":
        return False
    error = {"message": message, "type": status, "reason": message, "resume": record.get("resume", "")}
    steps = [
        {**step, "status": status, "error": error} if step.get("status") == "running" else step
        for step in _steps_told(folder, record.get("steps", ()))
    ]
    ended = {"status": status, "finished": _text(_now()), "error": error, "steps": steps}
    write_json(folder / "run.json", {**record, **ended})
    return True


def _steps_told(folder: Path, steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps of a record as far as the events go, which are written at once."""
    known = {step["name"]: dict(step) for step in steps}
    for line in (folder / "events.jsonl").read_bytes().splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # the last one was cut off
            continue
        what, name = str(event["event"]).partition("step.")[2], event.get("step", "")
        if what == "started" and name not in known:
            known[name] = {"name": name, "status": "running", "started": event["time"]}
        elif what in _ENDED and known.get(name, {}).get("status") == "running":
            known[name] |= {"status": what, **{key: event[key] for key in ("seconds", "cached") if key in event}}
    return list(known.values())


def recorded_parameters(runs: Path, run: str) -> dict[str, object]:
    """The parameters of an earlier run. Raises ParameterError when there is no such run."""
    record = read_json(runs / run / "run.json", dict) if Path(run).name == run else {}
    if "parameters" not in record:
        known = sorted(path.parent.name for path in runs.glob("*/run.json"))[-3:]
        latest = f"; the latest are {', '.join(known)}" if known else ""
        raise ParameterError(f"there is no run '{run}' in {runs}{latest}")
    return {name: decode(name, value) for name, value in record["parameters"].items()}


def encode(value: object) -> object:
    """As JSON where that gives the same value again, else as the text of a Python literal."""
    try:
        if _same(json.loads(json.dumps(value, allow_nan=False)), value) and not isinstance(value, dict):
            return value
    except (TypeError, ValueError):
        pass
    return {"python": repr(value)}


def _same(read: object, value: object) -> bool:
    """True is not 1 here, and a tuple not a list."""
    return repr(read) == repr(value)


def decode(name: str, value: Any) -> object:
    if not isinstance(value, dict):
        return value
    text = value["python"]
    try:
        return float(text) if text in ("nan", "inf", "-inf") else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise ParameterError(f"parameter '{name}' of that run was {text}: give it again") from None


def versions() -> dict[str, str]:
    """Python's and those of the libraries that are loaded and say what they are."""
    names = ("numpy", "pandas", "sklearn", "scipy", "statsmodels", "matplotlib", "torch", "tensorflow", "xgboost")
    loaded = {name: getattr(sys.modules[name], "__version__", "") for name in names if name in sys.modules}
    return {"python": sys.version.split()[0], **loaded}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)


def _now() -> datetime:
    return datetime.now(UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
