"""Schedules: made, seen to run, changed, paused, run now and removed in JupyterLab."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # JSON

import pytest
from lab.accessibility import faults
from lab.daemons import daemons_ended
from lab.jupyterlab import Lab
from lab.pages import LabPage, write_notebook
from lab.panels import ask, begin_empty, field, parameter, row, schedules
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

CELLS = (("region: str = 'EU'  # where\nlimit: int = 3", ["parameters"]), "print(region, limit)")


def notebook(folder: Path) -> Path:
    return write_notebook(folder / f"{folder.name}.ipynb", *CELLS)


def begin(page: LabPage, path: Path) -> None:
    """The form, from the button of the notebook."""
    page.open(path)
    page.notebook.locator('[data-jp-item-name="nb2prod-schedule"]').click()
    expect(field(page, "Notebook")).to_have_value(path.relative_to(page.lab.root).as_posix())
    expect(schedules(page).locator(".nb2prod-CronReading")).to_have_attribute("data-state", "ready")


def named(lab: Lab, name: str) -> list[Any]:
    """The schedules that have that name, as they are listed."""
    return [each for each in ask(lab, "jobs/schedules")["items"] if each["name"] == name]


def create(page: LabPage) -> None:
    schedules(page).get_by_role("button", name="Create").click()
    expect(schedules(page).get_by_role("button", name="New schedule")).to_be_visible()


def test_a_schedule_for_the_next_minute_is_made_and_runs(page: LabPage, lab: Lab, folder: Path) -> None:
    name = folder.name
    with daemons_ended(lab):
        begin(page, notebook(folder))
        parameter(page, "limit").fill("7")
        soon = datetime.now(UTC) + timedelta(seconds=75)
        field(page, "Time zone").fill("UTC")
        field(page, "Cron expression").fill(f"{soon.minute} {soon.hour} * * *")
        reading = schedules(page).locator(".nb2prod-CronReading")
        expect(reading).to_contain_text(f"at {soon:%H:%M}")
        expect(reading.locator("li")).to_have_count(5)
        create(page)
        expect(row(page, name)).to_contain_text("None yet")
        (made,) = named(lab, name)
        assert (made["definition"], made["parameters"]) == (name, {"limit": 7})

        schedules(page).get_by_role("button", name="Start it").click()
        expect(schedules(page)).not_to_contain_text("No scheduler daemon runs")
        expect(row(page, name)).to_contain_text("Completed", timeout=180_000)
        (run,) = ask(lab, f"jobs/schedules/{name}/history")["items"]
        assert (run["reason"], run["status"]) == ("schedule", "completed")
        assert datetime.fromisoformat(run["due_at"]).minute == soon.minute


@pytest.mark.smoke
def test_what_is_refused_stands_at_its_field_and_nothing_typed_is_lost(page: LabPage, folder: Path) -> None:
    begin(page, notebook(folder))
    field(page, "Cron expression").fill("0 25 * * *")
    at_fault = schedules(page).locator(".nb2prod-Field", has=page.page.get_by_label("Cron expression"))
    expect(at_fault.get_by_role("alert")).to_contain_text("25")
    field(page, "Name of the schedule").fill("kept")
    parameter(page, "region").fill("US")
    schedules(page).get_by_role("button", name="Create").click()
    expect(schedules(page).locator(".nb2prod-Advice.nb2prod-mod-error")).to_contain_text("25")
    expect(field(page, "Cron expression")).to_be_focused()
    expect(field(page, "Name of the schedule")).to_have_value("kept")
    expect(parameter(page, "region")).to_have_value("US")
    field(page, "Cron expression").fill("0 5 * * *")
    field(page, "Time zone").fill("Europe/Berlni")
    zone = schedules(page).locator(".nb2prod-Field", has=page.page.get_by_label("Time zone"))
    expect(zone.get_by_role("alert")).to_contain_text("Europe/Berlin")
    field(page, "Time zone").fill("Europe/Berlin")
    expect(schedules(page).locator(".nb2prod-CronReading")).to_contain_text("at 05:00 every day, Europe/Berlin")
    schedules(page).locator("summary").click()
    field(page, "Start").fill("2031-05-02T00:00")
    field(page, "End").fill("2031-05-01T00:00")
    schedules(page).get_by_role("button", name="Create").click()
    end = schedules(page).locator(".nb2prod-Field", has=page.page.get_by_label("End", exact=True))
    expect(end.get_by_role("alert")).to_contain_text("is not after the start")
    field(page, "End").fill("2031-06-01T00:00")
    create(page)
    expect(row(page, "kept")).to_contain_text("Europe/Berlin")


def test_it_is_paused_resumed_run_now_changed_and_removed(page: LabPage, lab: Lab, folder: Path) -> None:
    name = folder.name
    begin(page, notebook(folder))
    create(page)
    active = row(page, name).get_by_role("switch")
    active.click()
    expect(row(page, name)).to_contain_text("Paused")
    expect(active).not_to_be_checked()
    active.click()
    expect(active).to_be_checked()
    expect(row(page, name)).not_to_contain_text("Paused")
    row(page, name).get_by_role("button", name="Run").first.click()
    expect(row(page, name)).to_contain_text("Queued")

    row(page, name).get_by_role("button", name=f"Edit {name}").click()
    field(page, "Trigger").select_option("every")
    field(page, "Every").fill("90")
    field(page, "Unit").select_option("minutes")
    field(page, "The run before has not ended").select_option("queue")
    parameter(page, "region").fill("US")
    schedules(page).get_by_role("button", name="Save").click()
    expect(row(page, name)).to_contain_text("every 1 hour 30 minutes")
    (changed,) = named(lab, name)
    assert (changed["overlap"], changed["parameters"], changed["version"]) == ("queue", {"region": "US"}, 1)
    assert changed["trigger"]["seconds"] == 5400

    row(page, name).get_by_role("button", name=f"Remove {name}").click()
    page.page.locator(".jp-Dialog").get_by_role("button", name="Cancel").click()
    expect(row(page, name)).to_be_visible()
    row(page, name).get_by_role("button", name=f"Remove {name}").click()
    page.page.locator(".jp-Dialog").get_by_role("button", name="Remove").click()
    expect(row(page, name)).to_have_count(0)
    assert named(lab, name) == []


def test_the_notebook_runs_as_it_is_on_the_screen_with_limits_and_retries(
    page: LabPage, lab: Lab, folder: Path
) -> None:
    name = folder.name
    begin(page, notebook(folder))
    create(page)
    page.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text=f"{name}.ipynb").click()
    page.select(1)
    page.type_into(1, "\nprint('not saved')")
    page.command("nb2prod:open-schedules")
    row(page, name).get_by_role("button", name=f"Edit {name}").click()
    field(page, "Source").select_option("notebook")
    expect(field(page, "Notebook")).to_have_value(f"{name}/{name}.ipynb")
    field(page, "Name of the definition").fill(name)
    schedules(page).locator("summary").click()
    field(page, "Limit of a run").fill("90")
    field(page, "Retries").fill("4")
    schedules(page).get_by_role("button", name="Save").click()
    expect(row(page, name)).to_be_visible()
    (made,) = named(lab, name)
    assert made["version"] == 2
    settings = ask(lab, f"jobs/definitions/{name}")["settings"]
    assert (settings["limits"]["run"], settings["retry"]["limit"]) == (90, 4)
    assert "not saved" not in json.dumps(json.loads((folder / f"{name}.ipynb").read_text()))


def test_one_schedule_after_another_by_the_keyboard_alone(page: LabPage, lab: Lab, folder: Path) -> None:
    first, second = folder.name, f"{folder.name}-then"
    begin(page, notebook(folder))
    create(page)
    page.palette("Schedules")
    keys = page.page.keyboard
    button = schedules(page).get_by_role("button", name="New schedule")
    button.focus()
    keys.press("Enter")
    expect(field(page, "Source")).to_be_focused()
    keys.press("End")  # the last source: a definition that there is
    keys.press("Tab")
    keys.type(first)
    keys.press("Tab")
    keys.type(second)
    keys.press("Tab")
    expect(field(page, "Trigger")).to_be_focused()
    keys.type("After")
    keys.press("Tab")
    expect(field(page, "After each run of")).to_be_focused()
    keys.type(first)
    keys.press("Enter")
    expect(row(page, second)).to_contain_text(f"after each run of {first} that has completed")
    (made,) = named(lab, second)
    assert (made["definition"], made["trigger"]["schedule"]) == (first, first)

    row(page, first).get_by_role("button", name=f"Remove {first}").click()
    page.page.locator(".jp-Dialog").get_by_role("button", name="Remove").click()
    expect(schedules(page).locator(".nb2prod-Trouble")).to_contain_text(f"{second} runs after it")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_panel_can_be_used_by_all_in_both_themes(page: LabPage, folder: Path, theme: str) -> None:
    begin(page, notebook(folder))
    page.wear(theme)
    field(page, "Cron expression").fill("99 * * * *")
    expect(schedules(page).locator(".nb2prod-Field-fault")).to_be_visible()
    schedules(page).locator("summary").click()
    assert faults(page.page, "#nb2prod-schedules") == []
    field(page, "Cron expression").fill("0 6 * * *")
    create(page)
    expect(row(page, folder.name)).to_be_visible()
    assert faults(page.page, "#nb2prod-schedules") == []


def test_it_is_there_again_after_a_reload(page: LabPage, folder: Path) -> None:
    begin(page, notebook(folder))
    create(page)
    page.page.wait_for_timeout(1500)  # JupyterLab writes its workspace a second after a change
    page.page.reload()
    expect(row(page, folder.name)).to_be_visible()
    expect(schedules(page)).to_contain_text(re.compile(r"\d+ schedules?"))
    schedules(page).get_by_role("button", name="New schedule").click()
    field(page, "Name of the schedule").fill("still typed")
    page.page.wait_for_timeout(2500)
    page.page.reload()
    expect(field(page, "Name of the schedule")).to_have_value("still typed")


def test_what_was_typed_outlives_its_schedule_and_a_reload_in_which_nobody_answers(
    page: LabPage, lab: Lab, folder: Path
) -> None:
    begin(page, notebook(folder))
    create(page)
    row(page, folder.name).get_by_role("button", name=f"Edit {folder.name}").click()
    field(page, "Cron expression").fill("47 11 * * *")
    page.page.wait_for_timeout(2500)
    page.page.route("**/nb2prod/jobs/schedules?search*", lambda route: route.abort())
    page.page.reload()
    expect(schedules(page).get_by_role("alert").first).to_be_visible()
    page.page.wait_for_timeout(2500)
    page.page.unroute_all()
    ask(lab, f"jobs/schedules/{folder.name}", method="DELETE")
    page.page.reload()
    expect(field(page, "Cron expression")).to_have_value("47 11 * * *")
    expect(field(page, "Notebook")).to_have_value(f"{folder.name}/{folder.name}.ipynb")


def test_a_project_is_scheduled_as_a_pipeline(page: LabPage, lab: Lab, folder: Path) -> None:
    name = folder.name
    path = write_notebook(
        folder / "made.ipynb", CELLS[0], ("rows = [limit] * 3", ["step:load"]), ("total = sum(rows)", ["step:sum"])
    )
    command = [sys.executable, "-m", "nb2prod", "convert", str(path), "--output", str(folder / "made"), "--no-record"]
    subprocess.run(command, check=True, capture_output=True)
    begin_empty(page)
    page.command("nb2prod:create-schedule", {"path": f"{name}/made", "kind": "pipeline"})
    expect(field(page, "Project folder")).to_have_value(f"{name}/made")
    parameter(page, "limit").fill("8")
    field(page, "Name of the definition").fill(f"{name}-made")
    field(page, "Trigger").select_option("once")
    field(page, "Time zone").fill("Europe/Berlin")
    field(page, "At").fill("2031-03-30T02:30")
    schedules(page).get_by_role("button", name="Create").click()
    at = schedules(page).locator(".nb2prod-Field", has=page.page.get_by_label("At", exact=True))
    expect(at.get_by_role("alert")).to_contain_text("no such time in Europe/Berlin")
    field(page, "At").fill("2031-03-30T03:30")
    create(page)
    expect(row(page, f"{name}-made")).to_contain_text("once")
    (made,) = named(lab, f"{name}-made")
    assert (made["parameters"], made["next_due"]) == ({"limit": 8}, "2031-03-30T01:30:00Z")
    assert ask(lab, f"jobs/definitions/{name}-made")["kind"] == "pipeline"
