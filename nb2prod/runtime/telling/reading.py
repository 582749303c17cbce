"""Records of runs, read: by who shows, compares and exports them. What is missing in one is empty here."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any  # JSON

from nb2prod.runtime.files import read_json

__all__ = ["RunRecord", "StepRecord", "is_record", "read_record", "records_in", "rows_of"]


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """A step of a record; `data` is all that run.json has of it."""

    name: str
    status: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def started(self) -> datetime | None:
        return _moment(self.data.get("started"))

    @property
    def attempts(self) -> int:
        return int(self.data.get("attempts", 1))

    @property
    def cached(self) -> bool:
        return bool(self.data.get("cached"))

    @property
    def seconds(self) -> float | None:
        return self.data.get("seconds")

    @property
    def cpu(self) -> float | None:
        return self.data.get("cpu_seconds")

    @property
    def memory(self) -> int:
        return int(self.data.get("peak_memory_bytes") or 0)

    @property
    def rows_in(self) -> int | None:
        return rows_of(self.data.get("inputs", {}))

    @property
    def rows_out(self) -> int | None:
        return rows_of(self.data.get("outputs", {}))

    @property
    def metrics(self) -> Mapping[str, float]:
        return self.data.get("metrics") or {}

    @property
    def error(self) -> Mapping[str, Any]:
        return self.data.get("error") or {}


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Of a pipeline's run, as its folder has it now."""

    folder: Path
    data: Mapping[str, Any]

    @property
    def run(self) -> str:
        return str(self.data.get("run", self.folder.name))

    @property
    def pipeline(self) -> str:
        return str(self.data.get("pipeline", ""))

    @property
    def status(self) -> str:
        return str(self.data.get("status", "unknown"))

    @property
    def started(self) -> datetime | None:
        return _moment(self.data.get("started"))

    @property
    def finished(self) -> datetime | None:
        return _moment(self.data.get("finished"))

    @property
    def seconds(self) -> float | None:
        return self.data.get("seconds")

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.data.get("parameters") or {}

    @property
    def metrics(self) -> Mapping[str, float]:
        return self.data.get("metrics") or {}

    @property
    def error(self) -> Mapping[str, Any]:
        return self.data.get("error") or {}

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        found = self.data.get("steps") or ()
        return tuple(StepRecord(name=step["name"], status=step["status"], data=step) for step in found)

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Those of events.jsonl; a line that a kill has cut off is left out."""
        try:
            lines = (self.folder / "events.jsonl").read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def profile(self, step: str) -> Mapping[str, Any]:
        """Its inputs and outputs with the distributions of their columns."""
        return {
            what: {name: self._given(value) for name, value in values.items()}
            for what, values in self._profile(step).items()
        }

    def _given(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        if "same" not in value:
            return value
        step, name = value["same"]
        found: Mapping[str, Any] = self._profile(step).get("outputs", {}).get(name, {})
        return found

    def _profile(self, step: str) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Any] = read_json(self.folder / "profiles" / f"{step}.json", dict)
        return found


def is_record(folder: Path) -> bool:
    return "pipeline" in read_json(folder / "run.json", dict)


def read_record(folder: Path) -> RunRecord | None:
    """None where there is no record of a pipeline's run."""
    data = read_json(folder / "run.json", dict)
    return RunRecord(folder=folder, data=data) if "pipeline" in data else None


def records_in(runs: Path) -> list[RunRecord]:
    """The newest first."""
    found = [read_record(path.parent) for path in runs.glob("*/run.json")]
    return sorted((each for each in found if each), key=lambda each: str(each.data.get("started")), reverse=True)


def rows_of(described: Mapping[str, Any]) -> int | None:
    """Of the longest table or array among them."""
    rows = [value["shape"][0] for value in described.values() if value.get("shape")]
    return max(rows, default=None)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
