"""The notebook that runs, and what a journal makes of it: pure."""

from typing import Any

from nb2prod.execution.document import RunState, layout_of, prepared

TIME = "2026-01-31T06:00:0{}+00:00"


def cell(source: str, *tags: str, kind: str = "code") -> dict[str, Any]:
    return {"id": source[:3], "cell_type": kind, "metadata": {"tags": list(tags)}, "source": source}


SOURCE = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        cell("marker", "papermill-error-cell-tag", kind="markdown"),
        cell("a = 1", "parameters"),
        cell("a = 5", "injected-parameters"),
        cell("b = 1", "parameters"),
        cell("title", kind="markdown"),
        cell("print(a)"),
    ],
}


def entries(*after: dict[str, Any]) -> list[dict[str, Any]]:
    head = {"event": "run.started", "at": TIME.format(0), "layout": [2, 4, 0, 5, 6], "injected": "# Parameters\na = 7"}
    return [head, {"event": "kernel.ready", "at": TIME.format(0), "language": {"name": "python"}}, *after]


def event(kind: str, index: int, second: int, **data: object) -> dict[str, Any]:
    return {"event": f"cell.{kind}", "index": index, "at": TIME.format(second), **data}


def test_given_parameters_stand_behind_the_last_cell_of_parameters() -> None:
    assert layout_of(SOURCE, "# Parameters\na = 7") == [2, 4, 0, 5, 6]
    assert layout_of(SOURCE, "") == [2, 3, 4, 5, 6]
    untagged = {**SOURCE, "cells": [cell("x = 1")]}
    assert layout_of(untagged, "# Parameters\na = 7") == [0, 1]
    made = prepared(SOURCE, [2, 4, 0, 5, 6], "# Parameters\na = 7")
    assert [each["source"] for each in made["cells"]] == ["a = 1", "b = 1", "# Parameters\na = 7", "title", "print(a)"]
    assert made["cells"][2]["metadata"] == {"tags": ["injected-parameters"]}


def test_a_cell_is_completed_only_when_the_journal_says_so() -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "7"}
    state = RunState.of(
        entries(
            event("started", 0, 1),
            event("completed", 0, 2, count=1),
            event("started", 1, 2),
            event("output", 1, 2, do="output", output=stream),
            event("output", 1, 3, do="output", output=stream),
        )
    )
    going = state.document(SOURCE)
    assert [each["metadata"]["papermill"]["status"] for each in going["cells"]] == [
        "completed",
        "running",
        *["pending"] * 3,
    ]
    assert going["cells"][1]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "77"}]
    assert going["cells"][0]["metadata"]["papermill"]["duration"] == 1.0
    assert going["metadata"]["language_info"] == {"name": "python"}
    failure = {"kind": "lost", "message": "gone", "cell": 4, "line": 0}
    state.apply({"event": "run.ended", "at": TIME.format(4), "status": "failed", "failure": failure})
    ended = state.document(SOURCE)
    assert [each["source"].partition(" ")[0] for each in ended["cells"]][:3] == ["**This", "a", "<a"]
    code = [each for each in ended["cells"] if each["cell_type"] == "code"]
    assert [each["metadata"]["papermill"]["status"] for each in code] == [
        "completed",
        "failed",
        "pending",
        "pending",
    ]
    assert ended["metadata"]["papermill"]["exception"] is True
    ids = [each["id"] for each in ended["cells"]]
    assert len(ids) == len(set(ids))
