"""Tags in JupyterLab: badges on the cells, the menu, and what stands in the file afterwards."""

import json
from pathlib import Path
from typing import Any  # JSON

import pytest
from lab.accessibility import contrasts, faults
from lab.pages import LabPage, notebook_of, tags_on_disk, write_notebook
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.slow

CHURN = (
    "# Churn",
    "import pandas as pd",
    ("rows = pd.read_csv('a.csv')", ["hide-input", "step:load", "raises-exception"]),
    "rows = rows.dropna()",
    ("model = fit(rows)", ["step:train"]),
    ("accuracy = model.score(rows)", ["step:train"]),
)


def badge(page: LabPage, number: int) -> Locator:
    return page.cell(number).locator(".nb2prod-Badge-face")


def menu(page: LabPage) -> Locator:
    return page.page.get_by_role("dialog")


def entry(page: LabPage, label: str) -> Locator:
    return menu(page).get_by_role("option").filter(has_text=label)


def press(page: LabPage, *keys: str) -> None:
    for key in keys:
        page.page.keyboard.press(key)


def metadata_on_disk(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text())["cells"]
    return [cell["metadata"] for cell in cells]


def write(path: Path, metadata: dict[int, dict[str, Any]], *cells: str | tuple[str, list[str]]) -> Path:
    """A notebook whose cells have more metadata, by place."""
    notebook = notebook_of(*cells)
    for number, more in metadata.items():
        notebook["cells"][number]["metadata"] |= more
    path.write_text(json.dumps(notebook, indent=1))
    return path


def test_badges_say_what_cells_are_for(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CHURN, ("x", ["skip"]), ("y = 1", ["parameters"])))
    shown = [badge(page, number) for number in (1, 2, 3, 4, 6, 7)]
    for found, text in zip(shown, ["setup", "load", "load", "train", "skip", "parameters"], strict=True):
        expect(found).to_have_text(text)
    expect(badge(page, 0)).to_have_count(0)
    assert [found.get_attribute("aria-label") for found in shown[1:3]] == [
        "Tags of cell 3: step load",
        "Tags of cell 4: step load, without a tag of its own",
    ]


@pytest.mark.smoke
def test_tag_with_the_mouse(page: LabPage, folder: Path) -> None:
    more = {
        2: {"scrolled": True, "papermill": {"a": [1, None]}},
        3: {"slideshow": {"slide_type": "slide"}, "editable": True},
    }
    path = write(folder / "a.ipynb", more, *CHURN)
    before = metadata_on_disk(path)
    page.open(path)
    badge(page, 2).click()
    entry(page, "train").click()
    expect(badge(page, 2)).to_have_text("train")
    expect(badge(page, 3)).to_have_text("train")  # it follows
    badge(page, 3).click()
    menu(page).get_by_label("metrics").check()
    press(page, "Escape")
    expect(badge(page, 3)).to_have_text("trainmetrics")
    page.save()
    expected = json.loads(json.dumps(before))
    expected[2]["tags"] = ["hide-input", "step:train", "raises-exception"]
    expected[3]["tags"] = ["metrics"]
    after = metadata_on_disk(path)
    for found in after:
        found.pop("trusted", None)  # JupyterLab's own
    assert after == expected


def test_tag_with_the_keyboard_alone(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "a.ipynb", *CHURN)
    page.open(path)
    page.select(1)
    press(page, "t")
    expect(menu(page).get_by_role("combobox")).to_be_focused()
    page.page.keyboard.type("imp")
    press(page, "ArrowDown", "Enter")  # behind the new step "imp"
    expect(menu(page)).to_have_count(0)
    press(page, "j", "j", "t")  # the notebook has the keys again
    page.page.keyboard.type("Clean up!")
    expect(menu(page)).to_contain_text("A step’s name cannot hold “!”")
    press(page, "Enter", "Backspace")
    expect(menu(page)).to_contain_text("“Clean up” becomes clean_up")
    press(page, "Enter", "t", "Tab", "Space", "Escape")
    page.save()
    assert tags_on_disk(path)[1:4] == [
        ["imports"],
        ["hide-input", "step:load", "raises-exception"],
        ["step:clean_up", "metrics"],
    ]


@pytest.mark.smoke
def test_tag_many_cells_and_undo(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "a.ipynb", *CHURN)
    page.open(path)
    before = tags_on_disk(path)
    page.select(1)
    page.select(4, extend=True)
    press(page, "t")
    expect(menu(page)).to_have_attribute("aria-label", "Tags of 4 cells")
    expect(entry(page, "load")).to_contain_text("some")
    page.page.keyboard.type("prepare")
    press(page, "Enter")
    expect(badge(page, 4)).to_have_text("prepare")
    page.save()
    after = [[], ["step:prepare"], ["hide-input", "step:prepare", "raises-exception"], *[["step:prepare"]] * 2]
    assert tags_on_disk(path) == [*after, ["step:train"]]
    press(page, "z")
    expect(badge(page, 4)).to_have_text("train")
    page.save()
    assert tags_on_disk(path) == before
    assert all("nb2prod" not in found for found in metadata_on_disk(path))
    press(page, "Shift+Z")
    expect(badge(page, 1)).to_have_text("prepare")
    page.save()
    assert tags_on_disk(path) == [*after, ["step:train"]]


def test_a_badge_of_a_selected_cell_is_for_all_that_are_selected(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CHURN))
    page.select(2)
    page.select(4, extend=True)
    badge(page, 3).click()
    expect(menu(page)).to_have_attribute("aria-label", "Tags of 3 cells")
    press(page, "Escape")
    badge(page, 5).click()
    expect(menu(page)).to_have_attribute("aria-label", "Tags of cell 6")


def test_palette_and_context_menu(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "a.ipynb", *CHURN)
    page.open(path)
    page.select(5)
    page.palette("Tag as skip")
    expect(badge(page, 5)).to_have_text("skip")
    page.cell(1).locator(".jp-InputPrompt").click(button="right")
    page.page.get_by_role("menuitem", name="Tag Cell…").click()
    entry(page, "functions").click()
    expect(badge(page, 1)).to_have_text("functions")
    page.command("nb2prod:tag-step", {"step": "Read Data"})
    expect(badge(page, 1)).to_have_text("read_data")
    page.command("nb2prod:mark-inference")
    page.save()
    assert tags_on_disk(path)[1::4] == [["step:read_data", "inference"], ["skip"]]
    page.command("nb2prod:untag")
    page.save()
    assert tags_on_disk(path)[1] == []
    assert "tags" not in metadata_on_disk(path)[1]


def test_rename_a_step_everywhere(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "a.ipynb", *CHURN)
    page.open(path)
    page.select(4)
    press(page, "t")
    menu(page).get_by_role("button", name="Rename…").click()
    name = menu(page).get_by_label("Name")
    name.fill("load")
    expect(menu(page)).to_contain_text("There is a step load already")
    expect(menu(page).get_by_role("button", name="Rename")).to_be_disabled()
    name.fill("fit model")
    expect(menu(page)).to_contain_text("“fit model” becomes fit_model")
    press(page, "Enter")
    expect(badge(page, 5)).to_have_text("fit_model")
    page.save()
    assert tags_on_disk(path)[4:] == [["step:fit_model"]] * 2
    press(page, "z")
    expect(badge(page, 5)).to_have_text("train")
    expect(badge(page, 4)).to_have_text("train")


def test_options_of_a_step(page: LabPage, folder: Path) -> None:
    path = write(folder / "a.ipynb", {4: {"nb2prod": {"retries": 1}}, 5: {"nb2prod": {"retries": 2}}}, *CHURN)
    page.open(path)
    page.select(5)
    press(page, "t")
    menu(page).get_by_role("button", name="Options of train…").click()
    expect(menu(page).get_by_label("Retries")).to_have_value("1")
    menu(page).get_by_label("Memory").fill("lots")
    expect(menu(page).get_by_role("alert")).to_have_text("A size like 2Gi, or a number of bytes.")
    press(page, "Enter")
    expect(menu(page).get_by_label("Memory")).to_be_focused()
    menu(page).get_by_label("Memory").fill("2Gi")
    menu(page).get_by_label("Timeout").fill("90.5")
    menu(page).get_by_label("Cache").select_option("never")
    press(page, "Enter")
    page.save()
    options = {"retries": 1, "memory": "2Gi", "timeout": 90.5, "cache": False}
    assert [found.get("nb2prod") for found in metadata_on_disk(path)] == [*[None] * 4, options, None]
    press(page, "z")
    page.save()
    assert [found.get("nb2prod") for found in metadata_on_disk(path)][4:] == [{"retries": 1}, {"retries": 2}]


def test_the_property_inspector_agrees(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "a.ipynb", *CHURN)
    page.open(path)
    page.command("property-inspector:show-panel")
    page.page.get_by_role("heading", name="Common Tools").or_(page.page.get_by_text("Common Tools")).first.click()
    page.select(4)
    applied = page.page.locator(".jp-CellTags-Tag.jp-CellTags-Applied")
    expect(applied).to_have_text(["step:train"])
    page.command("nb2prod:tag-skip")
    expect(applied).to_have_text(["skip"])
    applied.click()  # takes it away
    expect(badge(page, 4)).to_have_text("load")
    page.page.locator(".jp-CellTags-Tag", has_text="step:train").click()
    expect(badge(page, 4)).to_have_text("train")


@pytest.mark.parametrize("language", ["python", "R"])
def test_what_cannot_be_changed_says_why(page: LabPage, folder: Path, language: str) -> None:
    path = write_notebook(folder / "a.ipynb", *CHURN, language_info={"name": language})
    page.open(path)
    if language == "python":
        page.page.evaluate("window.jupyterapp.shell.currentWidget.model.readOnly = true")
    why = {
        "python": "This notebook is read-only: its tags cannot be changed.",
        "R": "This notebook is written in R, and nb2prod converts Python.",
    }[language]
    expect(badge(page, 2)).to_have_attribute("title", why)
    expect(page.notebook.locator("button.nb2prod-Badge-face")).to_have_count(0)
    page.select(2)
    press(page, "t")
    expect(menu(page)).to_have_count(0)
    assert page.page.evaluate("window.jupyterapp.commands.isEnabled('nb2prod:tag-skip')") is False


def test_a_notebook_without_tags_keeps_its_looks(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", "x = 1", "y = 2"))
    page.select(1)
    expect(badge(page, 1)).to_be_visible()
    expect(badge(page, 0)).to_be_hidden()
    badge(page, 1).click()
    page.page.keyboard.type("load")
    press(page, "Enter")
    expect(badge(page, 0)).to_be_visible()
    expect(badge(page, 0)).to_have_text("setup")


@pytest.mark.parametrize("windowing", ["full", "defer", "contentVisibility", "none"])
def test_deleted_cells_come_back_with_their_badges(page: LabPage, folder: Path, windowing: str) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CHURN))
    notebook = "window.jupyterapp.shell.currentWidget.content"
    page.page.evaluate(f"{notebook}.notebookConfig = {{...{notebook}.notebookConfig, windowingMode: '{windowing}'}}")
    expect(page.notebook.locator(".nb2prod-Badge-face")).to_have_count(5)
    page.select(2)
    page.select(4, extend=True)
    press(page, "d", "d")
    expect(page.notebook.locator(".nb2prod-Badge-face")).to_have_count(2)
    press(page, "z")
    expect(page.notebook.locator(".nb2prod-Badge-face")).to_have_count(5)
    expect(badge(page, 4)).to_have_text("train")
    assert (
        page.cell(4)
        .locator("> *")
        .evaluate_all("nodes => nodes.map(node => node.className)")[0]
        .endswith("nb2prod-Badge")
    )


_OBSERVE = """
window.badges = [];
new PerformanceObserver(list => {
  window.badges.push(...list.getEntriesByName('nb2prod:badges').map(each => each.duration));
}).observe({ entryTypes: ['measure'] });
"""


def test_300_cells(page: LabPage, folder: Path) -> None:
    cells = [(f"x{number} = {number}", [f"step:s{number // 8}"] if number % 4 == 0 else []) for number in range(300)]
    path = write_notebook(folder / "a.ipynb", *cells)
    page.page.add_init_script(_OBSERVE)
    page.open(path)
    widgets = "window.jupyterapp.shell.currentWidget.content.widgets"
    page.page.wait_for_function(f"{widgets}.every(cell => cell.layout.widgets[0].hasClass('nb2prod-Badge'))")
    assert max(page.page.evaluate("window.badges")) / 300 < 1  # milliseconds
    page.select(0)
    press(page, "Control+a", "t")
    expect(menu(page)).to_have_attribute("aria-label", "Tags of 300 cells")
    expect(menu(page).get_by_role("option")).to_have_count(38 + 5)
    page.page.keyboard.type("everything")
    press(page, "Enter")
    expect(badge(page, 0)).to_have_text("everything")
    press(page, "z")
    expect(badge(page, 0)).to_have_text("s0")
    last = f"{widgets}[299].node.querySelector('.nb2prod-Badge').textContent"  # on the page or not yet
    assert page.page.evaluate(last) == "s37"
    page.page.evaluate(f"{widgets.removesuffix('.widgets')}.scrollToItem(150)")
    expect(badge(page, 150)).to_be_visible()
    assert max(page.page.evaluate("window.badges")) / 300 < 1


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_everyone_can_read_it(page: LabPage, folder: Path, theme: str) -> None:
    names = ["load", "train", "evaluate", "clean", "a", "b", "c", "d", "e", "f"]
    steps = [(f"x{number} = 1", [f"step:{name}", "metrics"]) for number, name in enumerate(names)]
    path = write(folder / "a.ipynb", {1: {"nb2prod": {"retries": 1}}}, *CHURN[:2], *steps, "y", ("z", ["skip"]))
    page.open(path)
    page.wear(theme)
    expect(badge(page, 2)).to_be_visible()
    assert faults(page.page, ".nb2prod-Badge") == []
    assert min(contrasts(page.page, ".nb2prod-Badge-face *")) >= 4.5
    page.select(2)
    page.select(4, extend=True)
    press(page, "t")
    expect(menu(page)).to_be_visible()
    assert min(contrasts(page.page, ".nb2prod-Badge-face *")) >= 4.5
    assert faults(page.page, ".nb2prod-Tags") == []
    press(page, "Escape")
    page.select(2)
    page.command("nb2prod:set-step-options")
    menu(page).get_by_label("CPU").fill("all")
    assert faults(page.page, ".nb2prod-Tags") == []
    assert min(contrasts(page.page, ".nb2prod-Tags-problem, .nb2prod-Tags label")) >= 4.5
