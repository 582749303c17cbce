"""The JupyterLab extension gets into each thing that is built, or the build says why not."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LABEXTENSION = ROOT / "labextension"
PARTS = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "jupyter-config", "labextension")
LEFT_OUT = shutil.ignore_patterns("node_modules", "lib", ".bundled", "tsconfig.tsbuildinfo", "test")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As it was cloned, with a package that is small, and no Node.js on the PATH of `build`."""
    folder = tmp_path / "checkout"
    (folder / "nb2prod").mkdir(parents=True)
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / "nb2prod" / "__init__.py").write_text("")
    return folder


def put_built(checkout: Path) -> None:
    static = checkout / "nb2prod" / "labextension" / "static"
    static.mkdir(parents=True)
    (static / "remoteEntry.js").write_text("built")
    (checkout / "nb2prod" / "labextension" / "package.json").write_text("{}")


def build(checkout: Path, what: str) -> subprocess.CompletedProcess[str]:
    """`what` is a hook of PEP 517 or 660; the archive lies in `made` beside the checkout."""
    made = checkout.parent / "made"
    made.mkdir(exist_ok=True)
    code = f"import hatchling.build; hatchling.build.{what}({str(made)!r})"
    environ = {**os.environ, "PATH": str(checkout / "nothing")}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, env=environ, capture_output=True, text=True, check=False
    )


def names_in_wheel(checkout: Path) -> set[str]:
    wheel = next((checkout.parent / "made").glob("*.whl"))
    return {name.partition(".data/data/")[2] for name in zipfile.ZipFile(wheel).namelist() if ".data/data/" in name}


@pytest.mark.parametrize("what", ["build_wheel", "build_sdist"])
def test_nothing_is_released_without_the_extension(checkout: Path, what: str) -> None:
    done = build(checkout, what)
    assert done.returncode != 0
    assert "building it needs Node.js 20.19 or newer with npm, which are not on PATH" in done.stderr
    assert list((checkout.parent / "made").iterdir()) == []


def test_a_checkout_without_node_is_installed_and_says_what_is_missing(checkout: Path) -> None:
    done = build(checkout, "build_editable")
    assert done.returncode == 0, done.stderr
    assert "nb2prod is installed without its JupyterLab extension: building it needs Node.js 20.19" in done.stderr
    assert names_in_wheel(checkout) == {"etc/jupyter/jupyter_server_config.d/nb2prod.json"}


def test_what_is_built_and_no_older_than_its_sources_is_taken(checkout: Path) -> None:
    put_built(checkout)
    done = build(checkout, "build_wheel")
    assert done.returncode == 0, done.stderr
    place = "share/jupyter/labextensions/nb2prod"
    assert names_in_wheel(checkout) == {
        "etc/jupyter/jupyter_server_config.d/nb2prod.json",
        f"{place}/package.json",
        f"{place}/static/remoteEntry.js",
        f"{place}/install.json",
    }


def test_what_is_older_than_a_source_is_not(checkout: Path) -> None:
    put_built(checkout)
    built = (checkout / "nb2prod" / "labextension" / "package.json").stat().st_mtime
    os.utime(checkout / "labextension" / "src" / "index.ts", (built + 5, built + 5))
    assert build(checkout, "build_wheel").returncode != 0


def test_an_sdist_holds_the_built_extension_and_needs_no_node(checkout: Path) -> None:
    put_built(checkout)
    done = build(checkout, "build_sdist")
    assert done.returncode == 0, done.stderr
    unpacked = checkout.parent / "unpacked"
    with tarfile.open(next((checkout.parent / "made").glob("*.tar.gz"))) as archive:
        archive.extractall(unpacked, filter="data")
    sdist = next(unpacked.iterdir())
    assert not (sdist / "labextension" / "node_modules").exists()
    (sdist / "labextension" / "src" / "index.ts").touch()  # as tools do that unpack without the archive's times
    shutil.rmtree(checkout.parent / "made")
    moved = checkout.parent / "again" / "checkout"
    shutil.move(sdist, moved)
    done = build(moved, "build_wheel")
    assert done.returncode == 0, done.stderr
    assert "share/jupyter/labextensions/nb2prod/static/remoteEntry.js" in names_in_wheel(moved)


def test_both_packages_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = json.loads((LABEXTENSION / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((LABEXTENSION / "package-lock.json").read_text(encoding="utf-8"))
    versions = {package["version"], lock["version"], lock["packages"][""]["version"]}
    assert versions == {project["version"]}


def test_the_lock_names_no_registry_and_pins_what_it_names() -> None:
    lock = json.loads((LABEXTENSION / "package-lock.json").read_text(encoding="utf-8"))
    others = {name: given for name, given in lock["packages"].items() if name}
    assert [name for name, given in others.items() if "resolved" in given] == []
    assert [name for name, given in others.items() if not given.get("integrity")] == []


def test_the_lock_is_of_the_package() -> None:
    package = json.loads((LABEXTENSION / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((LABEXTENSION / "package-lock.json").read_text(encoding="utf-8"))["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        assert locked[kind] == package[kind]
