"""Findings beside the lines and in the panel: marks, the page of a rule, and fixes."""

import re
from pathlib import Path

import pytest
from lab.accessibility import faults
from lab.pages import LabPage, write_notebook
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.slow

CELLS = (
    ("from math import *", ["imports"]),
    ("rows = [sqrt(number) for number in range(3)]", ["step:load"]),
    ("for name in {'a', 'b'}:\n    print(name, rows)", ["step:report"]),
)


def _panel(page: LabPage) -> Locator:
    page.page.wait_for_function("window.jupyterapp?.commands.hasCommand('nb2prod:show-pipeline')")
    page.command("nb2prod:show-pipeline")
    return page.page.locator(".nb2prod-Findings")


def _marks(page: LabPage, cell: int) -> Locator:
    return page.cell(cell).locator(".cm-lint-marker")


@pytest.mark.smoke
def test_a_fix_edits_the_cell_and_the_finding_goes_away(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CELLS))
    findings = _panel(page)
    expect(_marks(page, 0)).to_have_count(1)
    finding = findings.locator(".nb2prod-Findings-cell", has=page.page.get_by_text("Cell 1", exact=True))
    finding.get_by_role("button", name=re.compile("^Fix")).click()
    expect(page.cell(0).locator(".cm-content")).to_have_text("from math import sqrt")
    expect(_marks(page, 0)).to_have_count(0)
    expect(finding).to_have_count(0)
    page.cell(0).locator(".cm-content").click()
    page.page.keyboard.press("Control+z")
    expect(page.cell(0).locator(".cm-content")).to_have_text("from math import *")
    expect(finding).to_have_count(1)


def test_the_gutter_has_no_ground_of_its_own(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CELLS))
    expect(_marks(page, 0)).to_have_count(1)
    for box in (".cm-gutters", ".cm-gutter-lint"):
        expect(page.cell(0).locator(box)).to_have_css("background-color", "rgba(0, 0, 0, 0)")


@pytest.mark.smoke
def test_a_fix_from_beside_the_line(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CELLS))
    _marks(page, 0).hover()
    tooltip = page.page.locator(".cm-tooltip")
    expect(tooltip.locator(".nb2prod-Tooltip")).to_contain_text(re.compile("^(Error|Warning|Info): "))
    assert faults(page.page, ".cm-tooltip") == []
    tooltip.get_by_role("button", name="Fix").click()
    expect(page.cell(0).locator(".cm-content")).to_have_text("from math import sqrt")


def test_what_was_found_in_an_edited_line_goes_at_once(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CELLS))
    expect(_marks(page, 2)).to_have_count(1)
    page.page.route("**/nb2prod/look*", lambda route: route.abort())
    page.type_into(2, "  # the end")
    expect(_marks(page, 2)).to_have_count(1)  # another line
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("End")
    page.page.keyboard.type("  # edited")
    expect(_marks(page, 2)).to_have_count(0)
    findings = _panel(page)
    fix = findings.locator(".nb2prod-Findings-cell", has=page.page.get_by_text("Cell 3", exact=True))
    fix.get_by_role("button", name=re.compile("^Fix")).click()
    expect(page.page.locator(".Toastify__toast")).to_contain_text("The cell was changed since this was found")
    expect(page.cell(2).locator(".cm-content")).to_contain_text("# edited")
    page.page.unroute_all(behavior="ignoreErrors")


def test_cells_that_are_drawn_late_are_marked_too(page: LabPage, folder: Path) -> None:
    cells = [(f"x_{at} = 1", ["step:load"]) for at in range(150)]
    page.open(write_notebook(folder / "a.ipynb", *cells, *CELLS))
    expect(_panel(page).locator(".nb2prod-Finding").first).to_be_visible()
    page.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 150; }")
    page.cell(150).scroll_into_view_if_needed()
    expect(_marks(page, 150)).to_have_count(1)
    expect(page.cell(150).locator(".cm-lintRange")).to_have_count(1)


def test_the_panel_leads_to_the_line_and_to_the_rule(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CELLS))
    findings = _panel(page)
    cell = findings.locator(".nb2prod-Findings-cell", has=page.page.get_by_text("Cell 3", exact=True))
    cell.locator(".nb2prod-Jump").click()
    expect(page.cell(2).locator(".cm-content")).to_be_focused()
    cell.locator(".nb2prod-Link").click()
    rule = page.page.locator(".nb2prod-Rule")
    expect(rule.locator("pre")).to_contain_text(re.compile("NB4"))
    assert faults(page.page, ".nb2prod-Rule") == []
    cell.locator(".nb2prod-Link").click()
    expect(rule).to_have_count(1)


def test_the_filter(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CELLS))
    findings = _panel(page)
    expect(findings.locator(".nb2prod-Finding").first).to_be_visible()
    shown = findings.locator(".nb2prod-Finding").count()
    warnings = findings.get_by_role("button", name=re.compile("^Warning: [1-9]"))
    warnings.click()
    expect(findings.locator(".nb2prod-Finding")).not_to_have_count(shown)
    warnings.click()
    expect(findings.locator(".nb2prod-Finding")).to_have_count(shown)


def test_the_settings(page: LabPage, folder: Path) -> None:
    path = write_notebook(folder / "a.ipynb", *CELLS)
    page.open(path)
    expect(_marks(page, 0)).to_have_count(1)
    try:
        _settle(page, '{"gutter": false}')
        page.open(path)
        expect(_panel(page).locator(".nb2prod-Finding").first).to_be_visible()
        expect(page.notebook.locator(".cm-gutter-lint")).to_have_count(0)
        expect(page.notebook.locator(".cm-lintRange")).to_have_count(0)
        _settle(page, '{"threshold": "error"}')
        page.open(path)
        expect(_panel(page)).to_contain_text("Nothing found.")
        expect(page.notebook.locator(".cm-gutter-lint")).not_to_have_count(0)
        expect(page.notebook.locator(".cm-lint-marker")).to_have_count(0)
    finally:
        _settle(page, "{}")


def _settle(page: LabPage, raw: str) -> None:
    page.page.evaluate("raw => window.jupyterapp.serviceManager.settings.save('nb2prod:findings', raw)", raw)


def test_from_finding_to_finding_with_the_keyboard(page: LabPage, folder: Path) -> None:
    page.open(write_notebook(folder / "a.ipynb", *CELLS))
    expect(_marks(page, 2)).to_have_count(1)
    page.select(1)
    page.page.keyboard.press("F8")
    expect(page.cell(2).locator(".cm-content")).to_be_focused()
    page.page.keyboard.press("F8")
    expect(page.cell(0).locator(".cm-content")).to_be_focused()
