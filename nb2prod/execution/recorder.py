"""Hears what happens to the cells, and writes it down: the journal, the notebook so far, the progress in the store."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON of nbformat

from nb2prod.execution.document import RunState, noted_in
from nb2prod.execution.heart import Heart
from nb2prod.execution.journal import Journal, JournalFull
from nb2prod.execution.log import RunLog
from nb2prod.execution.notebook_text import notebook_bytes
from nb2prod.execution.redactor import Redactor, StreamRedactor
from nb2prod.execution.stops import Stops
from nb2prod.execution.whole_files import NotWritten, write_whole
from nb2prod.model.job import Failure, FailureKind, Progress
from nb2prod.runtime.listening import MIMETYPE

__all__ = ["Recorder"]

_WRITE_EVERY = 2.0  # seconds between two versions of the notebook in the run's folder
_HAPPENINGS = ("event", "alert", "kpi")
_SHARE = 20  # and it takes at most this share of the time


class Recorder:
    """The Listener of a notebook. When the disk is full it stops the run, and keeps quiet from then on."""

    def __init__(
        self,
        source: Mapping[str, Any],
        output: Path,
        journal: Journal,
        *,
        redactor: Redactor,
        stops: Stops,
        heart: Heart,
        log: RunLog,
        progress: Callable[[str], None],
    ) -> None:
        self.state = RunState()
        self._source, self._output, self._journal = source, output, journal
        self._redactor, self._stops, self._heart, self._log, self._say = redactor, stops, heart, log, progress
        self._streams: dict[tuple[int, str], StreamRedactor] = {}
        self._is_full = False
        self._written, self._cost = time.monotonic(), 0.0
        self._total = len(source["cells"])
        self._began: dict[int, float] = {}

    def begin(self, layout: Sequence[int], injected: str, **head: object) -> None:
        self._add("run.started", layout=list(layout), injected=injected, **self._redactor.json(head))
        self._heart.at(Progress(done=0, total=self._total))

    def ready(self, language: Mapping[str, Any]) -> None:
        self._add("kernel.ready", language=dict(language))

    def started(self, index: int) -> None:
        self._began[index] = time.monotonic()
        number = self.state.layout[index]
        self._add("cell.started", index=index, cell=number)
        if number and self._is_code(number):
            self._heart.event("cell.started", cell=number)
            self._heart.at(Progress(done=number - 1, total=self._total, cell=number))
            self._log.say(f"cell {number} of {self._total} started")
            self._say(f"cell {number} of {self._total}")

    def output(self, index: int, do: str, **entry: object) -> None:
        output: Any = entry.get("output")
        name = output.get("name", "") if isinstance(output, dict) and output.get("output_type") == "stream" else ""
        self._flush(index, but=name)
        if not name:
            self._add("cell.output", index=index, do=do, **self._redactor.json(entry))
            if MIMETYPE in (output or {}).get("data", {}):
                self._heart.metrics(self.state.metrics)
            self._hear(noted_in(self._redactor.json(output) if isinstance(output, dict) else {}))
            return
        text = self._streams.setdefault((index, name), StreamRedactor(self._redactor)).feed(output["text"])
        if text:
            self._add_text(index, name, text)

    def completed(self, index: int, count: int | None) -> None:
        self._ended(index, "cell.completed", count=count)

    def failed(self, index: int, count: int | None, why: FailureKind) -> None:
        self._ended(index, "cell.failed", count=count, why=why.value)

    def end(self, status: str, failure: Failure | None) -> None:
        """The last line, and the last version of the notebook. Raises JournalFull, NotWritten."""
        told = None if failure is None else {**vars(failure), "kind": failure.kind.value, "traceback": ""}
        if not self._is_full:
            self.state.apply(self._journal.add("run.ended", status=status, failure=self._redactor.json(told)))
        self.write()

    def write(self) -> bytes:
        """Raises NotWritten."""
        content = notebook_bytes(self.document())
        write_whole(str(self._output), content)
        return content

    def document(self) -> dict[str, Any]:
        return self.state.document(self._source)

    def _hear(self, noted: Mapping[str, Any]) -> None:
        """Events, alerts and figures of the business are events of the run."""
        if noted.get("kind") in _HAPPENINGS:
            self._heart.event(str(noted["kind"]), **{str(k): v for k, v in noted.items() if k != "kind"})

    def _ended(self, index: int, event: str, **data: object) -> None:
        self._flush(index)
        number = self.state.layout[index]
        self._add(event, index=index, cell=number, **data)
        if number and self._is_code(number):
            seconds = round(time.monotonic() - self._began.get(index, time.monotonic()), 3)
            self._heart.event(event, cell=number, seconds=seconds)
            done = number if event == "cell.completed" else number - 1
            self._heart.at(Progress(done=done, total=self._total, cell=number))
            self._log.say(f"cell {number} {event.removeprefix('cell.')} after {seconds} s")

    def _is_code(self, number: int) -> bool:
        return bool(self._source["cells"][number - 1].get("cell_type") == "code")

    def _flush(self, index: int, but: str = "") -> None:
        """What waited in the other streams stands before what comes now."""
        for (where, name), stream in self._streams.items():
            if where == index and name != but and (rest := stream.rest()):
                self._add_text(index, name, rest)

    def _add_text(self, index: int, name: str, text: str) -> None:
        output = {"output_type": "stream", "name": name, "text": text}
        self._add("cell.output", index=index, do="output", output=output)

    def _add(self, event: str, **data: object) -> None:
        if self._is_full:
            return
        try:
            self.state.apply(self._journal.add(event, **data))
            self._write_sometimes()
        except (JournalFull, NotWritten) as error:
            self._is_full = isinstance(error, JournalFull)
            self._stops.stop(FailureKind.IO, f"{error.strerror or error}: {self._output.parent}")

    def _write_sometimes(self) -> None:
        now = time.monotonic()
        if now - self._written < max(_WRITE_EVERY, _SHARE * self._cost):
            return
        self.write()
        self._written = time.monotonic()
        self._cost = self._written - now
