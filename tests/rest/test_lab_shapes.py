"""What JupyterLab's side knows of schedules and runs (labextension/src/jobs.ts, rest.ts) is what the REST has."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from nb2prod.rest.orders import ScheduleIn
from nb2prod.rest.shapes import (
    AttemptOut,
    FailureOut,
    LimitsOut,
    ProgressOut,
    RetryOut,
    RunOut,
    RunRowOut,
    ScheduleOut,
    ScheduleRowOut,
    SettingsOut,
)

SOURCES = Path(__file__).parents[2] / "labextension" / "src"
TEXT = "".join((SOURCES / name).read_text(encoding="utf-8") for name in ("rest.ts", "jobs.ts"))
INTERFACES = {
    name: (base, re.findall(r"^  readonly (\w+)\??:", body, re.MULTILINE))
    for name, base, body in re.findall(
        r"^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", TEXT, re.MULTILINE | re.DOTALL
    )
}


def fields(name: str) -> set[str]:
    base, own = INTERFACES[name]
    return {*own} | (fields(base) if base else set())


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("IRun", RunOut),
        ("IRunRow", RunRowOut),
        ("ISchedule", ScheduleOut),
        ("IScheduleRow", ScheduleRowOut),
        ("IScheduleOrder", ScheduleIn),
        ("ISettings", SettingsOut),
        ("ILimits", LimitsOut),
        ("IRetry", RetryOut),
        ("IProgress", ProgressOut),
        ("IFailure", FailureOut),
        ("IAttempt", AttemptOut),
    ],
)
def test_an_interface_has_the_fields_of_the_shape(name: str, shape: type[BaseModel]) -> None:
    assert fields(name) == set(shape.model_fields)
