"""Notebook 7, whose pages have one document each and none of JupyterLab's shell."""

from pathlib import Path

import pytest
from lab.jupyterlab import TOKEN
from lab.pages import LabPage, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.smoke]


def test_our_plugins_are_there_and_none_fails(page: LabPage, folder: Path) -> None:
    said: list[str] = []
    page.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    path = write_notebook(folder / "a.ipynb", ("size = 3", ["parameters"]), "x = size")
    with page.page.expect_response("**/nb2prod/look") as looked:
        page.page.goto(f"{page.lab.url}notebooks/{path.relative_to(page.lab.root).as_posix()}?token={TOKEN}")
        page.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    assert looked.value.status == 200
    assert page.page.evaluate("window.jupyterapp.isPluginActivated('nb2prod:plugin')") is True
    assert [text for text in said if "nb2prod" in text] == []
