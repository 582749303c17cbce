"""How far above the working folder code looks, and a copy that has what it finds there."""

import os
from pathlib import Path

import pytest

from nb2prod.runtime import workcopy
from nb2prod.runtime.workcopy import FolderTooLarge, copy_folder, levels_above


@pytest.mark.parametrize(
    ("code", "levels"),
    [
        ('open("data.csv")', 0),
        ('open("../data.csv")', 1),
        ('open("../../data/a.csv")', 2),
        ('shutil.copy("../a", "../b")', 1),
        ('os.path.join("..", "..", "data")', 2),
        ("os.path.join(os.pardir, os.pardir)", 2),
        ('Path("..") / ".." / "data"', 2),
        ("Path.cwd().parent.parent", 2),
        ("Path.cwd().parents[1]", 2),
        ("!ls ../../../../../..", 3),
        ("from ..functions import f", 0),
        ("a[..., 0]", 0),
        ('"wait..."', 0),
        ('"a..b"', 0),
    ],
)
def test_levels_above(code: str, levels: int) -> None:
    assert levels_above(code) == levels


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    """A repository's folder `notebooks`, with data and code beside it."""
    for place in ("repo/notebooks/a.ipynb", "repo/data/x.csv", "repo/.git/config", "other/y.csv"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(place, encoding="utf-8")
    return tmp_path / "repo" / "notebooks"


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_folders_above_are_copied_as_far_as_the_code_looks(notebooks: Path, tmp_path: Path) -> None:
    copy = copy_folder(notebooks, tmp_path / "copy", levels=1)
    assert copy == tmp_path / "copy" / "notebooks"
    assert files(tmp_path / "copy") == ["data/x.csv", "notebooks/a.ipynb"]
    assert (copy / ".." / "data" / "x.csv").read_text(encoding="utf-8") == "repo/data/x.csv"


def test_without_a_look_above_there_is_the_folder_alone(notebooks: Path, tmp_path: Path) -> None:
    assert copy_folder(notebooks, tmp_path / "copy") == tmp_path / "copy"
    assert files(tmp_path / "copy") == ["a.ipynb"]


def test_a_folder_above_that_holds_too_much_is_left_out(
    notebooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workcopy, "LIMIT", 40)
    (tmp_path / "other" / "big").write_bytes(bytes(100))
    copy = copy_folder(notebooks, tmp_path / "copy", levels=2)
    assert copy == tmp_path / "copy" / "notebooks"
    assert files(tmp_path / "copy") == ["data/x.csv", "notebooks/a.ipynb"]


def test_what_may_not_be_read_above_is_not_there(notebooks: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "repo" / "pipe")
    (tmp_path / "repo" / "loop").symlink_to(tmp_path / "repo" / "loop")
    (tmp_path / "repo" / "others").write_bytes(b"")
    (tmp_path / "repo" / "others").chmod(0)
    copy_folder(notebooks, tmp_path / "copy", levels=1)
    assert "data/x.csv" in files(tmp_path / "copy")


def test_the_folder_itself_must_fit(notebooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workcopy, "LIMIT", 1)
    with pytest.raises(FolderTooLarge, match="notebooks"):
        copy_folder(notebooks, tmp_path / "copy", levels=1)
    assert not (tmp_path / "copy").exists()


def test_a_folder_whose_name_is_left_out_elsewhere_is_there(tmp_path: Path) -> None:
    (tmp_path / "repo" / "runs").mkdir(parents=True)
    (tmp_path / "repo" / "runs" / "a.ipynb").write_text("", encoding="utf-8")
    (tmp_path / "repo" / "x.csv").write_text("", encoding="utf-8")
    copy_folder(tmp_path / "repo" / "runs", tmp_path / "copy", levels=1)
    assert files(tmp_path / "copy") == ["runs/a.ipynb", "x.csv"]
