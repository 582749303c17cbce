"""Convert and verify: what is asked, how it goes, and what came of it."""

import re
from pathlib import Path

import pytest
from lab.accessibility import faults
from lab.pages import LabPage, write_notebook
from lab.works import Works
from playwright.sync_api import expect

from nb2prod.api.convert import convert

pytestmark = pytest.mark.slow

CELLS = (
    ("n: int = 3  # how many", ["parameters"]),
    ("rows = list(range(n))", ["step:load"]),
    ("total = sum(rows)", ["step:count"]),
    ("print(total)", ["step:report"]),
)
REFUSED = ("x = 1", ("y = 2", ["step:first"]), ("%load_ext something\nz = eval('y')\nz", ["step:second"]))
LONG = (("import time", ["imports"]), ("print('begun')\ntime.sleep(600)", ["step:wait"]))


@pytest.mark.smoke
def test_a_conversion_asks_saves_and_shows_its_files(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "count.ipynb", *CELLS)
    page.open(path)
    page.type_into(1, "  # typed")
    works = Works(page)
    works.tool("nb2prod:convert-notebook").click()
    expect(works.dialog).to_contain_text("It is saved first")
    target = works.dialog.get_by_label("Target folder")
    expect(target).to_have_value(f"{folder.name}/out/count")
    target.fill("../elsewhere")
    expect(works.dialog.get_by_role("alert")).to_contain_text("without “..”")
    expect(works.dialog.locator(".jp-mod-accept")).to_be_disabled()
    assert faults(page.page, ".nb2prod-FormDialog .nb2prod-FormBody") == []
    target.fill(f"{folder.name}/made")
    works.accept()
    expect(works.chip("completed")).to_have_count(2)
    assert "# typed" in path.read_text()
    expect(works.tab).to_contain_text("equal")
    assert (folder / "made" / "pipeline.toml").is_file()
    works.tab.get_by_label("Only differences (0)").check()
    expect(works.tab).to_contain_text("No name differs.")
    assert faults(page.page, ".nb2prod-Work") == []
    works.button("src/count/steps/load.py").click()
    expect(page.page.locator(".jp-FileEditor")).to_contain_text("rows")


def test_a_second_conversion_shows_what_changed_and_where_edits_met(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "count.ipynb", *CELLS)
    page.open(path)
    works = Works(page)
    works.convert()
    expect(works.chip("completed")).to_be_visible()
    step = folder / "out" / "count" / "src" / "count" / "steps" / "load.py"
    step.write_text(step.read_text().replace("list(range(n))", "[*range(n)]"))
    works.front("count.ipynb")
    page.cell(1).locator(".cm-content").fill("rows = sorted(range(n + 1))")
    page.cell(2).locator(".cm-content").fill("total = sum(rows) + 1")
    works.convert()
    expect(works.chip("completed")).to_be_visible()
    expect(works.tab).to_contain_text("1 file has a conflict.")
    first = works.tab.locator(".nb2prod-WorkFiles li").first
    expect(first).to_contain_text("load.py")
    expect(first).to_have_attribute("data-state", "conflict")
    works.button("What changed in src/count/steps/count.py").click()
    diff = works.tab.locator(".nb2prod-Diff")
    expect(diff.locator('tr[data-kind="removed"]').first).to_contain_text("total = sum(rows)")
    expect(diff.locator('tr[data-kind="added"]').first).to_contain_text("total = sum(rows) + 1")
    page.wear("JupyterLab Dark")
    assert faults(page.page, ".nb2prod-Work") == []
    page.wear("JupyterLab Light")


def test_what_refuses_is_shown_before_anything_starts(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *REFUSED))
    works = Works(page)
    works.tool("nb2prod:convert-notebook").click()
    expect(works.dialog.get_by_role("alert")).to_contain_text("Cell 3, line 2")
    expect(works.dialog.locator(".jp-mod-accept")).to_be_disabled()
    works.dialog.get_by_role("button", name="Cell 3, line 2").first.click()
    expect(works.dialog).to_have_count(0)
    expect(page.cell(2)).to_have_class(re.compile("jp-mod-active"))


def test_a_reload_finds_a_conversion_again_and_it_can_be_cancelled(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "long.ipynb", *LONG))
    works = Works(page)
    works.convert(record=True)
    expect(works.tab.get_by_role("log")).to_contain_text("cell")
    page.until_kept("nb2prod-work:")
    page.open()  # its workspace again, with all that was open
    works.front("Conversion of long.ipynb")
    expect(works.chip("running")).to_be_visible()
    works.button("Cancel").click()
    expect(works.chip("cancelled")).to_be_visible()
    assert not (folder / "out").exists()


def test_a_project_is_verified_from_the_file_browser(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "count.ipynb", *CELLS)
    convert(path, folder / "made", record=False)
    step = folder / "made" / "src" / "count" / "steps" / "count.py"
    step.write_text(step.read_text().replace("sum(rows)", "sum(rows) + 1"))
    (folder / "plain").mkdir()
    page.open(path)
    works, browser = Works(page), page.page.locator(".jp-FileBrowser")
    page.command("filebrowser:go-to-path", {"path": folder.name})
    menu = page.page.locator(".lm-Menu")
    with page.page.expect_response(re.compile("/api/contents/.*/plain")):
        browser.locator(".jp-DirListing-item", has_text="plain").hover()
    browser.locator(".jp-DirListing-item", has_text="plain").click(button="right")
    expect(menu.get_by_text("Rename")).to_be_visible()
    expect(menu.get_by_text("Verify", exact=True)).to_be_hidden()
    page.page.keyboard.press("Escape")
    browser.locator(".jp-DirListing-item", has_text="made").click(button="right")
    menu.get_by_text("Verify", exact=True).click()
    expect(works.chip("completed")).to_be_visible()
    first = works.tab.locator(".nb2prod-Verification tbody tr").first
    expect(first).to_contain_text("total")
    expect(first).to_have_attribute("data-status", "different")
    first.get_by_role("button").click()
    expect(page.cell(2)).to_have_class(re.compile("jp-mod-active"))
