"""Notebook 7, whose pages have one document each and none of JupyterLab's shell."""

import re
from pathlib import Path

import pytest
from lab.jupyterlab import TOKEN
from lab.pages import LabPage, tags_on_disk, write_notebook
from lab.panels import runs, schedules
from lab.works import Works
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.smoke]

CELLS = (
    ("from math import *", ["imports"]),
    ("size: int = 3", ["parameters"]),
    ("x = sqrt(size)", ["step:use"]),
    "print(x)",
)


def opened(page: LabPage, path: Path) -> list[str]:
    """What the page says in its console from then on."""
    said: list[str] = []
    page.page.on("console", lambda message: said.append(message.text))
    page.page.goto(f"{page.lab.url}notebooks/{path.relative_to(page.lab.root).as_posix()}?token={TOKEN}")
    expect(page.page.locator(".nb2prod-Badge").first).to_contain_text("imports")
    return said


def test_tags_pipeline_and_findings_work(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "a.ipynb", *CELLS)
    said = opened(page, path)
    page.command("nb2prod:show-pipeline")
    panel = page.page.locator(".nb2prod-Pipeline")
    expect(panel.locator('[data-node="use"]')).to_be_visible()
    page.cell(3).locator(".nb2prod-Badge-face").click()
    page.page.keyboard.type("tell")
    page.page.keyboard.press("Enter")
    expect(panel.locator('[data-node="tell"]')).to_be_visible()
    panel.get_by_role("button", name=re.compile("^Fix")).click()
    expect(page.cell(0).locator(".cm-content")).to_have_text("from math import sqrt")
    page.command("docmanager:save")
    assert tags_on_disk(path) == [["imports"], ["parameters"], ["step:use"], ["step:tell"]]
    page.command("nb2prod:open-rule", {"code": "NB406"})
    expect(page.page.locator(".nb2prod-Rule")).to_contain_text("NB406")
    assert [text for text in said if "nb2prod" in text] == []


def test_it_is_converted_and_its_panels_open(page: LabPage, folder: Path) -> None:
    said = opened(page, write_notebook(folder / "count.ipynb", *CELLS))
    works = Works(page)
    works.convert()
    expect(works.chip("completed")).to_be_visible()
    works.tool("nb2prod:run-job").click()
    expect(works.parameter("size")).to_have_value("3")
    works.parameter("size").press("Escape")  # a kernel that starts takes the focus
    expect(works.dialog).to_have_count(0)
    page.notebook.locator('[data-jp-item-name="nb2prod-schedule"]').click()
    expect(schedules(page).locator(".nb2prod-CronReading")).to_have_attribute("data-state", "ready")
    page.command("nb2prod:open-runs")
    expect(runs(page).get_by_role("group", name="Filters")).to_be_visible()
    assert [text for text in said if "nb2prod" in text] == []
