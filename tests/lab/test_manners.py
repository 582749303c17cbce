"""What JupyterLab's users expect of every extension."""

import contextlib
import json
from pathlib import Path

import pytest
from lab.pages import LabPage, write_notebook
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

R = {"kernelspec": {"display_name": "R", "language": "R", "name": "ir"}, "language_info": {"name": "R"}}


def test_settings_are_in_the_settings_editor_and_are_kept(page: LabPage) -> None:
    page.open()
    page.command("settingeditor:open", {"query": "nb2prod"})
    group = page.page.get_by_role("group", name="nb2prod", exact=True)
    field = group.get_by_role("spinbutton").first
    expect(field).to_have_value("400")
    field.fill("250")
    kept = page.lab.home / "settings" / "nb2prod" / "plugin.jupyterlab-settings"
    for _ in range(100):
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # not there yet, or being written
            if json.loads(kept.read_text()).get("delay") == 250:
                break
        page.page.wait_for_timeout(100)
    assert json.loads(kept.read_text())["delay"] == 250
    kept.unlink()


def test_a_notebook_of_another_language_says_so(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "r.ipynb", "x <- 1", **R))
    page.page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click()  # no R is here
    page.command("nb2prod:show-pipeline")
    expect(page.page.locator(".nb2prod-Said")).to_contain_text("R")
    expect(page.page.locator(".nb2prod-Graph")).to_have_count(0)


def test_the_panel_is_there_again_after_a_reload(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", ("x = 1", ["step:load"]), ("y = x", ["step:use"])))
    page.command("nb2prod:show-pipeline")
    page.command("nb2prod:toggle-pipeline-list")
    expect(page.page.locator(".nb2prod-List")).to_be_visible()
    page.page.wait_for_timeout(3000)  # JupyterLab keeps the layout when it has rested
    page.page.reload()
    expect(page.page.locator(".nb2prod-List")).to_contain_text("use")
