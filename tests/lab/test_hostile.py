"""A notebook is somebody else's text: it is shown as text, and none of it ever runs."""

from pathlib import Path

import pytest
from lab.pages import LabPage, write_notebook
from playwright.sync_api import Dialog, expect

pytestmark = pytest.mark.slow

IMAGE = '<img src=x onerror="window.ranHere=1">'
SCRIPT = "</script><script>window.ranHere=1</script>"
MARKDOWN = IMAGE.replace("src=x", "src=theirs")  # JupyterLab itself shows a picture there, without what would run
CELLS = (
    f"# {MARKDOWN} {SCRIPT}",
    (f"size: str = {IMAGE!r}  # {SCRIPT}{IMAGE}", ["parameters"]),
    f"# Load {MARKDOWN}",
    (f"# {IMAGE}\nrows = size + {SCRIPT!r}\nglobals()[{IMAGE!r}] = 1", ["step:load"]),
    (f'"""{IMAGE}"""\nopen({IMAGE!r})\nmore = rows', ["step:use", IMAGE]),
    "print(more)",
)


def watch(page: LabPage) -> list[str]:
    """What tried to run: a dialog, or a request for the picture."""
    tried: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        tried.append(dialog.message)
        dialog.dismiss()

    page.page.on("dialog", dismiss)
    page.page.on("request", lambda request: tried.append(request.url) if request.url.endswith("/x") else None)
    return tried


def nothing_ran(page: LabPage, tried: list[str]) -> None:
    page.page.wait_for_timeout(500)
    assert page.page.evaluate("window.ranHere") is None
    assert tried == []
    assert page.page.locator("[class*=nb2prod-] img[onerror], [class*=nb2prod-] script").count() == 0


def test_text_of_cells_stays_text_in_every_view(page: LabPage, folder: Path) -> None:
    tried = watch(page)
    page.open(write_notebook(folder / "hostile.ipynb", *CELLS))
    page.command("nb2prod:show-pipeline")
    expect(page.page.locator('.nb2prod-Graph [data-node="use"]')).to_be_visible()
    for node in page.page.locator(".nb2prod-Graph [data-node]").all():
        node.hover()
        node.focus()
    nothing_ran(page, tried)
    page.command("nb2prod:toggle-pipeline-list")
    expect(page.page.locator(".nb2prod-List")).to_contain_text("<img src=x")
    expect(page.page.locator(".nb2prod-Findings")).to_contain_text("globals()")
    nothing_ran(page, tried)


def test_a_tag_that_is_html_is_refused_as_text(page: LabPage, folder: Path) -> None:
    tried = watch(page)
    page.open(write_notebook(folder / "tags.ipynb", ("x = 1", [f"step:{IMAGE}"]), ("y = x", ["step:use"])))
    page.command("nb2prod:show-pipeline")
    expect(page.page.get_by_role("alert").or_(page.page.locator(".nb2prod-Findings"))).to_contain_text(["<img src=x"])
    nothing_ran(page, tried)


def test_a_file_name_that_is_html_stays_text(page: LabPage, folder: Path) -> None:
    tried = watch(page)
    page.open(write_notebook(folder / "a <img src=x onerror=window.ranHere=1>.ipynb", ("x = 1", ["step:load"])))
    page.command("nb2prod:show-pipeline")
    expect(page.page.locator(".nb2prod-Head h2")).to_contain_text("<img src=x")
    nothing_ran(page, tried)
