"""Run: the form, the live view, failures and replays, and a server that is restarted in the middle."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.accessibility import faults
from lab.daemons import daemons_ended
from lab.jupyterlab import Lab
from lab.pages import LabPage, write_notebook
from lab.works import Works, small_churn
from playwright.sync_api import expect

from nb2prod.api.convert import convert

pytestmark = pytest.mark.slow

CELLS = (
    ("n: int = 3  # how many\nregion: str = 'EU'", ["parameters"]),
    ("rows = list(range(n))", ["step:load"]),
    ("total = 6 // len(rows)\nprint(region, total)", ["step:count"]),
)


@pytest.fixture(scope="module", autouse=True)
def _no_daemon_is_left(lab: Lab) -> Iterator[None]:
    with daemons_ended(lab):
        yield


def test_churn_is_converted_verified_and_run(page: LabPage, folder: Path) -> None:
    page.open(small_churn(folder))
    works = Works(page)
    expect.set_options(timeout=240_000)
    try:
        works.convert(record=True, verify=True)
        expect(works.chip("completed")).to_have_count(2)
        expect(works.tab.locator('[data-status="different"]')).to_have_count(0)
        works.button("Run …").click()
        works.start_scheduler()
        works.parameter("n_customers").fill("250")
        works.accept()
        expect(works.chip("completed")).to_be_visible()
    finally:
        expect.set_options(timeout=60_000)
    expect(works.tab.locator(".nb2prod-Parts tr[data-state='completed']")).to_have_count(5)
    expect(works.tab.get_by_role("region", name="Metrics")).to_contain_text("auc")
    assert faults(page.page, ".nb2prod-Work") == []


@pytest.mark.smoke
def test_a_wrong_value_is_refused_at_its_field(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "count.ipynb", *CELLS))
    works = Works(page)
    works.tool("nb2prod:run-job").click()
    works.parameter("n").fill("many")
    row = works.dialog.locator(".nb2prod-FormRow", has=page.page.locator("#nb2prod-parameter-n"))
    expect(row.get_by_role("alert")).to_have_text("This must be a whole number.")
    expect(works.dialog.locator(".jp-mod-accept").last).to_be_disabled()
    assert faults(page.page, ".nb2prod-FormDialog .nb2prod-FormBody") == []
    works.parameter("n").fill("4")
    works.dialog.locator("summary").click()
    works.dialog.locator("#nb2prod-run-output").fill("../outside")
    works.dialog.locator(".jp-mod-accept").last.click()
    place = works.dialog.locator(".nb2prod-FormRow", has=page.page.locator("#nb2prod-run-output"))
    expect(place.get_by_role("alert")).to_contain_text("below the server's folder")  # the server's own words
    page.page.keyboard.press("Escape")
    expect(works.dialog).to_have_count(0)


@pytest.mark.smoke
def test_the_notebook_runs_as_it_is_on_the_screen(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "count.ipynb", *CELLS)
    page.open(path)
    page.type_into(2, "\nprint('not saved')")
    works = Works(page)
    works.tool("nb2prod:run-job").click()
    works.start_scheduler()
    works.parameter("region").fill("US")
    works.accept()
    expect(works.chip("completed")).to_be_visible()
    expect(page.page.locator(".lm-DockPanel-tabBar .jp-mod-current")).to_contain_text("Run of count")
    assert "not saved" not in path.read_text()
    works.tab.locator("summary", has_text="Log").click()
    expect(works.tab.get_by_role("log")).to_contain_text("US 2")
    works.button("count.ipynb").click()
    expect(page.notebook.locator(".jp-OutputArea-output").last).to_contain_text("not saved")


def test_a_failed_step_becomes_a_notebook(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "count.ipynb", *CELLS)
    convert(path, folder / "out" / "count", record=False)
    page.open(path)
    works = Works(page)
    works.tool("nb2prod:run-job").click()
    works.start_scheduler()
    works.dialog.get_by_label(f"The pipeline in {folder.name}/out/count").check()
    works.parameter("n").fill("0")
    works.accept()
    expect(works.chip("failed")).to_be_visible()
    expect(works.tab.get_by_role("alert")).to_contain_text("division")
    works.button("Cell 3, line 1").click()
    expect(page.cell(2)).to_have_class(re.compile("jp-mod-active"))
    works.front("Run of count-pipeline")
    works.button("Open the failed step as a notebook").click()
    expect(page.notebook).to_contain_text("6 // len(rows)")
    assert (folder / "count.replay.ipynb").is_file()
    works.front("Run of count-pipeline")
    works.button("Run again").click()
    tabs = page.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text="Run of count-pipeline")
    expect(tabs).to_have_count(2)
    expect(works.chip("failed")).to_be_visible()
    works.button("Cell 3, line 1").click()  # that run knows its notebook too
    expect(page.page.locator(".lm-DockPanel-tabBar .jp-mod-current")).to_contain_text("count.ipynb")
    expect(page.cell(2)).to_have_class(re.compile("jp-mod-active"))


def test_a_run_goes_on_while_the_server_is_restarted(page: LabPage, folder: Path, lab: Lab) -> None:
    go = folder / "go"
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.1)\nprint('done')"
    page.open(write_notebook(folder / "wait.ipynb", "x = 1", wait))
    works = Works(page)
    works.tool("nb2prod:run-job").click()
    works.start_scheduler()
    works.accept()
    expect(works.chip("running")).to_be_visible()
    expect(works.tab.locator(".nb2prod-Parts tr[data-state='running']")).to_be_visible()
    lab.stop()
    go.touch()
    lab.start()
    expect(works.chip("completed")).to_be_visible()
    page.until_kept("nb2prod-run:")
    page.open()  # its workspace again, with all that was open
    works.front("Run of wait")
    expect(works.chip("completed")).to_be_visible()


def test_a_run_is_cancelled_and_run_again(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "long.ipynb", "import time", "time.sleep(600)"))
    works = Works(page)
    works.tool("nb2prod:run-job").click()
    works.start_scheduler()
    works.accept()
    expect(works.tab.locator(".nb2prod-Parts tr[data-state='running']")).to_be_visible()
    works.button("Cancel").click()
    expect(works.chip("cancelled")).to_be_visible()
    works.button("Run again").click()
    expect(works.chip("running")).to_be_visible()
    works.button("Cancel").click()
    expect(works.chip("cancelled")).to_be_visible()
