"""What a user finds in the folder after converting, and converting again."""

from pathlib import Path

import pytest

from nb2prod.errors import FolderNotOurs
from nb2prod.model.project import Project
from nb2prod.targets.write import LOCK, write_project


def project(**files: str) -> Project:
    return Project(name="p", files={LOCK: "{}\n", **files})


def found(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LOCK
    }


def test_edits_stay_where_the_notebook_changed_elsewhere(tmp_path: Path) -> None:
    first = project(a="1\n2\n3\n4\n5\n", gone="x\n")
    write_project(first, tmp_path / "p")
    (tmp_path / "p" / "a").write_text("mine\n2\n3\n4\n5\n")
    (tmp_path / "p" / "added").write_text("added\n")
    conflicts = write_project(project(a="1\n2\n3\n4\nnew\n"), tmp_path / "p", first)
    assert (conflicts, found(tmp_path / "p")) == ((), {"a": "mine\n2\n3\n4\nnew\n", "added": "added\n"})
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_conflicts_are_shown_and_listed(tmp_path: Path) -> None:
    first = project(a="1\n")
    write_project(first, tmp_path / "p")
    (tmp_path / "p" / "a").write_text("mine\n")
    conflicts = write_project(project(a="new\n"), tmp_path / "p", first)
    text = "<<<<<<< yours\nmine\n=======\nnew\n>>>>>>> generated\n"
    assert (conflicts, found(tmp_path / "p")) == (("a",), {"a": text})


def test_folders_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "x").write_text("x")
    for folder in (tmp_path / "theirs", tmp_path / "theirs" / "x"):
        with pytest.raises(FolderNotOurs):
            write_project(project(), folder)
    assert found(tmp_path) == {"theirs/x": "x"}


def test_the_folder_where_one_stands_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(Project(name="p", files={LOCK: "{}\n", "a.py": "1\n"}), tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    base = Project(name="p", files={"a.py": "1\n"})
    write_project(Project(name="p", files={LOCK: "{}\n", "a.py": "2\n"}), Path(), base)
    assert (tmp_path / "p" / "a.py").read_text() == "2\n"
