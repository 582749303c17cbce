"""The extension is there when JupyterLab starts."""

from pathlib import Path

import pytest
from lab.pages import LabPage, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.smoke]


def test_our_plugins_are_there(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", "x = 1"))
    assert page.page.evaluate("window.jupyterapp.hasPlugin('nb2prod:plugin')") is True
    assert page.page.evaluate("window.jupyterapp.isPluginActivated('nb2prod:plugin')") is True
