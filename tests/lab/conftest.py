"""One JupyterLab and one Chromium for all browser tests of a worker, and a page and a folder for each test."""

import contextlib
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.jupyterlab import Lab, running
from lab.pages import LabPage
from playwright.sync_api import Browser, expect, sync_playwright

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NUMBERS = itertools.count(1)

expect.set_options(timeout=60_000)  # machines may be slow; a test that fails waits that long, one that passes never


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("lab")
    # tools/lab-matrix names the Python of another JupyterLab
    python = os.environ.get("NB2PROD_LAB_PYTHON", sys.executable)
    with running(Lab(home=home, root=home / "notebooks", python=python)) as lab:
        yield lab


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "Chromium is not installed: apt install chromium (.ci/run does it)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def folder(lab: Lab) -> Path:
    """Of this test alone, below what JupyterLab shows."""
    place = lab.root / f"test-{next(_NUMBERS)}"
    place.mkdir()
    return place


@contextlib.contextmanager
def page_of(lab: Lab, browser: Browser) -> Iterator[LabPage]:
    """A JupyterLab that nobody has used, in a browser of its own."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(60_000)
    opened = LabPage(lab=lab, page=context.new_page(), workspace=f"w{next(_NUMBERS)}")
    yield opened
    opened.page.unroute_all(behavior="ignoreErrors")
    context.close()


@pytest.fixture
def page(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    with page_of(lab, browser) as opened:
        yield opened
        if getattr(request.node, "failed", False):
            opened.page.screenshot(path=lab.home / f"{request.node.name[:80]}.png")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.failed = report.when == "call" and report.failed  # type: ignore[attr-defined]
    return report
