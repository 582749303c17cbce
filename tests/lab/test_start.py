"""The extension is there when JupyterLab starts."""

from pathlib import Path

import pytest
from lab.pages import LabPage, tags_on_disk, write_notebook
from lab.panels import begin_empty, runs, schedules
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.smoke]


def test_our_plugins_are_there(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", "x = 1"))
    assert page.page.evaluate("window.jupyterapp.hasPlugin('nb2prod:plugin')") is True
    assert page.page.evaluate("window.jupyterapp.isPluginActivated('nb2prod:plugin')") is True


def test_tags_and_the_pipeline_work(page: LabPage, folder: Path) -> None:
    said: list[str] = []
    page.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    path = write_notebook(folder / "b.ipynb", ("size = 3", ["parameters"]), ("x = size", ["step:use"]), "print(x)")
    page.open(path)
    page.command("nb2prod:show-pipeline")
    expect(page.page.locator('.nb2prod-Graph [data-node="use"]')).to_be_visible()
    page.select(2)
    page.command("nb2prod:tag-step", {"step": "tell"})
    expect(page.page.locator('.nb2prod-Graph [data-node="tell"]')).to_be_visible()
    page.save()
    assert tags_on_disk(path) == [["parameters"], ["step:use"], ["step:tell"]]
    assert [text for text in said if "nb2prod" in text] == []


def test_the_panels_of_jobs_open(page: LabPage) -> None:
    begin_empty(page)
    page.command("nb2prod:open-schedules")
    expect(schedules(page).get_by_role("button", name="New schedule")).to_be_visible()
    page.command("nb2prod:open-runs")
    expect(runs(page).locator("tr[data-run]").first.or_(runs(page).get_by_text("No runs yet."))).to_be_visible()
