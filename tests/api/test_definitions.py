"""Definitions: what goes into a snapshot, when there is a new version, and what is refused with nothing stored."""

from pathlib import Path

import pytest
from jobs_given import ROWS, notebook

from nb2prod.api.convert import convert
from nb2prod.api.definitions import FilesLeftBehind, define, redraft, save
from nb2prod.api.names import check_name, name_of
from nb2prod.api.snapshot import SnapshotTooLarge, snapshot
from nb2prod.errors import InvalidName, InvalidOption, Nb2ProdError, NotAProject, NotebookNotReadable
from nb2prod.model.job import FailureKind, JobKind, JobSettings, Limits, Retry
from nb2prod.store import open_store


def test_a_notebook_with_what_it_imports_and_what_is_named(sqlite_url: str, tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "in" / "Daily report.ipynb", ROWS[0], ("import near\nfrom pack import part\nimport json", "")
    )
    files = {"near.py": "import far", "far.py": "import gone", "other.py": "", "data/a.csv": "x", "data/b.txt": ""}
    files |= {"pack/__init__.py": "", "pack/part.py": "", "pack/__pycache__/part.pyc": "", ".env": "KEY=1"}
    for name, text in files.items():
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_text(text)
    with open_store(sqlite_url) as store:
        found = define(store, path, files=["data/*.csv"])
        assert (found.name, found.version, found.kind, found.entry) == (
            "Daily-report",
            1,
            JobKind.NOTEBOOK,
            "Daily report.ipynb",
        )
        assert [file.path for file in found.files] == [
            "Daily report.ipynb",
            "data/a.csv",
            "far.py",
            "near.py",
            "pack/__init__.py",
            "pack/part.py",
        ]
        assert found.parameters == (("n", "int", "3", "rows"), ("region", "str", "'EU'", ""))
        assert store.blob(found.files[1].sha256) == b"x"


def test_a_text_notebook_is_kept_as_ipynb(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("# %% tags=['parameters']\nn = 1\n\n# %%\nprint(n)\n")
    taken = snapshot(path)
    assert taken.entry == "a.ipynb"
    assert list(taken.files) == ["a.ipynb"]


def test_a_new_version_only_when_something_changed(sqlite_url: str, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb")
    with open_store(sqlite_url) as store:
        first = define(store, path)
        assert define(store, path) == first
        slower = define(store, path, settings=JobSettings(limits=Limits(run=60)))
        assert (slower.version, slower.settings.limits.run) == (2, 60)
        notebook(path, *ROWS, ("print(1)", ""))
        assert define(store, path, settings=slower.settings).version == 3
        assert sorted(made.version for made in store.definitions("a")) == [1, 2, 3]


def test_other_settings_keep_the_files_as_they_were(sqlite_url: str, tmp_path: Path) -> None:
    path = notebook(tmp_path / "in" / "a.ipynb")
    (path.parent / "b.csv").write_text("old")
    with open_store(sqlite_url) as store:
        first = define(store, path, files=["b.csv"])
        (path.parent / "b.csv").write_text("new")
        second = save(store, redraft(store, first, settings=JobSettings(pool="slow")))
        assert (second.version, second.files, second.settings.pool) == (2, first.files, "slow")
        third = save(store, redraft(store, second, path))
        assert [store.blob(file.sha256) for file in third.files if file.path == "b.csv"] == [b"new"]
        assert third.settings == second.settings


def test_a_project_without_runs_caches_and_hidden_files(sqlite_url: str, tmp_path: Path) -> None:
    path = notebook(tmp_path / "in" / "a.ipynb", ("n = 1  # rows", "parameters"), ("m = n + 1", "step:add"))
    root = convert(path, tmp_path / "a", record=False).folder
    for name in ("runs/1/run.json", ".venv/bin/python", "src/a/__pycache__/x.pyc", ".git/HEAD"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    with open_store(sqlite_url) as store:
        found = define(store, root)
        assert (found.kind, found.entry, found.name) == (JobKind.PIPELINE, ".", "a")
        assert found.parameters == (("n", "int", "1", "rows"),)
        names = {file.path for file in found.files}
        assert {"pipeline.toml", "nb2prod.lock.json", "src/a/pipeline.py"} <= names
        assert not [name for name in names if name.startswith((".", "runs/")) or "pycache" in name]
        assert found.settings.workdir == str(tmp_path / "in")  # where its relative paths start
        with pytest.raises(InvalidOption, match="every file is taken"):
            define(store, root, files=["*"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (JobSettings(environment="/no/such/python"), "neither a Python nor a virtual environment"),
        (JobSettings(environment="kernel:pythn3"), "no kernelspec 'pythn3'"),
        (JobSettings(workdir="/no/such/folder"), "--workdir: there is no folder /no/such/folder"),
        (JobSettings(output="out/{nam}"), "there is no field {nam}"),
        (JobSettings(output="out/{p.rows}"), "there is no field {p.rows}"),
        (JobSettings(output="out/{"), "is no template"),
        (JobSettings(formats=("ipynb", "htm")), "did you mean 'html'?"),
        (JobSettings(limits=Limits(run=0)), "--timeout: 0 is not more than nothing"),
        (JobSettings(limits=Limits(memory=-1)), "--memory"),
        (JobSettings(retry=Retry(limit=-1)), "--retries"),
        (JobSettings(retry=Retry(on=(FailureKind.CANCELLED,))), "cancelled is never retried"),
        (JobSettings(notify=("team",)), "there is no channel 'team'; there is none yet"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    settings: JobSettings, said: str, sqlite_url: str, tmp_path: Path
) -> None:
    path = notebook(tmp_path / "a.ipynb")
    with open_store(sqlite_url) as store:
        with pytest.raises(Nb2ProdError) as refused:
            define(store, path, settings=settings)
        assert said in str(refused.value)
        assert store.definitions() == []


def test_files_that_cannot_be_taken(tmp_path: Path) -> None:
    path = notebook(tmp_path / "in" / "a.ipynb")
    (path.parent / "big.bin").write_bytes(bytes(3 * 2**20))
    with pytest.raises(InvalidOption, match="matches no file"):
        snapshot(path, ["*.csv"])
    for pattern in ("../*", "/etc/passwd"):
        with pytest.raises(InvalidOption, match="leads out of"):
            snapshot(path, [pattern])
    with pytest.raises(SnapshotTooLarge, match=r"limit of 2 MB .* the largest is big.bin"):
        snapshot(path, ["*.bin"], limit=2 * 2**20)
    with pytest.raises(NotebookNotReadable, match="there is no such file"):
        snapshot(tmp_path / "gone.ipynb")
    with pytest.raises(NotAProject, match=r"it has no pipeline\.toml"):
        snapshot(path.parent)


def test_names() -> None:
    assert name_of(Path("reports/Täglich (neu).ipynb")) == "Taglich-neu"
    assert name_of(Path("???.ipynb")) == "job"
    assert check_name("churn.v2_x-1") == "churn.v2_x-1"
    for wrong in ("", "a b", "../a", "-a", "a/b", "ä", "a" * 101, "a\n"):
        with pytest.raises(InvalidName):
            check_name(wrong)


def test_a_file_beside_the_notebook_is_not_left_behind_unsaid(sqlite_url: str, tmp_path: Path) -> None:
    path = notebook(tmp_path / "in" / "a.ipynb", ("rows = open('./day.csv').read()\nopen('out.csv', 'w')", ""))
    (path.parent / "day.csv").write_text("x")
    (path.parent / "out.csv").write_text("x")
    with open_store(sqlite_url) as store:
        with pytest.raises(FilesLeftBehind) as refused:
            define(store, path)
        assert store.definitions() == []
        assert str(refused.value) == (
            f"{path}: it reads ./day.csv (cell 1, line 1), and a job runs in a fresh folder. Take the file along as it "
            f"is now with --file ./day.csv, or run in the notebook's folder with --workdir {path.parent}"
        )
        assert define(store, path, files=["./day.csv"]).files[1].path == "day.csv"
        assert define(store, path, settings=JobSettings(workdir=str(path.parent))).version == 2
