"""From an untagged notebook to a scheduled pipeline that runs, in one page, as one person does it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lab.accessibility import faults
from lab.daemons import daemons_ended
from lab.jupyterlab import Lab
from lab.pages import LabPage, tags_on_disk, write_notebook
from lab.panels import field, row, schedules
from lab.works import Works
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CELLS = (
    "from math import *",
    "size = 3",
    "# Load the rows",
    "rows = [sqrt(number) for number in range(size)]",
    "# Report",
    "total = sum(rows)\nprint(total)",
)


@pytest.fixture(autouse=True)
def _no_daemon_is_left(lab: Lab) -> Iterator[None]:
    with daemons_ended(lab):
        yield


def test_an_untagged_notebook_becomes_a_scheduled_pipeline(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / f"{folder.name}.ipynb", *CELLS)
    page.open(path)
    tag_and_mend(page)
    page.save()
    assert [tags for tags in tags_on_disk(path) if tags][:2] == [["imports"], ["parameters"]]
    convert_and_run(page)
    schedule_for_the_next_minute(page, folder.name)
    assert_nothing_shuts_anybody_out(page)


def tag_and_mend(page: LabPage) -> None:
    """With the keyboard where there is a key for it."""
    page.command("nb2prod:show-pipeline")
    panel = page.page.locator(".nb2prod-Pipeline")
    panel.get_by_role("button", name="Suggest tags", exact=True).click()
    accept = panel.get_by_role("button", name="Accept all", exact=True)
    accept.focus()
    page.page.keyboard.press("Enter")
    expect(panel.locator('[data-node="load_the_rows"], [data-node="load_rows"]')).to_be_visible()
    expect(page.cell(1).locator(".nb2prod-Badge")).to_contain_text("parameters")
    fix = panel.locator(".nb2prod-Findings").get_by_role("button", name=re.compile("^Fix")).first
    fix.click()
    expect(page.cell(0).locator(".cm-content")).to_have_text("from math import sqrt")
    expect(panel.locator(".nb2prod-Graph")).to_be_visible()


def convert_and_run(page: LabPage) -> None:
    works = Works(page)
    works.convert(verify=True)
    expect(works.chip("completed")).to_have_count(2, timeout=120_000)
    expect(works.tab.locator('[data-status="different"]')).to_have_count(0)
    works.button("Run …").click()
    works.start_scheduler()
    works.parameter("size").fill("5")
    works.accept()
    expect(works.chip("completed")).to_be_visible(timeout=120_000)


def schedule_for_the_next_minute(page: LabPage, name: str) -> None:
    page.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text=f"{name}.ipynb").first.click()
    page.notebook.locator('[data-jp-item-name="nb2prod-schedule"]').click()
    reading = schedules(page).locator(".nb2prod-CronReading")
    expect(reading).to_have_attribute("data-state", "ready")
    soon = datetime.now(UTC) + timedelta(seconds=75)
    field(page, "Time zone").fill("UTC")
    field(page, "Cron expression").fill(f"{soon.minute} {soon.hour} * * *")
    expect(reading).to_contain_text(f"at {soon:%H:%M}")
    schedules(page).get_by_role("button", name="Create").click()
    expect(row(page, name)).to_contain_text("Completed", timeout=180_000)


def assert_nothing_shuts_anybody_out(page: LabPage) -> None:
    """All panels are open by now, in both themes."""
    page.command("nb2prod:show-pipeline")
    page.command("nb2prod:open-runs")
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.wear(theme)
        for part in (".nb2prod-Pipeline", "#nb2prod-runs", "#nb2prod-schedules", ".nb2prod-Badge"):
            if page.page.locator(part).filter(visible=True).count():
                assert faults(page.page, part) == [], part
