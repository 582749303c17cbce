"""Notebook 7, whose pages have one document each and none of JupyterLab's shell."""

from pathlib import Path

import pytest
from lab.jupyterlab import TOKEN
from lab.pages import LabPage, write_notebook
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.smoke]


def test_tags_and_the_pipeline_work(page: LabPage, folder: Path) -> None:
    said: list[str] = []
    page.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    path = write_notebook(folder / "a.ipynb", ("size = 3", ["parameters"]), ("x = size", ["step:use"]), "print(x)")
    page.page.goto(f"{page.lab.url}notebooks/{path.relative_to(page.lab.root).as_posix()}?token={TOKEN}")
    expect(page.page.locator(".nb2prod-Badge").first).to_contain_text("parameters")
    page.command("nb2prod:show-pipeline")
    expect(page.page.locator('.nb2prod-Graph [data-node="use"]')).to_be_visible()
    page.page.locator(".jp-Notebook .jp-Cell").last.locator(".jp-InputPrompt, .jp-InputArea-prompt").first.click()
    page.command("nb2prod:tag-step", {"step": "tell"})
    expect(page.page.locator('.nb2prod-Graph [data-node="tell"]')).to_be_visible()
    assert [text for text in said if "nb2prod" in text] == []
