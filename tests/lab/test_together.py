"""Two people in one notebook (jupyter-collaboration): what one does, the other sees."""

import fcntl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.conftest import page_of
from lab.jupyterlab import Lab, running
from lab.pages import LabPage, tags_on_disk, write_notebook
from playwright.sync_api import Browser, expect

ROOT = Path(__file__).parents[2]

# the environment is made once
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def collaborating_python() -> Path:
    """Tests that come at once wait for the first to make it."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "collaboration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([ROOT / "tools" / "collaboration"], check=True, timeout=800)
    return ROOT / ".cache" / "collaboration" / "bin" / "python"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("shared")
    with running(Lab(home=home, root=home / "notebooks", python=str(collaborating_python()))) as lab:
        yield lab


@pytest.fixture
def ann(shared: Lab, browser: Browser) -> Iterator[LabPage]:
    with page_of(shared, browser) as opened:
        yield opened


@pytest.fixture
def bob(shared: Lab, browser: Browser) -> Iterator[LabPage]:
    with page_of(shared, browser) as opened:
        yield opened


def test_two_pages_agree_on_tags_and_pipeline(ann: LabPage, bob: LabPage) -> None:
    path = write_notebook(ann.lab.root / "shared.ipynb", ("x = 1", ["step:load"]), "y = x + 1", "z = y")
    for person in (ann, bob):
        person.open(path)
        person.command("nb2prod:show-pipeline")
        expect(person.page.locator('.nb2prod-Graph [data-node="load"]')).to_be_visible()
    ann.select(1)
    ann.command("nb2prod:tag-step", {"step": "use"})
    for person in (ann, bob):
        expect(person.cell(1).locator(".nb2prod-Badge")).to_contain_text("use")
        expect(person.page.locator('.nb2prod-Graph [data-node="use"]')).to_be_visible()
    bob.type_into(2, "\nanswer = x")
    bob.select(2)
    bob.command("nb2prod:tag-step", {"step": "tell"})
    expect(ann.page.locator('.nb2prod-Graph [data-node="tell"]')).to_be_visible()
    ann.command("docmanager:save")
    expect_tags(path, [["step:load"], ["step:use"], ["step:tell"]], ann)


def expect_tags(path: Path, tags: list[list[str]], page: LabPage) -> None:
    for _ in range(100):
        if tags_on_disk(path) == tags:
            return
        page.page.wait_for_timeout(100)
    assert tags_on_disk(path) == tags
