"""Where JupyterLab is not the plain one: behind JupyterHub, and in another language."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.conftest import page_of
from lab.jupyterlab import Lab, running
from lab.pages import LabPage, write_notebook
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.slow

LOCALE = "@jupyterlab/translation-extension"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """As JupyterHub starts it, with a language pack that says one thing of ours in German."""
    home = tmp_path_factory.mktemp("hub")
    write_language_pack(home / "pack", {"Show the Pipeline": "Die Pipeline zeigen"})
    chosen = home / "settings" / LOCALE / "plugin.jupyterlab-settings"
    chosen.parent.mkdir(parents=True)
    chosen.write_text(json.dumps({"locale": "de_DE"}))
    lab = Lab(home=home, root=home / "notebooks", base_url="/user/ann/", environ={"PYTHONPATH": str(home / "pack")})
    with running(lab):
        yield lab


@pytest.fixture
def hub_page(hub: Lab, browser: Browser) -> Iterator[LabPage]:
    with page_of(hub, browser) as opened:
        yield opened


def write_language_pack(folder: Path, texts: dict[str, str]) -> None:
    """A distribution as those of JupyterLab's translators."""
    domain = folder / "pack_de_DE" / "locale" / "de_DE" / "LC_MESSAGES" / "nb2prod.json"
    domain.parent.mkdir(parents=True)
    about = {"domain": "nb2prod", "language": "de-DE", "plural_forms": "nplurals=2; plural=(n != 1);"}
    domain.write_text(json.dumps({"": about, **{text: [translated] for text, translated in texts.items()}}))
    (folder / "pack_de_DE" / "__init__.py").write_text("")
    told = folder / "pack_de_DE-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: pack-de-DE\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[jupyterlab.languagepack]\nde_DE = pack_de_DE\n")


def without_token(route: Route) -> None:
    """JupyterHub gives pages no token: the cookie and the XSRF header must do."""
    headers = {name: value for name, value in route.request.headers.items() if name != "authorization"}
    route.continue_(headers=headers)


def test_all_is_asked_below_the_base_url_with_cookie_and_xsrf(hub_page: LabPage) -> None:
    asked: list[tuple[str, str]] = []
    hub_page.page.on("request", lambda request: asked.append((request.method, request.url)))
    hub_page.page.route("**/nb2prod/**", without_token)
    hub_page.open(write_notebook(hub_page.lab.root / "a.ipynb", ("x = 1", ["step:load"]), ("y = x", ["step:use"])))
    hub_page.command("nb2prod:show-pipeline")
    expect(hub_page.page.locator('.nb2prod-Graph [data-node="use"]')).to_be_visible()
    ours = [
        (method, url.partition("?")[0]) for method, url in asked if "/nb2prod/" in url and "/lab/extensions/" not in url
    ]
    assert ("POST", f"{hub_page.lab.url}nb2prod/look") in ours
    assert [url for _, url in ours if not url.startswith(hub_page.lab.url)] == []


def test_our_texts_come_from_a_language_pack(hub_page: LabPage) -> None:
    hub_page.open()
    hub_page.command("nb2prod:show-pipeline")
    label = "window.jupyterapp.commands.label('nb2prod:show-pipeline')"
    assert hub_page.page.evaluate(label) == "Die Pipeline zeigen"
