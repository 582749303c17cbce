"""The notebook that runs, made from its source, and the one with outputs, made from its source and the journal: pure.

A cell is `completed` only when the journal says so. One that was cut off is `failed`, one that never ran `pending`.
These words and their place (`metadata.papermill`) are papermill's, for the tools that read them.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any  # JSON of nbformat

from nb2prod.execution.outputs import CellOutputs
from nb2prod.runtime.listening import MIMETYPE, NOTED

__all__ = ["RunState", "layout_of", "noted_in", "prepared"]

_INJECTED, _MARKER = "injected-parameters", "papermill-error-cell-tag"


def layout_of(source: Mapping[str, Any], injected: str) -> list[int]:
    """The number in the source of each cell that is to run, 0 for the given parameters.

    They stand behind the last cell tagged `parameters`, in the place of those of an earlier run.
    """
    dropped = {_MARKER, _INJECTED} if injected else {_MARKER}
    kept = [n for n, cell in enumerate(source["cells"], 1) if not _drops(cell, dropped)]
    if injected:
        tagged = [place for place, n in enumerate(kept, 1) if _is_parameters(source["cells"][n - 1])]
        kept.insert(tagged[-1] if tagged else 0, 0)
    return kept


def prepared(source: Mapping[str, Any], layout: Sequence[int], injected: str) -> dict[str, Any]:
    """The notebook that runs: no outputs, the given parameters in their place."""
    cells = [copy.deepcopy(source["cells"][number - 1]) if number else None for number in layout]
    taken = {cell.get("id") for cell in cells if cell}
    made = [_cleared(cell) if cell else _injected_cell(source, injected, taken) for cell in cells]
    metadata = copy.deepcopy(source.get("metadata", {}))
    return {
        **{k: source[k] for k in ("nbformat", "nbformat_minor") if k in source},
        "metadata": metadata,
        "cells": made,
    }


@dataclass(kw_only=True)
class _CellState:
    status: str = "pending"
    start: str = ""
    end: str = ""
    count: int | None = None


FILES = ("table", "artifact", "model")


@dataclass(kw_only=True)
class RunState:
    """What a journal says so far. Feed it the entries in their order."""

    layout: list[int] = field(default_factory=list)
    injected: str = ""
    language: dict[str, Any] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)  # run.ended
    cells: dict[int, _CellState] = field(default_factory=dict)
    outputs: CellOutputs = field(default_factory=CellOutputs)
    metrics: dict[str, float] = field(default_factory=dict)
    noted: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # files, by kind and name

    @classmethod
    def of(cls, entries: Iterable[Mapping[str, Any]]) -> "RunState":
        state = cls()
        for entry in entries:
            state.apply(entry)
        return state

    def apply(self, entry: Mapping[str, Any]) -> None:
        event = entry["event"]
        if event == "run.started":
            self.head, self.layout, self.injected = dict(entry), list(entry["layout"]), entry["injected"]
        elif event == "run.ended":
            self.last = dict(entry)
        elif event == "kernel.ready":
            self.language = dict(entry["language"])
        elif event == "cell.started":
            self.cells[entry["index"]] = _CellState(status="running", start=entry["at"])
        elif event == "cell.output":
            self.outputs.apply(entry["index"], entry["do"], entry)
            self.metrics |= _metrics_in(entry.get("output", {}))
            noted = noted_in(entry.get("output", {}))
            if noted.get("kind") in FILES:
                self.noted[noted["kind"], str(noted.get("name"))] = noted
        else:
            cell = self.cells[entry["index"]]
            cell.status, cell.end, cell.count = event.removeprefix("cell."), entry["at"], entry.get("count")

    def document(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """The notebook with its outputs so far."""
        document = prepared(source, self.layout, self.injected)
        for index, cell in enumerate(document["cells"]):
            self._fill(index, cell)
        document["metadata"] |= {"language_info": self.language} if self.language else {}
        document["metadata"] |= {"papermill": self._papermill(), "nb2prod_run": self._about()}
        failure = self.last.get("failure")
        if failure and failure.get("cell") in self.layout:
            _mark(document, self.layout.index(failure["cell"]), failure, [c.get("id") for c in document["cells"]])
        return document

    @property
    def is_over(self) -> bool:
        return bool(self.last)

    def _fill(self, index: int, cell: dict[str, Any]) -> None:
        state = self.cells.get(index, _CellState())
        status = "failed" if state.status == "running" and self.is_over else state.status
        cell.setdefault("metadata", {})["papermill"] = {
            "exception": {"completed": False, "failed": True}.get(status),
            "start_time": state.start or None,
            "end_time": state.end or None,
            "duration": _seconds(state.start, state.end),
            "status": status,
        }
        if cell["cell_type"] == "code":
            cell["execution_count"] = state.count
            cell["outputs"] = self.outputs.of(index)

    def _papermill(self) -> dict[str, Any]:
        start, end = self.head.get("at", ""), self.last.get("at", "")
        failed = None if not self.last else self.last["status"] != "completed"
        return {
            "default_parameters": {},
            "environment_variables": {},
            "parameters": self.head.get("parameters", {}),
            "input_path": self.head.get("name", "source.ipynb"),
            "output_path": self.head.get("output", ""),
            "start_time": start or None,
            "end_time": end or None,
            "duration": _seconds(start, end),
            "exception": failed,
            "version": "nb2prod",
        }

    def _about(self) -> dict[str, Any]:
        status = self.last.get("status", "running")
        about = {"run": self.head.get("run"), "attempt": self.head.get("attempt"), "status": status}
        return about | {"failure": self.last.get("failure"), "metrics": dict(self.metrics)}


def _drops(cell: Mapping[str, Any], dropped: set[str]) -> bool:
    tags = _tags(cell)
    return bool(dropped & tags) if cell.get("cell_type") == "code" else _MARKER in tags


def _is_parameters(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "code" and bool({"parameters", "pipeline-parameters"} & _tags(cell))


def _tags(cell: Mapping[str, Any]) -> set[str]:
    tags = cell.get("metadata", {}).get("tags", ())
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()


def _cleared(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source", "")
    cell["source"] = source if isinstance(source, str) else "".join(source)
    cell.setdefault("metadata", {})
    if cell["cell_type"] == "code":
        cell |= {"outputs": [], "execution_count": None}
    return cell


def _injected_cell(source: Mapping[str, Any], injected: str, taken: set[Any]) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {"tags": [_INJECTED]}, "source": injected}
    return _with_id(source, cell | {"outputs": [], "execution_count": None}, "given-parameters", taken)


def _mark(document: dict[str, Any], index: int, failure: Mapping[str, Any], taken: list[Any]) -> None:
    """Words above the cell that failed, and at the top, as papermill has them; a later run takes them out."""
    line = f", line {failure['line']}" if failure.get("line") else ""
    text = f"**This run failed in cell {failure['cell']}{line}:** {failure['message']}"
    cell = {"cell_type": "markdown", "metadata": {"tags": [_MARKER]}}
    place = cell | {"source": f'<a id="papermill-error-cell"></a>\n\n{text}'}
    top = cell | {"source": f"{text} — [go there](#papermill-error-cell)"}
    document["cells"].insert(index, _with_id(document, place, "papermill-error-cell", set(taken)))
    document["cells"].insert(0, _with_id(document, top, "papermill-error", set(taken)))


def _with_id(document: Mapping[str, Any], cell: dict[str, Any], name: str, taken: set[Any]) -> dict[str, Any]:
    if document.get("nbformat_minor", 0) < 5:
        return cell
    while name in taken:
        name += "-x"
    return {"id": name, **cell}


def noted_in(output: Mapping[str, Any]) -> dict[str, Any]:
    """What log_table and its like have put into an output of a cell; {} for any other output."""
    found = output.get("data", {}).get(NOTED) if isinstance(output.get("data"), dict) else None
    return found if isinstance(found, dict) else {}


def _metrics_in(output: Mapping[str, Any]) -> dict[str, float]:
    found = output.get("data", {}).get(MIMETYPE) if isinstance(output.get("data"), dict) else None
    if not isinstance(found, dict):
        return {}
    return {str(name): float(value) for name, value in found.items() if isinstance(value, int | float)}


def _seconds(start: str, end: str) -> float | None:
    if not start or not end:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 6)
