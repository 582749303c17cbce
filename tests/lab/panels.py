"""The panels of schedules and runs as their user sees them, and what must be true of every panel."""

import json
import urllib.request
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


def ask(lab: Lab, path: str, body: bytes | None = None, method: str | None = None) -> Any:
    """What the server extension answers."""
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{lab.url}nb2prod/{path}", data=body, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")
