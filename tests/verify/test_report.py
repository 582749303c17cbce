"""What verification says and refuses, without running anything."""

from pathlib import Path

import pytest

from nb2prod.api.verify import Row, Status, Verification, verify
from nb2prod.errors import InvalidOption, NotAProject
from nb2prod.runtime.proof.fingerprint import fingerprint
from nb2prod.runtime.workcopy import copy_folder
from nb2prod.verify.report import compare_steps

from .conftest import Project


def test_a_report_names_each_difference() -> None:
    found = Verification(
        project="out/churn",
        notebook="churn.ipynb",
        twice=True,
        rows=(
            Row(step="load", name="data", cell=3, status=Status.EQUAL),
            Row(step="load", name="show", cell=3, status=Status.NOT_COMPARED, reason="a function, class or module"),
            Row(step="train", name="model", cell=5, status=Status.DIFFERENT, reason="coef_: 1.0 against 2.0"),
            Row(step="train", name="now", cell=6, status=Status.NOT_DETERMINISTIC, reason="two runs differ"),
        ),
    )
    assert found.to_text().splitlines() == [
        "step   equal  different  not deterministic  not compared",
        "load       1          0                  0             1",
        "train      0          1                  1             0",
        "",
        "different:",
        "  train: model (cell 5): coef_: 1.0 against 2.0",
        "",
        "not deterministic:",
        "  train: now (cell 6): two runs differ",
        "",
        "out/churn: 1 of 2 values differ from churn.ipynb",
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "again", "expected"),
    [
        ({"x": 1}, {"x": 1}, None, (Status.EQUAL, "")),
        ({"x": 2}, {"x": 1}, None, (Status.DIFFERENT, "2 against 1")),
        ({"x": 2}, {"x": 1}, {"x": 1}, (Status.DIFFERENT, "2 against 1")),
        ({"x": 2}, {"x": 1}, {"x": 3}, (Status.NOT_DETERMINISTIC, "two runs of the notebook differ: 3 against 1")),
        ({}, {"x": 1}, {}, (Status.NOT_DETERMINISTIC, "two runs of the notebook differ: only one binds it")),
        ({}, {"x": 1}, None, (Status.DIFFERENT, "missing in the package")),
        ({"x": 1}, {}, None, (Status.NOT_COMPARED, "the notebook has deleted it, or never bound it")),
        ({"x": len}, {"x": len}, None, (Status.NOT_COMPARED, "a function, class or module")),
        ({"x": len}, {"x": max}, None, (Status.DIFFERENT, "len against max")),
        ({"x": len}, {"x": 1}, None, (Status.DIFFERENT, "name against int")),
    ],
)
def test_the_status_of_a_name(
    ours: dict[str, object],
    theirs: dict[str, object],
    again: dict[str, object] | None,
    expected: tuple[Status, str],
) -> None:
    sides = [
        None if side is None else {"s": {name: fingerprint(value) for name, value in side.items()}}
        for side in (ours, theirs, again)
    ]
    assert sides[0] is not None
    assert sides[1] is not None
    (row,) = compare_steps({"s": {"cells": [1], "touched": {"x": 1}}}, sides[0], sides[1], sides[2])
    assert (row.status, row.reason) == expected


def test_chance_alone_proves_nothing() -> None:
    row = Row(step="s", name="x", cell=1, status=Status.NOT_DETERMINISTIC, reason="1 against 2")
    found = Verification(project="out", notebook="demo.ipynb", rows=(row,), twice=True)
    assert (found.equal, found.exit_code) == (False, 1)
    assert found.to_text().endswith("out: nothing could be compared, so nothing is proven")


def test_a_value_too_large_to_be_seen_whole_is_not_called_equal() -> None:
    value = {"x": fingerprint([[(number,)] for number in range(150_000)])}
    (row,) = compare_steps({"s": {"cells": [1], "touched": {"x": 1}}}, {"s": value}, {"s": value}, None)
    assert (row.status, row.reason) == (Status.NOT_COMPARED, "not all of it can be looked into")


BROKEN = {
    "no folder": (None, "", "there is no such folder"),
    "no lock": ("nb2prod.lock.json", None, "it has no nb2prod.lock.json"),
    "a lock that is not JSON": ("nb2prod.lock.json", "{", "its nb2prod.lock.json is not JSON"),
    "a foreign lock": ("nb2prod.lock.json", "[]", "its nb2prod.lock.json is not one of ours"),
    "no settings": ("pipeline.toml", None, "it has no pipeline.toml"),
    "settings that are not TOML": ("pipeline.toml", "[", "its pipeline.toml is not TOML"),
    "no pipeline": ("src/demo/pipeline.py", None, "src/demo/pipeline.py is missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_folder_that_is_no_project_is_refused(name: str, project: Project, tmp_path: Path) -> None:
    file, text, reason = BROKEN[name]
    folder = project("x = 1") if file else tmp_path / "nowhere"
    if file and text is None:
        (folder / file).unlink()
    elif file:
        (folder / file).write_text(str(text), encoding="utf-8")
    with pytest.raises(NotAProject) as caught:
        verify(folder)
    assert reason in str(caught.value)


def test_a_working_folder_that_is_gone_is_refused(project: Project, tmp_path: Path) -> None:
    folder = project("x = 1")
    with pytest.raises(InvalidOption) as caught:
        verify(folder, workdir=tmp_path / "gone")
    assert str(caught.value).endswith("there is no such folder; say where the code's paths start with --workdir")


def test_a_working_folder_that_is_huge_is_refused(project: Project, tmp_path: Path) -> None:
    folder = project("x = 1")
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(600 * 2**20)
    with pytest.raises(InvalidOption) as caught:
        verify(folder)
    assert "--workdir" in str(caught.value)
    assert "holds more than 500 MB" in str(caught.value)


def test_a_copy_leaves_out_what_a_run_does_not_need(tmp_path: Path) -> None:
    source = tmp_path / "source"
    kept = ["a.csv", "data/b.csv", ".env", "data/deep/c.csv"]
    left = [".git/x", ".venv/x", "node_modules/x", "data/__pycache__/x", "runs/x", "out/x", "env/x", "other/x"]
    for name in [*kept, *left, "out/nb2prod.lock.json", "env/pyvenv.cfg"]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name, encoding="utf-8")
    (source / "link.csv").symlink_to(source / "a.csv")
    (source / "gone.csv").symlink_to(source / "nowhere")

    copy_folder(source, source / "copy", leave_out=[source / "other"])

    copied = sorted(path.relative_to(source / "copy").as_posix() for path in (source / "copy").rglob("*.*"))
    assert [name for name in copied if (source / "copy" / name).is_file()] == sorted([*kept, "link.csv"])
    assert (source / "copy" / "link.csv").read_text(encoding="utf-8") == "a.csv"
