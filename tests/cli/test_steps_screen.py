"""A pipeline in a terminal: the steps that run, below what they print."""

import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from runtime.conftest import project as project
from runtime.tiny import Project

from nb2prod.execution.following import EventLines, StepsSoFar

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def event(name: str, step: str, seconds: float = 0, **more: object) -> dict[str, object]:
    return {"event": f"step.{name}", "step": step, "time": (NOON + timedelta(seconds=seconds)).isoformat(), **more}


def test_each_step_that_runs_has_a_line() -> None:
    so_far = StepsSoFar(total=4)
    for each in (
        event("started", "load"),
        event("completed", "load", 1),
        event("started", "train_left", 1),
        event("started", "right", 2),
        event("retried", "right", 3, attempt=2),
    ):
        so_far.apply(each)
    assert so_far.lines(NOON + timedelta(seconds=12)) == [
        "1 of 4 steps done",
        "  train_left    11.0 s",
        "  right         10.0 s  attempt 2",
    ]
    for each in (event("failed", "right", 13), event("skipped", "report", 13), event("cached", "train_left", 14)):
        so_far.apply(each)
    assert so_far.lines(NOON + timedelta(seconds=15)) == ["2 of 4 steps done"]


def test_half_a_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = EventLines(path)
    assert list(lines.new()) == []
    path.write_text('{"event": "a"}\n{"event"')
    assert list(lines.new()) == [{"event": "a"}]
    with path.open("a") as file:
        file.write(': "b"}\n')
    assert list(lines.new()) == [{"event": "b"}]


@pytest.mark.slow
def test_in_a_terminal_steps_are_seen_while_they_run(project: Project, tmp_path: Path) -> None:
    project.write(
        "steps/score.py",
        (project.root / "src/tiny/steps/score.py")
        .read_text()
        .replace("    table.append(1)\n", "    import time; time.sleep(1.5); print('\\x1b[1mbold\\x1b[0m')\n"),
    )
    project.settings()
    text, code = in_terminal(project, tmp_path, "run", str(project.root))
    assert code == 0
    assert re.search(r"1 of 2 steps done\s+score +\d\.\d s", text)
    assert [text.count(line) for line in ("loaded 4\r\n", "bold\r\n", "total = 9\r\n")] == [1, 1, 1]
    assert text.index("loaded 4") < text.index("1 of 2 steps done") < text.index("bold")


def in_terminal(project: Project, folder: Path, *arguments: str) -> tuple[str, int]:
    """What it has written, without the terminal's commands, and its exit code."""
    ours, theirs = pty.openpty()
    more = {"NB2PROD_STORE": str(folder / "store.db"), "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(
        [sys.executable, "-m", "nb2prod", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **more},
        cwd=project.root,
    ) as child:
        os.close(theirs)
        content = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the terminal's other end was closed
                break
            if not piece:
                break
            content += piece
        os.close(ours)
        code = child.wait(60)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", content.decode()), code
