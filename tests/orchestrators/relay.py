"""A small project with two branches that can be told to go wrong:

fetch ─→ measure ─→ report          measure sleeps for `naps` seconds, and may take 2
      └→ gate ────↗                 gate fails unless the file `ticket` is there; it waits for `waits` seconds before
"""

import json
from pathlib import Path

_PARAMETERS = '''"""Parameters."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    rows: int = 7  # how many rows
    scale: float = 0.1  # what they are counted in
    label: str = "a {{ b }} 'c'"  # goes through as it is
    ends: tuple[int, int] = (1, 2)  # first and last
    ticket: str = ""  # a file
    naps: float = 0.0
    waits: float = 0.0
'''
_PIPELINE = '''"""Relay."""

from typing import Any, NamedTuple

from nb2prod.runtime import StepRunner

from .parameters import Parameters
from .steps.relay import fetch, gate, measure, report


class Results(NamedTuple):
    score: Any


def run(parameters: Parameters, step: StepRunner) -> Results:
    table = step(fetch, rows=parameters.rows, scale=parameters.scale, ends=parameters.ends, label=parameters.label)
    mean = step(measure, table, naps=parameters.naps)
    passed = step(gate, table, ticket=parameters.ticket, waits=parameters.waits)
    score = step(report, mean, passed)
    return Results(score)
'''
_STEPS = '''"""Steps."""

import time
from pathlib import Path
from typing import Any


def fetch(rows: Any, scale: Any, ends: Any, label: Any) -> Any:
    """Fetch the rows"""
    assert type(rows) is int and type(scale) is float and ends == (1, 2) and label == "a {{ b }} 'c'", label
    return [row * scale for row in range(rows)]


def measure(table: Any, naps: Any) -> Any:
    """Their mean"""
    time.sleep(naps)
    return sum(table) / len(table)


def gate(table: Any, ticket: Any, waits: Any) -> Any:
    """Only with a ticket"""
    print("gate waits", end="", flush=True)
    time.sleep(waits)
    if not Path(ticket).is_file():
        raise ValueError(f"no ticket at {ticket!r}")
    return len(table)


def report(mean: Any, passed: Any) -> Any:
    """The score"""
    score = mean / passed
    return score
'''
_SETTINGS = """\
[pipeline]
name = "relay"
package = "relay"

[steps.fetch]
retries = 2
retry_delay = 0.1

[steps.measure]
retries = 1
timeout = 2

[steps.gate]
retries = 3
retry_delay = 0.1
"""


def write_relay(folder: Path) -> Path:
    """The project's folder."""
    files = {
        "pipeline.toml": _SETTINGS,
        "nb2prod.lock.json": json.dumps({"format": 1, "steps": {"report": {"metrics": ["score"]}}}),
        "src/relay/__init__.py": '"""Relay."""\n',
        "src/relay/parameters.py": _PARAMETERS,
        "src/relay/pipeline.py": _PIPELINE,
        "src/relay/steps/__init__.py": '"""Steps."""\n',
        "src/relay/steps/relay.py": _STEPS,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
