"""The panels of schedules and runs as their user sees them, and what must be true of every panel."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # JSON

from lab.jupyterlab import TOKEN, Lab
from lab.pages import LabPage
from playwright.sync_api import Locator


def schedules(page: LabPage) -> Locator:
    return page.page.locator("#nb2prod-schedules")


def runs(page: LabPage) -> Locator:
    return page.page.locator("#nb2prod-runs")


def begin_empty(page: LabPage) -> None:
    """JupyterLab without a notebook, when all of it is there."""
    page.open()
    page.page.locator(".jp-Launcher").wait_for()
    page.page.wait_for_function("window.jupyterapp.commands.hasCommand('nb2prod:open-runs')")


def row(page: LabPage, name: str) -> Locator:
    return schedules(page).locator(f'tr[data-name="{name}"]')


def field(page: LabPage, label: str) -> Locator:
    return schedules(page).get_by_label(label, exact=True)


def parameter(page: LabPage, name: str) -> Locator:
    return schedules(page).locator(f"#nb2prod-parameter-{name}")


def ask(lab: Lab, path: str) -> Any:
    """What the server extension answers."""
    with urllib.request.urlopen(f"{lab.url}nb2prod/{path}{'&' if '?' in path else '?'}token={TOKEN}") as answer:
        return json.loads(answer.read())


@contextmanager
def daemons_ended(lab: Lab) -> Iterator[None]:
    """A scheduler daemon outlives the server that has started it: it is ended by its process's number."""
    try:
        yield
    finally:
        pids = [daemon["pid"] for daemon in ask(lab, "scheduler")["daemons"]]
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 30
        while time.monotonic() < end and any(_is_there(pid) for pid in pids):
            time.sleep(0.2)


def _is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
