"""No path leads out of the server's folder, however it is written."""

import os
from pathlib import Path
from typing import Any  # pytest-jupyter's fixtures

import pytest
from server.conftest import NOTEBOOK, Api

from nb2prod.server.errors import Refused
from nb2prod.server.places import Places

SECRET = "of somebody else"
ATTACKS = [
    "../outside/secret.ipynb",
    "a/../../outside/secret.ipynb",
    "a/../../outside",
    "..",
    "/etc/passwd",
    "//etc/passwd",
    "~/secret.ipynb",
    "~root/.ssh",
    "link.ipynb",
    "linked/secret.ipynb",
    "linked",
    "chain/secret.ipynb",
    "loop",
    "a\0.ipynb",
    "a\nb.ipynb",
    "\ud800.ipynb",
    "x" * 300,
    "x/" * 1500,
    ".hidden/secret.ipynb",
    "a/.secret.ipynb",
    "to-hidden.ipynb",
    "%2e%2e/outside/secret.ipynb",
    "..%2foutside%2fsecret.ipynb",
    "file:///etc/passwd",
    "..\\outside\\secret.ipynb",
]


@pytest.fixture
def attacked(tmp_path: Path) -> Path:
    root, outside = tmp_path / "root_dir", tmp_path / "outside"
    for folder in (root / "a", root / ".hidden", outside):
        folder.mkdir(parents=True, exist_ok=True)
    for place in (outside / "secret.ipynb", root / ".hidden/secret.ipynb", root / "a/.secret.ipynb"):
        place.write_text(SECRET)
    (root / "link.ipynb").symlink_to(outside / "secret.ipynb")
    (root / "linked").symlink_to(outside)
    (root / "chain").symlink_to(root / "linked")
    (root / "loop").symlink_to(root / "loop")
    (root / "to-hidden.ipynb").symlink_to(root / ".hidden/secret.ipynb")
    return root


@pytest.mark.parametrize("path", ATTACKS, ids=ascii)
def test_attacks_are_refused(attacked: Path, path: str) -> None:
    places = Places(root=attacked.resolve(), allow_hidden=lambda: False)
    for look in (places.file, places.folder):
        with pytest.raises(Refused) as refusal:
            look(path)
        assert refusal.value.status in (403, 404)
        assert "outside" not in str(refusal.value).replace(repr(path), "")


def test_hidden_files_are_as_the_server_has_it(attacked: Path) -> None:
    places = Places(root=attacked.resolve(), allow_hidden=lambda: True)
    assert places.file("a/.secret.ipynb").name == ".secret.ipynb"


def test_links_inside_and_odd_names_are_fine(tmp_path: Path) -> None:
    places = Places(root=tmp_path.resolve(), allow_hidden=lambda: False)
    for name in ("Bücher und 日本.ipynb", "a b#?&%.ipynb", "👩‍💻.ipynb", "-rf.ipynb"):
        (tmp_path / name).write_text("{}")
        assert places.shown(places.file(name)) == name
    (tmp_path / "same.ipynb").symlink_to(tmp_path / "-rf.ipynb")
    assert places.shown(places.file("same.ipynb")) == "-rf.ipynb"
    assert places.shown(places.folder("")) == ""


@pytest.mark.parametrize("path", [path for path in ATTACKS if "\ud800" not in path], ids=ascii)
async def test_no_request_takes_them(attacked: Path, api: Api, path: str) -> None:
    before = _files(attacked.parent)
    notebook = api.put("fine.ipynb")
    orders: list[tuple[str, dict[str, Any]]] = [
        ("operations", {"verb": "convert", "path": path}),
        ("operations", {"verb": "verify", "path": path}),
        ("operations", {"verb": "replay", "run": "r", "step": "s", "path": "fine.ipynb", "project": path}),
        ("definitions", {"path": path, "kind": "notebook"}),
        ("definitions", {"path": path, "kind": "notebook", "notebook": NOTEBOOK}),
        ("definitions", {"path": path, "kind": "pipeline"}),
        ("definitions", {"path": notebook, "kind": "notebook", "settings": {"workdir": path}}),
        ("definitions", {"path": notebook, "kind": "notebook", "settings": {"environment": path}}),
    ]
    for request, order in orders:
        answer = await api("POST", request, order)
        assert answer.code in (403, 404, 409, 422), (order, answer.body)
        assert SECRET.encode() not in answer.body
    for request in ("project", "project/file"):
        answer = await api("GET", request, params={"path": path, "file": "README.md"})
        assert answer.code in (400, 403, 404), (request, answer.body)
    assert not await _taken(api, path, notebook)
    assert _files(attacked.parent) - before <= {attacked / "fine.ipynb"}


async def _taken(api: Api, path: str, notebook: str) -> list[str]:
    """Of what may be a name of something new: those that lead out."""
    leads_out = path.startswith(("/", "~", "..", "a/..", "link", "chain", "file:", "%", "x", ".hidden", "a/.", "to-h"))
    if not leads_out or path.startswith(("%", "x", "file:", "..%", "..\\")):
        return []
    taken = []
    for name in ("output", "settings"):
        verb = {"verb": "convert", "path": notebook, "output": path}
        define = {"path": notebook, "kind": "notebook", "settings": {"output": path}}
        answer = await api("POST", *(("operations", verb) if name == "output" else ("definitions", define)))
        if answer.code < 400:
            taken.append(name)
    trigger = {"kind": "when", "url": path}
    answer = await api("POST", "jobs/schedules", {"definition": "d", "trigger": trigger})
    return taken + (["trigger"] if answer.code != 403 and answer.code != 404 else [])


def _files(folder: Path) -> set[Path]:
    return {Path(here) / name for here, _, names in os.walk(folder) for name in names if "store.db" not in name}


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/*",
        "local:///etc/*",
        "simplecache::file:///etc/*",
        "s3://bucket/x::file:///etc",
        "zip://*::/etc/a.zip",
    ],
)
async def test_a_trigger_looks_at_no_other_file_system(api: Api, url: str) -> None:
    trigger = {"kind": "when", "url": url}
    problem = await api.refused(403, "POST", "jobs/schedules", {"definition": "d", "trigger": trigger})
    assert problem["errors"][0]["path"] == "trigger.url"


@pytest.mark.parametrize(
    "reference", [{"secret": "file:/etc/passwd"}, "secret:file:/etc/passwd", [{"secret": "file:x"}]]
)
async def test_a_secret_comes_from_no_file_outside(api: Api, reference: object) -> None:
    order = {"definition": "d", "parameters": {"region": reference}}
    await api.refused(403, "POST", "jobs/runs", order)
